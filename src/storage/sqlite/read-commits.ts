/** Reading single commits and contents by their hashes. */
import type { CommitRecord, ContentRecord, Hash } from "../records.ts";
import { unpackPayload } from "./codec.ts";
import { PLACED_COLUMNS, PLACED_JOINS, type PlacedRow, toPlacedCommit } from "./commit-rows.ts";
import { type Database, findTractId } from "./database.ts";

const HASH_DIGITS = 64;
const HEX_PREFIX = /^[0-9a-f]{0,64}$/;

export function findCommits(
  database: Database,
  tract: string,
  hexPrefix: string,
  limit: number,
): readonly Hash[] {
  const tractId = findTractId(database, tract);
  const prefix = hexPrefix.toLowerCase();
  if (tractId === null || limit <= 0 || !HEX_PREFIX.test(prefix)) return [];
  return database
    .sql<[Hash]>(
      "SELECT lower(hex(hash)) FROM commits WHERE tract_id = +? AND hash >= unhex(?) AND hash <= unhex(?) ORDER BY hash LIMIT +?",
    )
    .all(tractId, prefix.padEnd(HASH_DIGITS, "0"), prefix.padEnd(HASH_DIGITS, "f"), limit)
    .map(([hash]) => hash);
}

const BY_HASH = `SELECT ${PLACED_COLUMNS} FROM commits c ${PLACED_JOINS} WHERE c.tract_id = +? AND c.hash = unhex(?)`;

export function readCommits(
  database: Database,
  tract: string,
  hashes: readonly Hash[],
): readonly CommitRecord[] {
  const tractId = findTractId(database, tract);
  if (tractId === null) return [];
  const statement = database.sql<PlacedRow>(BY_HASH);
  return hashes.flatMap((hash) => {
    const row = statement.get(tractId, hash);
    return row === undefined ? [] : [toPlacedCommit(database, row)];
  });
}

export type ContentRow = [
  hash: Hash,
  kind: number,
  body: string | Uint8Array,
  text: string | Uint8Array | null,
];
export const CONTENT_COLUMNS = "lower(hex(k.hash)), k.kind_id, k.body, k.text";

export function toContent(database: Database, row: ContentRow): ContentRecord {
  const kind = database.interned.contentKinds.find(row[1]);
  return {
    hash: row[0],
    type: kind?.type ?? "",
    role: kind?.role ?? null,
    priority: kind?.priority ?? "normal",
    body: unpackPayload(row[2]),
    text: row[3] === null ? null : unpackPayload(row[3]),
  };
}

export function readContents(database: Database, hashes: readonly Hash[]): readonly ContentRecord[] {
  const statement = database.sql<ContentRow>(
    `SELECT ${CONTENT_COLUMNS} FROM contents k WHERE k.hash = unhex(?)`,
  );
  return hashes.flatMap((hash) => {
    const row = statement.get(hash);
    return row === undefined ? [] : [toContent(database, row)];
  });
}
