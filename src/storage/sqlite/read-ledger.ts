/** Reading the ledger: filtered pages, each from the index that fits. */
import type { Hash, JsonObject, LedgerRecord } from "../records.ts";
import type { LedgerQuery } from "../store.ts";
import { keyOf, parseList, sequenceOf, splitHashes, toIso } from "./codec.ts";
import { type Database, findTractId } from "./database.ts";
import { type LedgerPlan, planLedger } from "./ledger-plan.ts";
import { unpackHashes } from "./pack-hashes.ts";
import { newestOf, oldestOf } from "./streams.ts";
import { unpackUlid } from "./ulid.ts";
import { hashesOfOperation, unpackEntryId } from "./write-ledger.ts";

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
  operationId: string,
  results: string,
  sources: string,
];
const ENTRY = `SELECT l.key, l.kind_id, l.provenance_id, l.timestamp, iif(typeof(l.id) = 'blob', hex(l.id), '=' || l.id), l.submission, coalesce(l.reason, (SELECT identity FROM names WHERE id = l.reason_id)), l.prompts, l.metadata, lower(hex(l.body_hash)),
  lower(hex(l.entry_hash)), (SELECT lower(hex(entry_hash)) FROM ledger WHERE key = l.key - 1), hex(o.id), lower(hex(o.results)), lower(hex(o.sources))
  FROM ledger l LEFT JOIN operations o ON o.key = (l.key >> 32 << 32) + l.operation_sequence`;

function toEntry(database: Database, row: LedgerRow): LedgerRecord {
  const { ledgerKinds, provenances } = database.interned;
  const kind = ledgerKinds.find(row[1]);
  return {
    sequence: sequenceOf(row[0]),
    id: unpackEntryId(row[4]),
    eventType: kind?.eventType ?? "",
    submissionId: row[5] ?? unpackUlid(row[12]),
    decision: kind?.decision ?? "",
    reason: row[6] ?? "",
    promptsUsed: parseList(row[7]),
    metadata: JSON.parse(unpackHashes(row[8], () => knownHashes(row))) as JsonObject,
    provenance: provenances.find(row[2]) ?? {},
    timestamp: toIso(row[3]),
    bodyHash: row[9],
    previousHash: row[11] ?? "",
    entryHash: row[10],
  };
}

/** What the entry's metadata may point to (pack-hashes.ts). */
function knownHashes(row: LedgerRow): readonly Hash[] {
  return hashesOfOperation({ results: splitHashes(row[13]), sources: splitHashes(row[14]) });
}

/** Rows looked at per step when a text has to be found in them. */
export const TEXT_STEP = 1000;

export function readLedger(database: Database, tract: string, query: LedgerQuery): readonly LedgerRecord[] {
  const tractId = findTractId(database, tract);
  if (tractId === null || query.limit <= 0) return [];
  const planned = planLedger(database, tractId, query);
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

export function pageOfKeys(
  database: Database,
  { streams, where, values }: LedgerPlan,
  { rising, from, limit }: { readonly rising: boolean; readonly from: number | null; readonly limit: number },
): readonly number[] {
  const reads = streams.map((stream) => () => {
    const above = rising && from !== null ? Math.max(stream.above, from) : stream.above;
    const below = !rising && from !== null ? Math.min(stream.below, from) : stream.below;
    return database
      .sql<[number]>(
        `SELECT l.key FROM ledger l WHERE l.key > +? AND l.key < +?${where}${stream.where} ORDER BY l.key ${rising ? "ASC" : "DESC"} LIMIT +?`,
      )
      .all(above, below, ...values, ...stream.values, limit)
      .map(([key]) => key);
  });
  return rising ? oldestOf(reads, limit) : newestOf(reads, limit);
}

export function readEntries(database: Database, keys: readonly number[]): readonly LedgerRecord[] {
  const [first] = keys;
  const last = keys.at(-1);
  // Keys without a gap, as a page of the whole ledger has them, need one statement instead of one each.
  if (first !== undefined && last !== undefined && last - first === keys.length - 1)
    return database
      .sql<LedgerRow>(`${ENTRY} WHERE l.key >= +? AND l.key <= +? ORDER BY l.key`)
      .all(first, last)
      .map((row) => toEntry(database, row));
  const statement = database.sql<LedgerRow>(`${ENTRY} WHERE l.key = +?`);
  return keys.flatMap((key) => {
    const row = statement.get(key);
    return row === undefined ? [] : [toEntry(database, row)];
  });
}

export function hasText({ reason, decision, metadata }: LedgerRecord, text: string): boolean {
  return [reason, decision, JSON.stringify(metadata)].some((part) => part.toLowerCase().includes(text));
}
