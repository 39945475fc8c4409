/** Commit rows: which columns make up a CommitRecord, and how. */
import type { Author, CommitOperation, CommitRecord, Hash, Priority } from "../records.ts";
import { operationKeyOf, parseList, parseObject, toIso } from "./codec.ts";
import type { Database } from "./database.ts";
import { unpackUlid } from "./ulid.ts";

/** In the order of their codes. */
export const COMMIT_OPERATIONS: readonly CommitOperation[] = ["append", "edit", "merge"];
export const PRIORITIES: readonly Priority[] = ["skip", "normal", "important", "pinned"];

/** Columns of `c`, a row of commits, `k`, its content, and `o`, its operation. Hashes as hex text: much faster than as blobs. */
export const COMMIT_COLUMNS: string = `lower(hex(c.hash)), c.id, c.lineage_id, c.generation, c.extra_parents, lower(hex(k.hash)), c.kind_id, c.operation,
  CASE WHEN c.edit_target IS NULL THEN NULL ELSE (SELECT lower(hex(e.hash)) FROM commits e WHERE e.id = c.edit_target) END,
  c.tokens, c.author_id, c.branch_id, c.created_at, hex(o.id), c.message, c.metadata, c.generation_config, c.labels`;
export const COMMIT_JOINS: string = `LEFT JOIN contents k ON k.id = c.content_id LEFT JOIN operations o ON o.key = ${operationKeyOf("c")}`;

/** The hash of the first parent, by `p`: for rows that are not read in the order of their chain. */
export const FIRST_PARENT: string = "lower(hex(p.hash))";
export const FIRST_PARENT_JOINS: string = `LEFT JOIN lineages l ON l.id = c.lineage_id
  LEFT JOIN commits p ON p.lineage_id = CASE WHEN c.generation > l.start THEN c.lineage_id ELSE l.parent_lineage_id END AND p.generation = c.generation - 1`;

export type CommitRow = [
  hash: Hash,
  id: number,
  lineage: number,
  generation: number,
  extraParents: number,
  contentHash: Hash,
  kind: number | null,
  operation: number,
  editTarget: Hash | null,
  tokens: number,
  author: number,
  branch: number,
  createdAt: number,
  operationId: string,
  message: string,
  metadata: string | null,
  generationConfig: string | null,
  labels: string | null,
];
/** How many columns COMMIT_COLUMNS has: what a statement selects after them starts there. */
export const COMMIT_WIDTH = 18;

const NOBODY: Author = Object.freeze({ kind: "user", name: null, session_id: null });

/** A row as a record. Missing rows of a damaged store become empty values: verify names them (scan.ts). */
export function toCommit(database: Database, row: CommitRow, firstParent: Hash | null): CommitRecord {
  const { interned } = database;
  const kind = row[6] === null ? undefined : interned.contentKinds.find(row[6]);
  return {
    hash: row[0],
    parents: row[4] === 0 ? (firstParent ? [firstParent] : []) : readParents(database, row, firstParent),
    // hex(NULL) is empty.
    contentHash: row[5] || null,
    contentType: kind?.type ?? null,
    role: kind?.role ?? null,
    priority: kind?.priority ?? "normal",
    operation: COMMIT_OPERATIONS[row[7]] ?? "append",
    editTarget: row[8] || null,
    message: row[14],
    tokens: row[9],
    metadata: parseObject(row[15]),
    generationConfig: parseObject(row[16]),
    labels: parseList(row[17]),
    author: interned.authors.find(row[10]) ?? NOBODY,
    createdAt: toIso(row[12]),
    branch: interned.branches.find(row[11]) ?? "",
    operationId: unpackUlid(row[13]),
  };
}

function readParents(database: Database, row: CommitRow, firstParent: Hash | null): readonly Hash[] {
  const others = database
    .sql<[Hash]>(
      `SELECT lower(hex(p.hash)) FROM commit_parents m JOIN commits p ON p.lineage_id = m.parent_lineage_id AND p.generation = m.parent_generation
       WHERE m.lineage_id = +? AND m.generation = +? ORDER BY m.position`,
    )
    .all(row[2], row[3]);
  return [...(firstParent ? [firstParent] : []), ...others.map(([hash]) => hash)];
}
