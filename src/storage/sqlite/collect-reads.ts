/** Reading what is left of commits that gc removed: their hashes, for rows that name them by id. */
import type { Hash } from "../records.ts";
import { type Database, findTractId } from "./database.ts";

/** In SQL: the hash of the commit of that id, be it there or removed; NULL for one that never was. */
export function hashById(column: string): string {
  return `coalesce((SELECT lower(hex(hash)) FROM commits WHERE id = ${column}), (SELECT lower(hex(hash)) FROM collected_commits WHERE id = ${column}))`;
}

export function findCollected(database: Database, tract: string, hashes: readonly Hash[]): readonly Hash[] {
  const tractId = findTractId(database, tract);
  return tractId === null ? [] : findCollectedIn(database, tractId, hashes);
}

export function findCollectedIn(
  database: Database,
  tractId: number,
  hashes: readonly Hash[],
): readonly Hash[] {
  const statement = database.sql<[number]>(
    "SELECT 1 FROM collected_commits WHERE tract_id = +? AND hash = unhex(?) LIMIT 1",
  );
  return hashes.filter((hash) => statement.get(tractId, hash) !== undefined);
}

/** Whether gc has ever removed anything from the store. */
export function hasCollected(database: Database): boolean {
  return database.sql<[number]>("SELECT 1 FROM collected_commits LIMIT 1").get() !== undefined;
}

export function scanCollected(
  database: Database,
  tract: string,
  after: number,
  limit: number,
): { readonly rows: readonly Hash[]; readonly next: number } {
  const rows = database
    .sql<[id: number, hash: Hash]>(
      "SELECT id, lower(hex(hash)) FROM collected_commits WHERE id > +? AND +tract_id = +? ORDER BY id LIMIT +?",
    )
    .all(after, findTractId(database, tract), limit);
  return { rows: rows.map(([, hash]) => hash), next: rows.at(-1)?.[0] ?? after };
}

/** Ids are not given out again, so a removed commit and one that is there never share one. */
export function checkCollected(database: Database): readonly string[] {
  const both = database
    .sql<[number]>("SELECT count(*) FROM collected_commits g JOIN commits c ON c.id = g.id")
    .get()?.[0];
  return both === 0 ? [] : [`${both} commits are there and noted as removed at the same time`];
}

/** Pages of the file that are free. */
export function reusableBytes(database: Database): number {
  const pages = database.sql<[number]>("PRAGMA freelist_count").get()?.[0] ?? 0;
  return pages * (database.sql<[number]>("PRAGMA page_size").get()?.[0] ?? 0);
}
