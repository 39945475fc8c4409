/** The one seam over the SQLite drivers: better-sqlite3, or node:sqlite where its native file cannot be loaded. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type BetterSqlite3 from "better-sqlite3";
import { StoreError } from "../errors.ts";

export type DriverName = "better-sqlite3" | "node:sqlite";
export type SqlValue = null | number | string | Uint8Array;

/** A prepared statement; rows come as arrays in the order of the columns. */
export interface Statement<Row> {
  run(...values: readonly SqlValue[]): {
    readonly changes: number | bigint;
    readonly lastInsertRowid: number | bigint;
  };
  get(...values: readonly SqlValue[]): Row | undefined;
  all(...values: readonly SqlValue[]): Row[];
}

export interface Connection {
  readonly driver: DriverName;
  /** Prepares once per text: the texts of a store are few and fixed. `Row` is what the text selects, column by column. */
  sql<Row extends readonly SqlValue[] = readonly SqlValue[]>(text: string): Statement<Row>;
  /** Runs a script of ours. Never anything with a caller's words in it. */
  exec(script: string): void;
  close(): void;
}

/** Opens databases, untouched: no pragma has run yet. */
export interface Driver {
  open(file: string, options: { readonly readonly: boolean }): Connection;
  openMemory(): Connection;
  /** Reads a file as it is, without locks and without what may stand in its log: for folders that cannot be written. */
  openImmutable?(file: string): Connection;
}

/** Older builds can corrupt a WAL database that several processes write (the WAL-reset bug). */
const OLDEST_SQLITE: readonly number[] = [3, 51, 3];
/** How long SQLite itself sleeps on a lock, blocking this process; waiting beyond that is done between awaits (see patience.ts). */
export const BUSY_TIMEOUT_MS: number = 20;
/** Distinct statement texts kept prepared. */
const STATEMENTS_MAX = 500;

/** Loads a driver by name; without a name the first that loads. */
export async function loadDriver(name?: DriverName): Promise<Driver> {
  if (name === "better-sqlite3") return await loadBetterSqlite3();
  if (name === "node:sqlite") return await loadNodeSqlite();
  try {
    return await loadBetterSqlite3();
  } catch {
    return await loadNodeSqlite();
  }
}

async function loadBetterSqlite3(): Promise<Driver> {
  const { default: Database } = await import("better-sqlite3");
  const over = (database: BetterSqlite3.Database): Connection =>
    connectionOver("better-sqlite3", database, (text) => betterStatement(database.prepare(text)));
  const openMemory = (): Connection => over(new Database(":memory:"));
  // Loading the package does not load its native file; the first connection does.
  openMemory().close();
  return {
    openMemory,
    open: (file, { readonly }) =>
      over(new Database(file, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT_MS })),
  };
}

async function loadNodeSqlite(): Promise<Driver> {
  const { DatabaseSync, StatementSync } = await import("node:sqlite");
  const over = (database: DatabaseSync): Connection =>
    connectionOver("node:sqlite", database, (text) => nodeStatement(database.prepare(text)));
  return {
    openMemory: () => over(new DatabaseSync(":memory:")),
    open: (file, { readonly }) =>
      over(new DatabaseSync(file, { readOnly: readonly, timeout: BUSY_TIMEOUT_MS })),
    ...(givesArrays(StatementSync.prototype)
      ? {
          openImmutable(file: string): Connection {
            const url = pathToFileURL(file);
            url.searchParams.set("immutable", "1");
            return over(new DatabaseSync(url, { readOnly: true }));
          },
        }
      : {}),
  };
}

function connectionOver(
  driver: DriverName,
  database: { exec(script: string): unknown; close(): unknown },
  prepare: (text: string) => Statement<readonly SqlValue[]>,
): Connection {
  const prepared = new Map<string, Statement<readonly SqlValue[]>>();
  return {
    driver,
    sql<Row extends readonly SqlValue[]>(text: string): Statement<Row> {
      let statement = prepared.get(text);
      if (statement === undefined) {
        if (prepared.size >= STATEMENTS_MAX) prepared.clear();
        statement = prepare(text);
        prepared.set(text, statement);
      }
      // The type of the row is stated beside the text that selects it.
      return statement as unknown as Statement<Row>;
    },
    exec: (script) => void database.exec(script),
    close: () => void database.close(),
  };
}

// The statements of both drivers are already what Statement says, once told to give rows as arrays: nothing needs to stand in between.

function betterStatement(statement: BetterSqlite3.Statement<unknown[]>): Statement<readonly SqlValue[]> {
  if (statement.reader) statement.raw(true);
  return statement as unknown as Statement<readonly SqlValue[]>;
}

function nodeStatement(statement: StatementSync): Statement<readonly SqlValue[]> {
  if (!givesArrays(statement))
    throw new StoreError(
      "store-unusable",
      "The node:sqlite of this Node.js is too old to be used. Update Node.js or reinstall the package.",
    );
  statement.setReturnArrays(true);
  return statement as unknown as Statement<readonly SqlValue[]>;
}

/** False before Node.js 22.16, where only better-sqlite3 serves. */
function givesArrays(statement: object): boolean {
  return "setReturnArrays" in statement;
}

/** The version of the SQLite inside a driver. */
export function readSqliteVersion(connection: Connection): string {
  return connection.sql<[string]>("SELECT sqlite_version()").get()?.[0] ?? "0";
}

/** The version of the SQLite inside a driver; refuses one that is known to lose data. */
export function checkSqliteVersion(connection: Connection): string {
  const version = readSqliteVersion(connection);
  const parts = version.split(".").map(Number);
  for (const [index, least] of OLDEST_SQLITE.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) break;
    if (part < least)
      throw new StoreError(
        "store-unusable",
        `The SQLite ${version} of ${connection.driver} has a known fault with several writers; version ${OLDEST_SQLITE.join(".")} or newer is needed. Update Node.js or reinstall the package.`,
      );
  }
  return version;
}
