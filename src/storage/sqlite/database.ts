/** What every read and write of this backend works on: a connection, and what is remembered beside it. */
import type { Connection } from "./connection.ts";
import { type Interned, internTables } from "./interned.ts";

export interface Database extends Connection {
  readonly interned: Interned;
}

export function databaseOver(connection: Connection): Database {
  return { ...connection, interned: internTables(connection) };
}

/** The id of a tract; null when there is none of that name. */
export function findTractId(database: Database, name: string): number | null {
  return database.sql<[number]>("SELECT id FROM tracts WHERE name = +?").get(name)?.[0] ?? null;
}
