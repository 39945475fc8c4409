/** Makes ledger entries as the engine knows them; the store adds sequence and chain (spec 4.1). */
import type { Hash, JsonObject, LedgerBody, LedgerRecord } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import { sha256 } from "../content/hashes.ts";
import type { Engine } from "../engine.ts";

export type LedgerEvent =
  | "GENESIS"
  | "OPERATION"
  | "IMPORTED"
  | "BUDGET"
  | "PROPOSAL"
  | "POLICY"
  | "GC"
  | "VERIFIED"
  | "LLM_CALL"
  | "SESSION_START"
  | "SESSION_END"
  | "TURN_RECORDED"
  | "TOOL_CALL"
  | "ORCHESTRATION";

export interface LedgerEvidence {
  readonly eventType: LedgerEvent;
  readonly submissionId: string;
  readonly decision: string;
  /** A sentence that a person can read. Never stored content. */
  readonly reason: string;
  readonly metadata: JsonObject;
  readonly promptsUsed?: readonly string[];
}

/** An entry for something that happens now, on behalf of the engine's scope. */
export function ledgerEntry(engine: Engine, now: string, evidence: LedgerEvidence): LedgerBody {
  const entry = openEntry(engine, now, evidence);
  return { ...entry, bodyHash: hashLedgerBody(entry) };
}

const NOT_HASHED = "" as Hash; // Only in open entries, which are never stored.

/** An entry whose metadata is not complete yet: whoever completes it gives it its body hash, as `sealOperation` does for operations. */
export function openEntry(engine: Engine, now: string, evidence: LedgerEvidence): LedgerBody {
  const { agent_id, agent_class, session_id, client } = engine.scope.provenance;
  return {
    id: `LED-${engine.newId()}`,
    eventType: evidence.eventType,
    submissionId: evidence.submissionId,
    decision: evidence.decision,
    reason: evidence.reason,
    promptsUsed: evidence.promptsUsed ?? [],
    metadata: evidence.metadata,
    provenance: { agent_class, agent_id, client, session_id, worktree: engine.scope.worktree },
    timestamp: now,
    bodyHash: NOT_HASHED,
  };
}

/** What the body hash covers; the provenance stands inside the metadata. */
export function hashLedgerBody(body: Omit<LedgerBody, "bodyHash">): LedgerBody["bodyHash"] {
  // Keys in order, so that canonicalJson has little to sort.
  const covered = {
    decision: body.decision,
    event_type: body.eventType,
    id: body.id,
    metadata: ledgerMetadata(body),
    prompts_used: body.promptsUsed,
    reason: body.reason,
    submission_id: body.submissionId,
    timestamp: body.timestamp,
  };
  return sha256(`tract.ledger-body.v1\n${canonicalJson(covered)}`);
}

/** The metadata of an entry as it is shown and hashed, its keys in order. */
export function ledgerMetadata(body: Pick<LedgerBody, "metadata" | "provenance">): JsonObject {
  const members = Object.entries({ ...body.metadata, provenance: body.provenance });
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The seal of an entry from its place in the chain. */
export function hashLedgerEntry(
  entry: Pick<LedgerRecord, "previousHash" | "sequence" | "bodyHash">,
): LedgerRecord["entryHash"] {
  return sha256(`tract.ledger.v1\n${entry.previousHash}\n${entry.sequence}\n${entry.bodyHash}`);
}
