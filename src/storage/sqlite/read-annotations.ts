/** Reading the annotation log. */
import type { AnnotationRecord, Hash } from "../records.ts";
import { keyOf, parseList, parseObject, sequenceOf, toIso } from "./codec.ts";
import { PRIORITIES } from "./commit-rows.ts";
import { type Database, findTractId } from "./database.ts";

type AnnotationRow = [
  key: number,
  commit: Hash,
  priority: number | null,
  author: number,
  branch: number,
  createdAt: number,
  retain: string | null,
  labels: string | null,
  reason: string | null,
];
const ANNOTATIONS = `SELECT a.key, lower(hex(c.hash)), a.priority, a.author_id, a.branch_id, a.created_at, a.retain, a.labels, a.reason
  FROM annotations a LEFT JOIN commits c ON c.id = a.commit_id`;

function toAnnotation(database: Database, row: AnnotationRow): AnnotationRecord {
  const { authors, branches } = database.interned;
  return {
    sequence: sequenceOf(row[0]),
    commit: row[1],
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
  return database
    .sql<AnnotationRow>(
      `${ANNOTATIONS} WHERE a.commit_id = (SELECT id FROM commits WHERE tract_id = +? AND hash = unhex(?)) ORDER BY a.key`,
    )
    .all(findTractId(database, tract), commit)
    .map((row) => toAnnotation(database, row));
}
