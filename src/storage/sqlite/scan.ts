/** Reading whole tables in pages, for verify. */
import type { ContentRecord } from "../records.ts";
import type { StoredCommit } from "../store.ts";
import { PLACED_COLUMNS, PLACED_JOINS, type PlacedRow, toPlacedCommit } from "./commit-rows.ts";
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
  contentId: number | null,
  editTargetId: number | null,
  lineageStart: number | null,
  parentLineage: number | null,
  ...PlacedRow,
];
const SCAN_WIDTH = 4;

export function scanCommits(
  database: Database,
  tract: string,
  after: number,
  limit: number,
): { readonly rows: readonly StoredCommit[]; readonly next: number } {
  const rows = database
    .sql<ScanRow>(
      `SELECT c.content_id, c.edit_target, l.start, l.parent_lineage_id, ${PLACED_COLUMNS}
       FROM commits c ${PLACED_JOINS} WHERE c.id > +? AND +c.tract_id = +? ORDER BY c.id LIMIT +?`,
    )
    .all(after, findTractId(database, tract), limit);
  return { rows: rows.map((row) => toStoredCommit(database, row)), next: rows.at(-1)?.[SCAN_WIDTH] ?? after };
}

function toStoredCommit(database: Database, row: ScanRow): StoredCommit {
  const [contentId, editTarget, lineageStart, parentLineage, ...placed] = row;
  const [, , generation, extraParents] = placed;
  const commit = toPlacedCommit(database, placed);
  const missing: string[] = [];
  if (contentId !== null && commit.contentHash === null) missing.push("content");
  const hasFirstParent = lineageStart === null || generation > lineageStart || parentLineage !== null;
  if (commit.parents.length < (hasFirstParent ? 1 : 0) + extraParents) missing.push("parents");
  if (editTarget !== null && commit.editTarget === null) missing.push("edit_target");
  if (commit.operationId === "") missing.push("operation");
  return { commit, missing };
}
