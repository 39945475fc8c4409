/** Plans a ledger query: which index seeks cover it, and what else has to hold of the rows. */
import type { LedgerQuery } from "../store.ts";
import { boundToMilliseconds, keyOf, sequenceOf } from "./codec.ts";
import type { SqlValue } from "./connection.ts";
import type { Database } from "./database.ts";
import { EVERYDAY_ENTRY } from "./interned.ts";
import { findOperationKey, keysOfCommit } from "./read-operations.ts";
import { type Bracket, LEDGER_TIMES, timeBracket } from "./time-bracket.ts";

export type LedgerFilter = Omit<LedgerQuery, "limit" | "afterSequence" | "order">;

/**
 * One index seek; together the streams of a query cover it, and no row is in two of them. `above` and `below` are keys that bound it, both
 * exclusive: SQLite seeks to one bound of a side only, so bounds are cut to one before it sees them.
 */
export interface Stream extends Bracket {
  readonly where: string;
  readonly values: readonly SqlValue[];
}

/** What a query comes down to: where to look, and what else has to hold. */
export interface LedgerPlan {
  readonly streams: readonly Stream[];
  readonly where: string;
  readonly values: readonly SqlValue[];
  readonly text: string | null;
}

export function planLedger(database: Database, tractId: number, filter: LedgerFilter): LedgerPlan {
  const since = filter.since === undefined ? null : boundToMilliseconds(filter.since);
  const until = filter.until === undefined ? null : boundToMilliseconds(filter.until);
  const bracket = timeBracket(database, tractId, LEDGER_TIMES, { since, until });
  const { above, below } = bracket;
  let where = "";
  const values: SqlValue[] = [];
  const add = (sql: string, value: SqlValue): void => {
    where += ` AND ${sql}`;
    values.push(value);
  };
  const seek = (sql: string, ...found: readonly SqlValue[]): Stream => ({
    above,
    below,
    where: sql,
    values: found,
  });
  if (since !== null) add("l.timestamp >= +?", since);
  if (until !== null) add("l.timestamp <= +?", until);
  // Looked for as bytes, because packed metadata is no JSON that SQLite can read; inside strings its quotes would be escaped.
  if (filter.tool !== undefined)
    add("instr(CAST(l.metadata AS BLOB), CAST(? AS BLOB)) > 0", `"tool":${JSON.stringify(filter.tool)}`);

  if (filter.branch !== undefined)
    add("instr(CAST(l.metadata AS BLOB), CAST(? AS BLOB)) > 0", `"branch":${JSON.stringify(filter.branch)}`);
  if (filter.hasTool === true) add("instr(CAST(l.metadata AS BLOB), CAST(? AS BLOB)) > 0", '"tool":"');
  if (filter.model !== undefined && !isWholeModel(filter.model))
    add("instr(CAST(l.metadata AS BLOB), CAST(? AS BLOB)) > 0", `"model_id":${JSON.stringify(filter.model)}`);

  const text = filter.text?.toLowerCase() ?? null;
  if (text !== null && isPlain(text)) {
    // Whoever has the text passes; whether others do too, hasText finds out.
    where += ` AND (instr(lower(CAST(l.metadata AS TEXT)), ?) OR instr(lower(coalesce(l.reason, (SELECT identity FROM names WHERE id = l.reason_id))), ?)
      OR l.kind_id IN (SELECT id FROM names WHERE kind = 'ledger' AND instr(lower(identity ->> 1), ?)))`;
    values.push(text, text, text);
  }
  const kinds = ledgerKindsOf(database, filter);
  const provenances = filter.sessionId === undefined ? null : provenancesOf(database, filter.sessionId);
  const operations = filter.commit === undefined ? null : keysOfCommit(database, tractId, filter.commit);
  let streams: readonly Stream[] | null = null;
  // The narrowest filter leads; the others are checked row by row.
  if (filter.submissionId !== undefined)
    streams = submissionStreams(database, tractId, filter.submissionId, bracket);
  if (operations !== null) {
    streams ??= operations.flatMap((key) => operationStream(database, key, bracket));
    add(
      "l.operation_sequence IN (SELECT value FROM json_each(?))",
      JSON.stringify(operations.map(sequenceOf)),
    );
  }
  if (filter.model !== undefined) streams ??= [seek(MODEL_CONDITION, modelBytes(filter.model))];
  if (provenances !== null) {
    if (streams === null) streams = provenances.map((id) => seek(" AND l.provenance_id = +?", id));
    else add("l.provenance_id IN (SELECT value FROM json_each(?))", JSON.stringify(provenances));
  }
  if (kinds !== null) {
    if (streams === null) streams = kinds.map((kind) => seek(kindCondition(kind), kind));
    else add("l.kind_id IN (SELECT value FROM json_each(?))", JSON.stringify(kinds));
  }
  return { streams: streams ?? [seek("")], where, values, text };
}

/**
 * True when SQLite can look for a lower-case text by itself: it lowers ASCII only, and hashes stand packed in metadata, so a text must not
 * be one that could lie in a hash or reach into one over its quotation mark.
 */
function isPlain(text: string): boolean {
  return /^[ !#-~]+$/.test(text) && /[^0-9a-f]/.test(text);
}

export function ledgerKindsOf(
  database: Database,
  { eventTypes, decision }: LedgerFilter,
): readonly number[] | null {
  if (eventTypes === undefined && decision === undefined) return null;
  return database
    .sql<[number, string, string]>(
      "SELECT id, identity ->> 0, identity ->> 1 FROM names WHERE kind = 'ledger'",
    )
    .all()
    .filter(
      ([, event, of]) => (eventTypes?.includes(event) ?? true) && (decision === undefined || of === decision),
    )
    .map(([id]) => id);
}

/** As in the index ledger_model, word for word: else SQLite does not use it. */
const MODEL_KEY = "x'226D6F64656C5F6964223A22'";
const METADATA = "CAST(l.metadata AS BLOB)";
const BEHIND_KEY = `substr(${METADATA}, instr(${METADATA}, ${MODEL_KEY}) + 12)`;
const MODEL_CONDITION = ` AND substr(${BEHIND_KEY}, 1, instr(${BEHIND_KEY}, x'22') - 1) = ?
  AND l.kind_id <> ${EVERYDAY_ENTRY} AND instr(${METADATA}, ${MODEL_KEY}) > 0`;

/** A name as the index has it: in JSON, up to the first quotation mark. */
function modelBytes(model: string): Uint8Array {
  return Buffer.from(JSON.stringify(model).slice(1).split('"', 1)[0] ?? "");
}

/** False for a name with quotation marks of its own: then the whole has to be looked for as well. */
function isWholeModel(model: string): boolean {
  return !model.includes('"');
}

/** The index on kinds leaves the everyday one out, which a scan finds soon enough. */
function kindCondition(kind: number): string {
  return kind === EVERYDAY_ENTRY
    ? " AND +l.kind_id = +?"
    : ` AND l.kind_id = +? AND l.kind_id <> ${EVERYDAY_ENTRY}`;
}

/** Left to itself, SQLite takes the index that covers the query and looks through every provenance there is. */
function provenancesOf(database: Database, sessionId: string): readonly number[] {
  return database
    .sql<[number]>(
      "SELECT id FROM names INDEXED BY names_session WHERE kind = 'provenance' AND identity ->> 'session_id' = +?",
    )
    .all(sessionId)
    .map(([id]) => id);
}

/** Entries submitted by an operation stand together; all others are indexed by their submission. */
function submissionStreams(
  database: Database,
  tractId: number,
  submissionId: string,
  bracket: Bracket,
): readonly Stream[] {
  const key = findOperationKey(database, tractId, submissionId);
  return [
    { ...bracket, where: " AND l.submission = +?", values: [submissionId] },
    ...(key === null ? [] : operationStream(database, key, bracket)),
  ];
}

function operationStream(database: Database, operationKey: number, bracket: Bracket): readonly Stream[] {
  const row = database
    .sql<[number, number, number]>(
      "SELECT tract_id, ledger_from, ledger_count FROM operations WHERE key = +?",
    )
    .get(operationKey);
  if (row === undefined) return [];
  const [tractId, from, count] = row;
  return [
    {
      above: Math.max(bracket.above, keyOf(tractId, from)),
      below: Math.min(bracket.below, keyOf(tractId, from + count) + 1),
      where: " AND +l.operation_sequence = +?",
      values: [sequenceOf(operationKey)],
    },
  ];
}
