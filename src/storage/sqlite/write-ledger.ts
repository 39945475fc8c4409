/** Sealing ledger entries: each hash covers the one before, its sequence and its body (spec 4.1). */
import { hash } from "node:crypto";
import type { Hash, OperationRecord } from "../records.ts";
import { keyOf, listOrNull, toMilliseconds } from "./codec.ts";
import { packHashes } from "./pack-hashes.ts";
import type { Writing } from "./publish.ts";
import { packUlid, unpackUlid } from "./ulid.ts";

export function writeLedger({ change, database, tract }: Writing): void {
  const { operation } = change;
  const known = operation === null ? [] : hashesOfOperation(operation);
  const { interned } = database;
  const insert = database.sql(
    `INSERT INTO ledger (key, kind_id, provenance_id, operation_sequence, timestamp, id, submission, reason, reason_id, prompts, metadata, body_hash, entry_hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, unhex(?), unhex(?))`,
  );
  for (const body of change.ledger) {
    const time = toMilliseconds(body.timestamp);
    const reasonId = interned.reasons.idOfRepeated(body.reason);
    const isOfOperation = body.submissionId === operation?.id;
    tract.ledgerSequence += 1;
    tract.ledgerHead = sealEntry(tract.ledgerHead, tract.ledgerSequence, body.bodyHash);
    tract.ledgerSkew = Math.max(tract.ledgerSkew, tract.ledgerTime - time);
    tract.ledgerTime = Math.max(tract.ledgerTime, time);
    insert.run(
      keyOf(tract.id, tract.ledgerSequence),
      interned.ledgerKinds.idOf(body),
      interned.provenances.idOf(body.provenance),
      isOfOperation ? tract.operationSequence : null,
      time,
      packEntryId(body.id),
      isOfOperation ? null : body.submissionId,
      reasonId === null ? body.reason : null,
      reasonId,
      listOrNull(body.promptsUsed),
      packHashes(JSON.stringify(body.metadata), isOfOperation ? known : []),
      body.bodyHash,
      tract.ledgerHead,
    );
  }
}

export function sealEntry(previousHash: string, sequence: number, bodyHash: string): string {
  return hash("sha256", `tract.ledger.v1\n${previousHash}\n${sequence}\n${bodyHash}`, "hex");
}

/** Hashes that the row of an operation holds: its ledger entries need not hold them again. */
export function hashesOfOperation({
  results,
  sources,
}: Pick<OperationRecord, "results" | "sources">): readonly Hash[] {
  return [...results, ...sources];
}

const ENTRY_PREFIX = "LED-";

function packEntryId(id: string): string | Uint8Array {
  return (id.startsWith(ENTRY_PREFIX) ? packUlid(id.slice(ENTRY_PREFIX.length)) : null) ?? id;
}

/** From the hex digits of a packed id, or a whole one behind "=". */
export function unpackEntryId(text: string): string {
  return text.startsWith("=") ? text.slice(1) : ENTRY_PREFIX + unpackUlid(text);
}
