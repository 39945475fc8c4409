/** Any field of any row that carries history, changed in any way: verify finds it (spec 7.3, 3). */
import type Database from "better-sqlite3";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DamagedStores, makeDamagedStores } from "../support/damaged-store.ts";
import { runs, timeLimit } from "../support/long-mode.ts";

/** Fields that nothing else tells of, or that are only a shorter way to what another field says. */
const NOT_PROVED: readonly RegExp[] = [
  // Derived from other fields.
  /^tracts\.name /,
  /^names\.kind /,
  /^commits\.kind_id /,
  /^ledger\.operation_sequence /,
  /^lineages\.start /,
  // No evidence: what became of a plan stands in its operation.
  /^plans\./,
  // Only orders rows that stand beside one operation.
  /^ref_moves\.position .*position = -/,
  // Whose the two refs beside a worktree are stands nowhere else.
  /^refs\.name .*kind = [34]/,
];

/** A field with something in it. */
interface Cell {
  readonly table: string;
  readonly column: string;
  readonly where: string;
  readonly value: string | number | Buffer;
}

let stores: DamagedStores;
let cells: readonly Cell[];
beforeAll(async () => {
  stores = await makeDamagedStores();
  await stores.verifyAfter((raw) => {
    cells = tablesOf(raw).flatMap((table) => cellsOf(raw, table));
  });
});
afterAll(() => stores.remove());

function tablesOf(raw: Database.Database): readonly string[] {
  return raw
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_%' AND name NOT LIKE 'sqlite_%'",
    )
    .pluck()
    .all() as string[];
}

function cellsOf(raw: Database.Database, table: string): readonly Cell[] {
  const columns = raw.pragma(`table_info(${table})`) as { readonly name: string; readonly pk: number }[];
  const keys = columns.filter(({ pk }) => pk > 0).map(({ name }) => name);
  const rows = raw.prepare(`SELECT * FROM ${table}`).all() as Record<string, Cell["value"] | null>[];
  return rows.flatMap((row) => {
    const where = keys.map((key) => `${key} = ${literal(row[key] ?? null)}`).join(" AND ");
    const kind = "kind" in row ? `kind = ${row.kind}` : "";
    return columns.flatMap(({ name: column }) => {
      const value = row[column] ?? null;
      const isProved = !NOT_PROVED.some((pattern) => pattern.test(`${table}.${column} ${where} ${kind}`));
      return value === null || !isProved ? [] : [{ table, column, where, value }];
    });
  });
}

function literal(value: Cell["value"] | null): string {
  if (value === null) return "NULL";
  if (Buffer.isBuffer(value)) return `x'${value.toString("hex")}'`;
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

/** The value with one unit of it changed: a bit, a letter, or one more. */
function changed(value: Cell["value"], at: number): Cell["value"] {
  if (typeof value === "number") return value === 0 || value === 1 ? 1 - value : value + 1;
  if (typeof value === "string") {
    const place = at % Math.max(1, value.length);
    const code = value.charCodeAt(place);
    return `${value.slice(0, place)}${String.fromCharCode(code === 0x41 ? 0x42 : 0x41)}${value.slice(place + 1)}`;
  }
  const bytes = Buffer.from(value);
  bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << (at % 8));
  return bytes;
}

it("finds any change of an operation's tokens, and tokens where there were none", async () => {
  const tokens = cells.filter(({ table, column }) => table === "operations" && column.endsWith("_tokens"));
  expect(tokens.map(({ column }) => column).sort()).toEqual(["compressed_tokens", "original_tokens"]);
  for (const { column, where, value } of tokens)
    for (const [set, on] of [
      [changed(value, 0), where],
      ["NULL", where],
      [0, `NOT (${where}) AND undone = 0`],
    ] as const) {
      const { ok } = await stores.verifyAfter(
        (raw) => void raw.exec(`UPDATE operations SET ${column} = ${set} WHERE ${on}`),
      );
      expect({ column, set, ok }).toEqual({ column, set, ok: false });
    }
});

it("finds any change of any field", { timeout: timeLimit(20_000) }, async () => {
  expect(new Set(cells.map(({ table }) => table)).size).toBeGreaterThanOrEqual(9);
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), async (which, at) => {
      const { table, column, where, value } = cells[which % cells.length] as Cell;
      let isRefused = false;
      const { ok } = await stores.verifyAfter((raw) => {
        try {
          raw.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(changed(value, at));
        } catch {
          isRefused = true; // The database holds it unique, or knows its type.
        }
      });
      expect({ table, column, where, ok }).toEqual({ table, column, where, ok: isRefused });
    }),
    { numRuns: runs(80), examples: [[1_555_876_935, 27]] },
  );
});
