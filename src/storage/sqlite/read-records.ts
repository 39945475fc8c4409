/** Reading compile records and custom content types. */
import type { CompileRecord, ContentTypeRecord, Hash, JsonObject, Role } from "../records.ts";
import { keyOf, toIso } from "./codec.ts";
import { PRIORITIES } from "./commit-rows.ts";
import { type Database, findTractId } from "./database.ts";

/** The columns of a compile record in the order in which its seal covers them. */
export type CompileRow = [
  id: string,
  head: Hash | "",
  branch: string | null,
  options: string,
  annotationSequence: number,
  compilerVersion: number,
  tokenCount: number,
  tokenSource: string,
  commitCount: number,
  messageCount: number,
  digest: Hash,
  createdAt: number,
];
export const COMPILE_COLUMNS: string = `record_id, lower(hex(head)), branch, options, annotation_sequence, compiler_version, token_count, token_source,
  commit_count, message_count, lower(hex(digest)), created_at`;
const RECORDS = `SELECT ${COMPILE_COLUMNS} FROM compile_records`;

function toCompileRecord(row: CompileRow): CompileRecord {
  return {
    id: row[0],
    head: row[1] || null,
    branch: row[2],
    options: JSON.parse(row[3]) as JsonObject,
    annotationSequence: row[4],
    compilerVersion: row[5],
    tokenCount: row[6],
    tokenSource: row[7],
    commitCount: row[8],
    messageCount: row[9],
    digest: row[10],
    createdAt: toIso(row[11]),
  };
}

export function readCompileRecord(database: Database, tract: string, id: string): CompileRecord | null {
  const row = database
    .sql<CompileRow>(`${RECORDS} WHERE tract_id = +? AND record_id = +?`)
    .get(findTractId(database, tract), id);
  return row === undefined ? null : toCompileRecord(row);
}

export function listCompileRecords(
  database: Database,
  tract: string,
  query: { readonly branch?: string; readonly before?: string; readonly limit: number },
): readonly CompileRecord[] {
  const tractId = findTractId(database, tract);
  if (tractId === null || query.limit <= 0) return [];
  let below: number | undefined = keyOf(tractId + 1, 0);
  if (query.before !== undefined)
    below = database
      .sql<[number]>("SELECT key FROM compile_records WHERE tract_id = +? AND record_id = +?")
      .get(tractId, query.before)?.[0];
  if (below === undefined) return [];
  const ofBranch = query.branch === undefined ? "" : " AND branch = +?";
  return database
    .sql<CompileRow>(`${RECORDS} WHERE key > +? AND key < +?${ofBranch} ORDER BY key DESC LIMIT +?`)
    .all(keyOf(tractId, 0), below, ...(query.branch === undefined ? [] : [query.branch]), query.limit)
    .map(toCompileRecord);
}

export function listContentTypes(database: Database, tract: string): readonly ContentTypeRecord[] {
  return database
    .sql<[string, string, Role | null, number]>(
      "SELECT name, schema, role, priority FROM content_types WHERE tract_id = +? ORDER BY name",
    )
    .all(findTractId(database, tract))
    .map(([name, schema, role, priority]) => ({
      name,
      schema: JSON.parse(schema) as JsonObject,
      role,
      priority: PRIORITIES[priority] ?? "normal",
    }));
}
