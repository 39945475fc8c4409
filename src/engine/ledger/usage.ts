/** What LLM calls cost as ledger entries tell it, and its sums (spec 4.3). Pure. */
import { z } from "zod";
import type { JsonObject, LedgerRecord } from "../../storage/records.ts";
import { TractError } from "../errors.ts";
import type { LedgerEvent } from "./entry.ts";

/** Entries that may have usage: calls, and turns that were recorded with what their call had used. A turn of a call has none of its own. */
export const USAGE_EVENTS: readonly string[] = ["LLM_CALL", "TURN_RECORDED"] satisfies readonly LedgerEvent[];

export interface UsageSum {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly latencyMs: number;
  /** As providers reported it; null when none did. */
  readonly cost: number | null;
}

export const NO_USAGE: UsageSum = {
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  latencyMs: 0,
  cost: null,
};

/** The sum with one more entry. A report that takes the place of another is no call of its own, and counts by what it says differently. */
export function addUsage(sum: UsageSum, { eventType, metadata }: LedgerRecord): UsageSum {
  if (!USAGE_EVENTS.includes(eventType)) return sum;
  const { input_tokens: input, output_tokens: output, latency_ms: latency, cost } = metadata;
  if (eventType === "TURN_RECORDED" && typeof input !== "number") return sum;
  const before = metadata.replaces === undefined ? null : REPORTED_ENTRY.safeParse(metadata.replaces).data;
  const inputTokens = numberOf(input) - (before?.input_tokens ?? 0);
  const outputTokens = numberOf(output) - (before?.output_tokens ?? 0);
  return {
    calls: sum.calls + (before ? 0 : 1),
    inputTokens: sum.inputTokens + inputTokens,
    outputTokens: sum.outputTokens + outputTokens,
    totalTokens: sum.totalTokens + inputTokens + outputTokens,
    latencyMs: sum.latencyMs + numberOf(latency),
    cost: typeof cost === "number" ? (sum.cost ?? 0) + cost : sum.cost,
  };
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** What an API reported, in either spelling. */
export type ReportedUsage =
  | { readonly inputTokens: number; readonly outputTokens: number }
  | { readonly input_tokens: number; readonly output_tokens: number }
  | { readonly prompt_tokens: number; readonly completion_tokens: number };

const tokens = z.int().min(0);
const REPORTED_ENTRY = z.object({ input_tokens: tokens, output_tokens: tokens });
const REPORTED = z.union([
  REPORTED_ENTRY,
  z
    .object({ prompt_tokens: tokens, completion_tokens: tokens })
    .transform((usage) => ({ input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens })),
  z
    .object({ inputTokens: tokens, outputTokens: tokens })
    .transform((usage) => ({ input_tokens: usage.inputTokens, output_tokens: usage.outputTokens })),
]);

/**
 * Usage as ledger entries hold it; what else an API reports is left out.
 *
 * @throws TractError `invalid-argument`.
 */
export function readUsage(usage: unknown): JsonObject {
  if (usage === undefined || usage === null) return {};
  const parsed = REPORTED.safeParse(usage);
  if (parsed.success) {
    const { input_tokens, output_tokens } = parsed.data;
    return { input_tokens, output_tokens };
  }
  throw new TractError(
    "invalid-argument",
    "usage: expected input_tokens and output_tokens as whole numbers",
    {
      hint: "Give the usage as the API reported it (also prompt_tokens and completion_tokens), or leave it out; nothing was stored.",
      data: { path: "usage", expected: "{ input_tokens, output_tokens }" },
    },
  );
}
