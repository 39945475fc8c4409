/** Turns of a session in the ledger: their numbers, and the entry that records one (spec 4.2; spec 9, 23). */
import type { Hash, JsonObject, LedgerBody, LedgerRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { ledgerEntry } from "./entry.ts";

export interface Turn {
  readonly number: number;
  /** Hashes of the contents; the texts stand in the store, where they can be forgotten. */
  readonly userMessage: Hash;
  readonly response: Hash;
  /** The branch it was recorded on, and its commits; none when only the texts are kept. */
  readonly branch: string | null;
  readonly commits: readonly Hash[];
  readonly operationId: string | null;
  readonly modelId: string | null;
  /** How the response was generated, when no commit says it. */
  readonly generationConfig: JsonObject | null;
  /** What the call used, when no LLM_CALL entry says it: usage counts once. */
  readonly usage: JsonObject;
  readonly promptsUsed: readonly string[];
}

/**
 * The entry TURN_RECORDED. Its change must expect the ledger as it was when `lastTurnNumber` was read, or two writers may use one number.
 *
 * @param sessionId the session that the turn belongs to; the engine's scope acts for it.
 */
export function turnEntry(engine: Engine, now: string, sessionId: string, turn: Turn): LedgerBody {
  const { operationId, modelId, generationConfig, usage } = turn;
  return ledgerEntry(engine, now, {
    eventType: "TURN_RECORDED",
    submissionId: sessionId,
    decision: "RECORDED",
    reason: `Turn ${turn.number} recorded`,
    promptsUsed: turn.promptsUsed,
    metadata: {
      turn_number: turn.number,
      user_message: turn.userMessage,
      response: turn.response,
      branch: turn.branch,
      commits: turn.commits,
      ...(operationId === null ? {} : { operation_id: operationId }),
      ...(modelId === null ? {} : { model_id: modelId }),
      ...(generationConfig === null ? {} : { generation_config: generationConfig }),
      ...usage,
    },
  });
}

/** Of a session in the tract of the scope; 0 before the first turn. It rises by one with each, however often the session is resumed. */
export async function lastTurnNumber(engine: Engine, sessionId: string): Promise<number> {
  const query = { submissionId: sessionId, eventTypes: ["TURN_RECORDED"], order: "desc", limit: 1 } as const;
  const [last] = await engine.store.readLedger(engine.scope.tract, query);
  return last === undefined ? 0 : turnNumberOf(last);
}

export function turnNumberOf({ metadata }: LedgerRecord): number {
  return typeof metadata.turn_number === "number" ? metadata.turn_number : 0;
}
