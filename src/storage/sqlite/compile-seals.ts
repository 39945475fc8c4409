/** Seals of compile records: no ledger entry tells of them, so each row proves itself, and their number is kept. */
import { hash } from "node:crypto";
import { keyOf, sequenceOf } from "./codec.ts";
import type { Database } from "./database.ts";
import { COMPILE_COLUMNS, type CompileRow } from "./read-records.ts";

/** Over the place and the columns of a record (docs/hashing.md). */
export function sealCompileRecord(sequence: number, row: CompileRow): string {
  return hash("sha256", `tract.compile-record.v1\n${JSON.stringify([sequence, ...row])}`, "hex");
}

/** Rows read at once. */
const PAGE = 1000;

/** Names the compile records of all tracts that are gone or not what was written. */
export function checkCompileRecords(database: Database): readonly string[] {
  return database
    .sql<[id: number, name: string, records: number]>(
      "SELECT t.id, t.name, coalesce(c.records, 0) FROM tracts t LEFT JOIN compile_counts c ON c.tract_id = t.id",
    )
    .all()
    .flatMap(([id, name, records]) => checkTract(database, id, JSON.stringify(name), records));
}

function checkTract(database: Database, tractId: number, name: string, records: number): readonly string[] {
  const findings: string[] = [];
  const page = database.sql<[...CompileRow, key: number, tractId: number, seal: string]>(
    `SELECT ${COMPILE_COLUMNS}, key, tract_id, lower(hex(seal)) FROM compile_records WHERE key > +? AND key < +? ORDER BY key LIMIT ${PAGE}`,
  );
  let last = 0;
  for (;;) {
    const rows = page.all(keyOf(tractId, last), keyOf(tractId + 1, 0));
    for (const row of rows) {
      const [key, ofTract, seal] = [row[12], row[13], row[14]];
      const sequence = sequenceOf(key);
      if (sequence !== last + 1) findings.push(gone(name, last + 1, sequence - 1));
      const fields = row.slice(0, 12) as CompileRow; // A row is these and the three columns behind them.
      if (ofTract !== tractId || sealCompileRecord(sequence, fields) !== seal)
        findings.push(`compile record ${sequence} of tract ${name} is not what was written`);
      last = sequence;
    }
    if (rows.length < PAGE) break;
  }
  if (last < records) findings.push(gone(name, last + 1, records));
  if (last > records)
    findings.push(
      `tract ${name} has ${last} compile records, and ${records} were counted when they were written`,
    );
  return findings;
}

function gone(name: string, from: number, to: number): string {
  return from === to
    ? `compile record ${from} of tract ${name} is gone`
    : `compile records ${from} to ${to} of tract ${name} are gone`;
}
