/** What SQLite itself finds wrong with the file. */
import type { Database } from "./database.ts";

const FINDINGS_MAX = 100;

export function checkIntegrity(database: Database): readonly string[] {
  const findings = database
    .sql<[string]>(`PRAGMA integrity_check(${FINDINGS_MAX})`)
    .all()
    .map(([finding]) => finding);
  const orphans = database
    .sql<[string, string, number]>(
      `SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2`,
    )
    .all()
    .map(([table, parent, count]) => `${count} rows of ${table} point to rows of ${parent} that are missing`);
  return [...findings.filter((finding) => finding !== "ok"), ...orphans];
}
