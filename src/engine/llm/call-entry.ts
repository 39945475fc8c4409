/** The ledger entry of a call of an LLM: how, how long, how much, and what was sent, never its text (spec 4.1; spec 9, 24 and 25). */
import type { JsonObject, LedgerBody } from "../../storage/records.ts";
import type { LLMConfig } from "../content/llm-config.ts";
import type { Engine } from "../engine.ts";
import type { TractError } from "../errors.ts";
import { ledgerEntry } from "../ledger/entry.ts";
import type { LlmUsage } from "./llm-client.ts";

/** What a call was, whether it worked or not. */
export interface LlmCall {
  /** `chat`, `generate`, `compress`, … */
  readonly operation: string;
  /** As asked for, and with the model that answered once one did. */
  readonly config: LLMConfig;
  /** Never empty: pack ids, the caller's own, named instructions, or the compiler. */
  readonly promptsUsed: readonly string[];
  /** Where what was sent can be made again from: a compile record, or the recipe of a prompt. Hashes, ids and numbers only. */
  readonly sent: JsonObject;
  readonly latencyMs: number;
  readonly attempts: number;
  readonly usage: LlmUsage | null;
  /** As the provider reported it. */
  readonly cost: number | null;
  readonly finishReason: string | null;
  /** null: it worked. */
  readonly error: TractError | null;
}

/**
 * Makes the LLM_CALL entry.
 *
 * @param submissionId The operation that the call was for; of a failed call the session, or what there is.
 */
export function llmCallEntry(
  engine: Engine,
  call: LlmCall,
  at: { readonly now: string; readonly submissionId: string },
): LedgerBody {
  const { operation, config, usage, cost, error } = call;
  const model = config.model ?? null;
  const { name: tool = null } = engine.scope.tool ?? {};
  return ledgerEntry(engine, at.now, {
    eventType: "LLM_CALL",
    submissionId: at.submissionId,
    decision: error === null ? "OK" : "ERROR",
    reason: `${error === null ? "Asked" : "Failed to ask"} ${model ?? "the LLM"} for ${operation}`,
    promptsUsed: call.promptsUsed,
    metadata: {
      operation,
      model_id: model,
      config: { ...config } as JsonObject, // A checked config is JSON without undefined.
      input_tokens: usage?.inputTokens ?? null,
      output_tokens: usage?.outputTokens ?? null,
      ...(cost === null ? {} : { cost }),
      latency_ms: call.latencyMs,
      attempts: call.attempts,
      finish_reason: call.finishReason,
      ...call.sent,
      ...(tool === null ? {} : { tool }),
      ...(error === null ? {} : { error_code: error.code }),
    },
  });
}
