/** Counts changes of the database file by anybody: SQLite itself counts those of others and those of this connection apart. */
import type { Database } from "./database.ts";

export function readChangeCounter(database: Database): number {
  const byOthers = database.sql<[number]>("PRAGMA data_version").get()?.[0] ?? 0;
  const byThis = database.sql<[number]>("SELECT total_changes()").get()?.[0] ?? 0;
  return byOthers + byThis; // Both only grow.
}
