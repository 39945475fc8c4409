/** Commit rows: which columns make up a CommitRecord, and how. */
import type { Author, CommitOperation, CommitRecord, Hash, JsonObject, Priority } from "../records.ts";
import { operationKeyOf, toIso } from "./codec.ts";
import type { Database } from "./database.ts";
import { unpackUlid } from "./ulid.ts";

/** In the order of their codes. */
export const COMMIT_OPERATIONS: readonly CommitOperation[] = ["append", "edit", "merge", "summary", "reveal"];
export const PRIORITIES: readonly Priority[] = ["skip", "normal", "important", "pinned"];

// Handing a value from SQLite to JavaScript is most of what a row costs: hence few columns. Hashes come as hex text, which is much faster
// than bytes, and what is mostly absent comes as one column.

/** What `c`, a row of commits, holds itself, with `k`, its content, and `o`, its operation. */
export const COMMIT_COLUMNS: string = `lower(hex(c.hash)), lower(hex(k.hash)), c.kind_id, c.operation,
  CASE WHEN c.edit_target IS NULL THEN NULL ELSE (SELECT lower(hex(e.hash)) FROM commits e WHERE e.id = c.edit_target) END,
  c.tokens, c.author_id, c.branch_id, c.created_at, hex(o.id), c.message,
  CASE WHEN c.metadata IS NULL AND c.generation_config IS NULL AND c.labels IS NULL THEN NULL
    ELSE '[' || coalesce(c.metadata, 'null') || ',' || coalesce(c.generation_config, 'null') || ',' || coalesce(c.labels, '[]') || ']' END`;
export const COMMIT_JOINS: string = `LEFT JOIN contents k ON k.id = c.content_id LEFT JOIN operations o ON o.key = ${operationKeyOf("c")}`;

export type CommitRow = [
  hash: Hash,
  contentHash: Hash | "",
  kind: number | null,
  operation: number,
  editTarget: Hash | "" | null,
  tokens: number,
  author: number,
  branch: number,
  createdAt: number,
  operationId: string,
  message: string,
  /** JSON of metadata, generation config and labels. */
  extras: string | null,
];

/** Where a commit stands, and its first parent `p`: for rows that are not read along their lineage. */
export const PLACE_COLUMNS = "c.id, c.lineage_id, c.generation, c.extra_parents, lower(hex(p.hash))";
export const PLACE_JOINS: string = `LEFT JOIN lineages l ON l.id = c.lineage_id
  LEFT JOIN commits p ON p.lineage_id = CASE WHEN c.generation > l.start THEN c.lineage_id ELSE l.parent_lineage_id END AND p.generation = c.generation - 1`;

export type PlaceRow = [
  id: number,
  lineage: number,
  generation: number,
  extraParents: number,
  firstParent: Hash | "",
];

/** A whole commit in one row. */
export const PLACED_COLUMNS: string = `${PLACE_COLUMNS}, ${COMMIT_COLUMNS}`;
export const PLACED_JOINS: string = `${COMMIT_JOINS} ${PLACE_JOINS}`;
export type PlacedRow = [...PlaceRow, ...CommitRow];
const PLACE_WIDTH = 5;

export function toPlacedCommit(database: Database, row: PlacedRow): CommitRecord {
  return toCommit(
    database,
    row as unknown as readonly unknown[],
    PLACE_WIDTH,
    parentsOf(database, row as unknown as PlaceRow),
  );
}

const BY_ID = `SELECT ${PLACED_COLUMNS} FROM commits c ${PLACED_JOINS} WHERE c.id = +?`;

export function readCommitById(database: Database, id: number): CommitRecord | null {
  const row = database.sql<PlacedRow>(BY_ID).get(id);
  return row === undefined ? null : toPlacedCommit(database, row);
}

const BY_IDS = `SELECT ${PLACED_COLUMNS} FROM json_each(?) j CROSS JOIN commits c ON c.id = j.value ${PLACED_JOINS}`;

/** Many at once take a third of the time. Those that do not exist are left out. */
export function readCommitsById(
  database: Database,
  ids: readonly number[],
): ReadonlyMap<number, CommitRecord> {
  const rows = database.sql<PlacedRow>(BY_IDS).all(JSON.stringify(ids));
  return new Map(rows.map((row) => [row[0], toPlacedCommit(database, row)]));
}

export function parentsOf(database: Database, row: PlaceRow): readonly Hash[] {
  const [, lineage, generation, extraParents, firstParent] = row;
  const first = firstParent === "" ? [] : [firstParent];
  return extraParents === 0 ? first : [...first, ...readExtraParents(database, lineage, generation)];
}

export function readExtraParents(database: Database, lineage: number, generation: number): readonly Hash[] {
  return database
    .sql<[Hash]>(
      `SELECT lower(hex(p.hash)) FROM commit_parents m JOIN commits p ON p.lineage_id = m.parent_lineage_id AND p.generation = m.parent_generation
       WHERE m.lineage_id = +? AND m.generation = +? ORDER BY m.position`,
    )
    .all(lineage, generation)
    .map(([hash]) => hash);
}

const NOBODY: Author = Object.freeze({ kind: "user", name: null, session_id: null });
type Extras = readonly [
  metadata: JsonObject | null,
  generationConfig: JsonObject | null,
  labels: readonly string[],
];
const NO_EXTRAS: Extras = [null, null, []];

/** The columns from `at` on as a record. Missing rows of a damaged store become empty values: verify names them (scan.ts). */
export function toCommit(
  database: Database,
  cells: readonly unknown[],
  at: number,
  parents: readonly Hash[],
): CommitRecord {
  const { authors, branches, contentKinds } = database.interned;
  // What COMMIT_COLUMNS selects, which CommitRow describes.
  const kindId = cells[at + 2] as CommitRow[2];
  const kind = kindId === null ? undefined : contentKinds.find(kindId);
  const extras = cells[at + 11] as CommitRow[11];
  const [metadata, generationConfig, labels] = extras === null ? NO_EXTRAS : (JSON.parse(extras) as Extras);
  return {
    hash: cells[at] as Hash,
    parents,
    // hex(NULL) is empty.
    contentHash: (cells[at + 1] as CommitRow[1]) || null,
    contentType: kind?.type ?? null,
    role: kind?.role ?? null,
    priority: kind?.priority ?? "normal",
    operation: COMMIT_OPERATIONS[cells[at + 3] as CommitRow[3]] ?? "append",
    editTarget: (cells[at + 4] as CommitRow[4]) || null,
    message: cells[at + 10] as CommitRow[10],
    tokens: cells[at + 5] as CommitRow[5],
    metadata,
    generationConfig,
    labels,
    author: authors.find(cells[at + 6] as CommitRow[6]) ?? NOBODY,
    createdAt: toIso(cells[at + 8] as CommitRow[8]),
    branch: branches.find(cells[at + 7] as CommitRow[7]) ?? "",
    operationId: unpackUlid(cells[at + 9] as CommitRow[9]),
  };
}
