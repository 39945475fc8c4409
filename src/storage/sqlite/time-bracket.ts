/** Finds the rows of a time range without an index on time: rows are numbered in the order of writing, and clocks run nearly so. */
import { keyOf } from "./codec.ts";
import type { Database } from "./database.ts";

/** A table whose rows have a key made of tract and sequence. */
export interface TimedTable {
  readonly table: "operations" | "ledger";
  readonly timeColumn: "created_at" | "timestamp";
  readonly skewColumn: "operation_skew" | "ledger_skew";
}
export const OPERATION_TIMES: TimedTable = {
  table: "operations",
  timeColumn: "created_at",
  skewColumn: "operation_skew",
};
export const LEDGER_TIMES: TimedTable = {
  table: "ledger",
  timeColumn: "timestamp",
  skewColumn: "ledger_skew",
};

/** Keys strictly between which every row of the time range lies. The rows there still have to be compared with the range. */
export interface Bracket {
  readonly above: number;
  readonly below: number;
}

/**
 * The tract remembers its skew: by how much a row was ever earlier than one written before it. So if a row's time less the skew is past
 * `until`, no later row can be in the range, and likewise for `since`. Each halving step trusts only such a row, so skew widens the
 * bracket but never leaves a row out.
 */
export function timeBracket(
  database: Database,
  tractId: number,
  times: TimedTable,
  { since, until }: { readonly since: number | null; readonly until: number | null },
): Bracket {
  const { table, timeColumn, skewColumn } = times;
  let above = keyOf(tractId, 0);
  let below = keyOf(tractId + 1, 0);
  if (since === null && until === null) return { above, below };
  const skew =
    database.sql<[number]>(`SELECT ${skewColumn} FROM tracts WHERE id = +?`).get(tractId)?.[0] ?? 0;
  const newest = database.sql<[number]>(
    `SELECT key FROM ${table} WHERE key > +? AND key < +? ORDER BY key DESC LIMIT 1`,
  );
  below = (newest.get(above, below)?.[0] ?? above) + 1;

  // Rows may be missing (retention of operations), so a step looks at the next row there is.
  const rowFrom = database.sql<[number, number]>(
    `SELECT key, ${timeColumn} FROM ${table} WHERE key >= +? ORDER BY key LIMIT 1`,
  );
  if (until !== null) {
    let low = above + 1;
    while (low < below) {
      const middle = Math.floor((low + below) / 2);
      const row = rowFrom.get(middle);
      if (row === undefined || row[0] >= below || row[1] - skew > until) below = middle;
      else low = row[0] + 1;
    }
  }
  if (since !== null) {
    let high = below;
    while (above + 1 < high) {
      const middle = Math.floor((above + high) / 2);
      const row = rowFrom.get(middle);
      if (row !== undefined && row[0] < high && row[1] + skew < since) above = row[0];
      else high = middle;
    }
  }
  return { above, below };
}
