/** Reading whole tables in pages, for verify. */
import type { CommitRecord, ContentRecord, Hash } from "../records.ts";
import type { StoredCommit } from "../store.ts";
import {
  COMMIT_COLUMNS,
  COMMIT_JOINS,
  COMMIT_WIDTH,
  type CommitRow,
  FIRST_PARENT,
  FIRST_PARENT_JOINS,
  toCommit,
} from "./commit-rows.ts";
import { type Database, findTractId } from "./database.ts";
import { CONTENT_COLUMNS, type ContentRow, toContent } from "./read-commits.ts";

export function scanContents(
  database: Database,
  after: number,
  limit: number,
): { readonly rows: readonly ContentRecord[]; readonly next: number } {
  const rows = database
    .sql<[...ContentRow, id: number]>(
      `SELECT ${CONTENT_COLUMNS}, k.id FROM contents k WHERE k.id > +? ORDER BY k.id LIMIT +?`,
    )
    .all(after, limit);
  return {
    rows: rows.map((row) => toContent(database, row as unknown as ContentRow)),
    next: rows.at(-1)?.[4] ?? after,
  };
}

type ScanRow = [
  ...CommitRow,
  firstParent: Hash | "",
  lineageStart: number | null,
  parentLineage: number | null,
  contentId: number | null,
  editTargetId: number | null,
];

export function scanCommits(
  database: Database,
  tract: string,
  after: number,
  limit: number,
): { readonly rows: readonly StoredCommit[]; readonly next: number } {
  const rows = database
    .sql<ScanRow>(
      `SELECT ${COMMIT_COLUMNS}, ${FIRST_PARENT}, l.start, l.parent_lineage_id, c.content_id, c.edit_target
       FROM commits c ${COMMIT_JOINS} ${FIRST_PARENT_JOINS} WHERE c.id > +? AND +c.tract_id = +? ORDER BY c.id LIMIT +?`,
    )
    .all(after, findTractId(database, tract), limit);
  return {
    rows: rows.map((row) => toStoredCommit(database, row as unknown as readonly unknown[])),
    next: rows.at(-1)?.[1] ?? after,
  };
}

function toStoredCommit(database: Database, cells: readonly unknown[]): StoredCommit {
  const row = cells as unknown as CommitRow;
  const firstParent = (cells[COMMIT_WIDTH] as string) || null;
  const start = cells[COMMIT_WIDTH + 1] as number | null;
  const commit: CommitRecord = toCommit(database, row, firstParent as Hash | null);
  const missing: string[] = [];
  if (cells[COMMIT_WIDTH + 3] !== null && commit.contentHash === null) missing.push("content");
  const hasFirstParent = start === null || row[3] > start || cells[COMMIT_WIDTH + 2] !== null;
  if (commit.parents.length < (hasFirstParent ? 1 : 0) + row[4]) missing.push("parents");
  if (cells[COMMIT_WIDTH + 4] !== null && commit.editTarget === null) missing.push("edit_target");
  if (row[13] === "") missing.push("operation");
  return { commit, missing };
}
