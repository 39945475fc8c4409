/** What every read and write of this backend works on: a connection, and what is remembered beside it. */
import type { CommitRecord } from "../records.ts";
import type { Connection } from "./connection.ts";
import { type Interned, internTables } from "./interned.ts";
import { KnownStates } from "./known-states.ts";

export interface Database extends Connection {
  readonly interned: Interned;
  readonly known: KnownStates;
  /** Records by commit id, of tips mostly. They never change, and ids are not used again. */
  readonly recentCommits: Map<number, CommitRecord>;
}

const RECENT_COMMITS_MAX = 100;

export function databaseOver(connection: Connection): Database {
  return {
    ...connection,
    interned: internTables(connection),
    known: new KnownStates(connection),
    recentCommits: new Map(),
  };
}

/** Only for commits that are stored: not inside a transaction that may still fail. */
export function rememberCommit({ recentCommits }: Database, id: number, commit: CommitRecord): void {
  if (recentCommits.size >= RECENT_COMMITS_MAX) recentCommits.clear();
  recentCommits.set(id, Object.freeze(commit));
}

/** The id of a tract; null when there is none of that name. */
export function findTractId(database: Database, name: string): number | null {
  return database.sql<[number]>("SELECT id FROM tracts WHERE name = +?").get(name)?.[0] ?? null;
}

/** Runs reads that have to see one state. */
export function inReadTransaction<Result>(database: Database, read: (database: Database) => Result): Result {
  database.sql("BEGIN").run();
  try {
    const result = read(database);
    database.sql("COMMIT").run();
    return result;
  } catch (error) {
    rollback(database);
    throw error;
  }
}

/** SQLite has rolled back by itself after some failures; then there is nothing left to do. */
export function rollback(database: Database): void {
  try {
    database.sql("ROLLBACK").run();
  } catch {
    // No transaction is active.
  }
}
