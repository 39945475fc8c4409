/** Reading the annotation log. */
import type { AnnotationRecord, Hash } from "../records.ts";
import { keyOf, parseList, parseObject, sequenceOf, toIso } from "./codec.ts";
import { hashById } from "./collect-reads.ts";
import { PRIORITIES } from "./commit-rows.ts";
import { type Database, findTractId } from "./database.ts";

type AnnotationRow = [
  key: number,
  commit: Hash | null,
  priority: number | null,
  author: number,
  branch: number,
  createdAt: number,
  retain: string | null,
  labels: string | null,
  reason: string | null,
];
const ANNOTATIONS = `SELECT a.key, ${hashById("a.commit_id")}, a.priority, a.author_id, a.branch_id, a.created_at, a.retain, a.labels, a.reason
  FROM annotations a`;

function toAnnotation(database: Database, row: AnnotationRow): AnnotationRecord {
  const { authors, branches } = database.interned;
  return {
    sequence: sequenceOf(row[0]),
    // Empty in a damaged store, for verify to name.
    commit: row[1] ?? ("" as Hash),
    priority: row[2] === null ? null : (PRIORITIES[row[2]] ?? null),
    retain: parseObject(row[6]),
    labels: parseList(row[7]),
    reason: row[8],
    author: authors.find(row[3]) ?? { kind: "user", name: null, session_id: null },
    createdAt: toIso(row[5]),
    branch: branches.find(row[4]) ?? "",
  };
}

export function readAnnotations(
  database: Database,
  tract: string,
  range: { readonly after: number; readonly upTo: number },
): readonly AnnotationRecord[] {
  const tractId = findTractId(database, tract);
  if (tractId === null) return [];
  return database
    .sql<AnnotationRow>(`${ANNOTATIONS} WHERE a.key > +? AND a.key <= +? ORDER BY a.key`)
    .all(keyOf(tractId, range.after), keyOf(tractId, range.upTo))
    .map((row) => toAnnotation(database, row));
}

export function readCommitAnnotations(
  database: Database,
  tract: string,
  commit: Hash,
): readonly AnnotationRecord[] {
  const tractId = findTractId(database, tract);
  return database
    .sql<AnnotationRow>(
      `${ANNOTATIONS} WHERE a.commit_id IN (SELECT id FROM commits WHERE tract_id = +? AND hash = unhex(?)
         UNION ALL SELECT id FROM collected_commits WHERE tract_id = +? AND hash = unhex(?)) ORDER BY a.key`,
    )
    .all(tractId, commit, tractId, commit)
    .map((row) => toAnnotation(database, row));
}
