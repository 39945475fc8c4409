/** Reading the ledger: filtered pages and counts, each from the index that fits. */
import type { Hash, JsonObject, LedgerRecord } from "../records.ts";
import type { LedgerQuery } from "../store.ts";
import { boundToMilliseconds, keyOf, parseList, sequenceOf, splitHashes, toIso } from "./codec.ts";
import type { SqlValue } from "./connection.ts";
import { type Database, findTractId } from "./database.ts";
import { EVERYDAY_ENTRY } from "./interned.ts";
import { unpackHashes } from "./pack-hashes.ts";
import { findOperationKey, keysOfCommit } from "./read-operations.ts";
import { newestOf, oldestOf } from "./streams.ts";
import { LEDGER_TIMES, timeBracket } from "./time-bracket.ts";
import { unpackUlid } from "./ulid.ts";
import { hashesOfOperation, unpackEntryId } from "./write-ledger.ts";

type LedgerFilter = Omit<LedgerQuery, "limit" | "afterSequence" | "order">;

type LedgerRow = [
  key: number,
  kind: number,
  provenance: number,
  timestamp: number,
  id: string,
  submission: string | null,
  reason: string | null,
  prompts: string | null,
  metadata: string | Uint8Array,
  bodyHash: Hash,
  entryHash: Hash,
  previousHash: Hash | "" | null,
  operationKey: number | null,
  operationId: string,
];
const ENTRY = `SELECT l.key, l.kind_id, l.provenance_id, l.timestamp, iif(typeof(l.id) = 'blob', hex(l.id), '=' || l.id), l.submission, coalesce(l.reason, (SELECT identity FROM names WHERE id = l.reason_id)), l.prompts, l.metadata, lower(hex(l.body_hash)),
  lower(hex(l.entry_hash)), (SELECT lower(hex(entry_hash)) FROM ledger WHERE key = l.key - 1), o.key, hex(o.id)
  FROM ledger l LEFT JOIN operations o ON o.key = (l.key >> 32 << 32) + l.operation_sequence`;

function toEntry(database: Database, row: LedgerRow): LedgerRecord {
  const { ledgerKinds, provenances } = database.interned;
  const kind = ledgerKinds.find(row[1]);
  return {
    sequence: sequenceOf(row[0]),
    id: unpackEntryId(row[4]),
    eventType: kind?.eventType ?? "",
    submissionId: row[5] ?? unpackUlid(row[13]),
    decision: kind?.decision ?? "",
    reason: row[6] ?? "",
    promptsUsed: parseList(row[7]),
    metadata: JSON.parse(unpackHashes(row[8], () => knownHashes(database, row[12]))) as JsonObject,
    provenance: provenances.find(row[2]) ?? {},
    timestamp: toIso(row[3]),
    bodyHash: row[9],
    previousHash: row[11] ?? "",
    entryHash: row[10],
  };
}

/** What the entry's metadata may point to (pack-hashes.ts). */
function knownHashes(database: Database, operationKey: number | null): readonly Hash[] {
  const row = database
    .sql<[string, string]>("SELECT lower(hex(results)), lower(hex(sources)) FROM operations WHERE key = +?")
    .get(operationKey);
  return row === undefined
    ? []
    : hashesOfOperation({ results: splitHashes(row[0]), sources: splitHashes(row[1]) });
}

/** One index seek; together the streams of a query cover it, and no row is in two of them. */
interface Stream {
  readonly where: string;
  readonly values: readonly SqlValue[];
}
const EVERYTHING: readonly Stream[] = [{ where: "", values: [] }];

/** What a query comes down to: where to look, and what else has to hold. */
interface Plan {
  readonly streams: readonly Stream[];
  readonly where: string;
  readonly values: readonly SqlValue[];
  readonly text: string | null;
}

function plan(database: Database, tractId: number, filter: LedgerFilter): Plan {
  const since = filter.since === undefined ? null : boundToMilliseconds(filter.since);
  const until = filter.until === undefined ? null : boundToMilliseconds(filter.until);
  const { above, below } = timeBracket(database, tractId, LEDGER_TIMES, { since, until });
  let where = "l.key > +? AND l.key < +?";
  const values: SqlValue[] = [above, below];
  const add = (sql: string, value: SqlValue): void => {
    where += ` AND ${sql}`;
    values.push(value);
  };
  if (since !== null) add("l.timestamp >= +?", since);
  if (until !== null) add("l.timestamp <= +?", until);
  // Looked for as bytes, because packed metadata is no JSON that SQLite can read; inside strings its quotes would be escaped.
  if (filter.tool !== undefined)
    add("instr(CAST(l.metadata AS BLOB), CAST(? AS BLOB)) > 0", `"tool":${JSON.stringify(filter.tool)}`);

  const kinds = kindsOf(database, filter);
  const provenances = filter.sessionId === undefined ? null : provenancesOf(database, filter.sessionId);
  const operations = filter.commit === undefined ? null : keysOfCommit(database, tractId, filter.commit);
  let streams: readonly Stream[] | null = null;
  // The narrowest filter leads; the others are checked row by row.
  if (filter.submissionId !== undefined) streams = submissionStreams(database, tractId, filter.submissionId);
  if (operations !== null) {
    streams ??= operations.flatMap((key) => operationStream(database, key));
    add(
      "l.operation_sequence IN (SELECT value FROM json_each(?))",
      JSON.stringify(operations.map(sequenceOf)),
    );
  }
  if (provenances !== null) {
    if (streams === null)
      streams = provenances.map((id) => ({ where: " AND l.provenance_id = +?", values: [id] }));
    else add("l.provenance_id IN (SELECT value FROM json_each(?))", JSON.stringify(provenances));
  }
  if (kinds !== null) {
    if (streams === null) streams = kinds.map(kindStream);
    else add("l.kind_id IN (SELECT value FROM json_each(?))", JSON.stringify(kinds));
  }
  return { streams: streams ?? EVERYTHING, where, values, text: filter.text?.toLowerCase() ?? null };
}

function kindsOf(database: Database, { eventTypes, decision }: LedgerFilter): readonly number[] | null {
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

/** The index on kinds leaves the everyday one out, which a scan finds soon enough. */
function kindStream(kind: number): Stream {
  const where =
    kind === EVERYDAY_ENTRY
      ? " AND +l.kind_id = +?"
      : ` AND l.kind_id = +? AND l.kind_id <> ${EVERYDAY_ENTRY}`;
  return { where, values: [kind] };
}

function provenancesOf(database: Database, sessionId: string): readonly number[] {
  return database
    .sql<[number]>("SELECT id FROM names WHERE kind = 'provenance' AND identity ->> 'session_id' = +?")
    .all(sessionId)
    .map(([id]) => id);
}

/** Entries submitted by an operation stand together; all others are indexed by their submission. */
function submissionStreams(database: Database, tractId: number, submissionId: string): readonly Stream[] {
  const key = findOperationKey(database, tractId, submissionId);
  return [
    { where: " AND l.submission = +?", values: [submissionId] },
    ...(key === null ? [] : operationStream(database, key)),
  ];
}

function operationStream(database: Database, operationKey: number): readonly Stream[] {
  const row = database
    .sql<[number, number, number]>(
      "SELECT tract_id, ledger_from, ledger_count FROM operations WHERE key = +?",
    )
    .get(operationKey);
  if (row === undefined) return [];
  return [
    {
      where: " AND l.key > +? AND l.key <= +? AND l.operation_sequence = +?",
      values: [keyOf(row[0], row[1]), keyOf(row[0], row[1] + row[2]), sequenceOf(operationKey)],
    },
  ];
}

/** Rows looked at per step when a text has to be found in them. */
const TEXT_STEP = 1000;

export function readLedger(database: Database, tract: string, query: LedgerQuery): readonly LedgerRecord[] {
  const tractId = findTractId(database, tract);
  if (tractId === null || query.limit <= 0) return [];
  const planned = plan(database, tractId, query);
  const rising = query.order === "asc";
  const from = query.afterSequence === undefined ? null : keyOf(tractId, query.afterSequence);
  if (planned.text === null)
    return readEntries(database, pageOfKeys(database, planned, { rising, from, limit: query.limit }));
  const found: LedgerRecord[] = [];
  for (let next = from; ; ) {
    const keys = pageOfKeys(database, planned, { rising, from: next, limit: TEXT_STEP });
    for (const entry of readEntries(database, keys)) {
      if (hasText(entry, planned.text)) found.push(entry);
      if (found.length === query.limit) return found;
    }
    const last = keys.at(-1);
    if (last === undefined) return found;
    next = last;
  }
}

function pageOfKeys(
  database: Database,
  { streams, where, values }: Plan,
  { rising, from, limit }: { readonly rising: boolean; readonly from: number | null; readonly limit: number },
): readonly number[] {
  const beyond = from === null ? "" : rising ? " AND l.key > +?" : " AND l.key < +?";
  const reads = streams.map(
    (stream) => () =>
      database
        .sql<[number]>(
          `SELECT l.key FROM ledger l WHERE ${where}${stream.where}${beyond} ORDER BY l.key ${rising ? "ASC" : "DESC"} LIMIT +?`,
        )
        .all(...values, ...stream.values, ...(from === null ? [] : [from]), limit)
        .map(([key]) => key),
  );
  return rising ? oldestOf(reads, limit) : newestOf(reads, limit);
}

function readEntries(database: Database, keys: readonly number[]): readonly LedgerRecord[] {
  const statement = database.sql<LedgerRow>(`${ENTRY} WHERE l.key = +?`);
  return keys.flatMap((key) => {
    const row = statement.get(key);
    return row === undefined ? [] : [toEntry(database, row)];
  });
}

function hasText({ reason, decision, metadata }: LedgerRecord, text: string): boolean {
  return [reason, decision, JSON.stringify(metadata)].some((part) => part.toLowerCase().includes(text));
}

export function countLedger(database: Database, tract: string, filter: LedgerFilter): number {
  const tractId = findTractId(database, tract);
  if (tractId === null) return 0;
  const planned = plan(database, tractId, filter);
  if (planned.text !== null) {
    let count = 0;
    for (let from: number | null = null; ; ) {
      const keys = pageOfKeys(database, planned, { rising: true, from, limit: TEXT_STEP });
      for (const entry of readEntries(database, keys)) if (hasText(entry, planned.text)) count += 1;
      const last = keys.at(-1);
      if (last === undefined) return count;
      from = last;
    }
  }
  let count = 0;
  for (const stream of planned.streams)
    count +=
      database
        .sql<[number]>(`SELECT count(*) FROM ledger l WHERE ${planned.where}${stream.where}`)
        .get(...planned.values, ...stream.values)?.[0] ?? 0;
  return count;
}
