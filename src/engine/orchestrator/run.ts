/** What a run of the orchestrator is asked, and what came of it, as data (spec 5.5, 8). */
import type { JsonObject } from "../../storage/records.ts";
import type { LlmUsage } from "../llm/llm-client.ts";
import type { LlmArguments } from "../llm/resolve-config.ts";
import type { Autonomy } from "../policies/policy.ts";
import type { Health } from "./situation.ts";

/** `rules` asks no LLM. */
export const MINDS = ["rules", "llm"] as const;
export type Mind = (typeof MINDS)[number];

/** `llmConfig.max_tokens` bounds one answer of the LLM; `maxTokens` here bounds the whole run. */
export interface OrchestrateRequest extends Omit<LlmArguments, "maxTokens"> {
  /** What is wanted besides a healthy context; only an LLM can follow it. */
  readonly goal?: string | undefined;
  /** Default: llm where one is configured, else rules; rules in a dry run. */
  readonly mind?: Mind | undefined;
  /** The most that is done without asking, whatever policies allow. Default: collaborative. */
  readonly autonomy?: Autonomy | undefined;
  /** Tool calls, failed ones among them. Default: 10. */
  readonly maxSteps?: number | undefined;
  /** Tokens that the LLM may read and write in this run, all its answers together; looked at before each one. Default: any. */
  readonly maxTokens?: number | undefined;
  /** Whose tools may be called. Default: self for an LLM; full for rules, which do what the policies of the tract say. */
  readonly profile?: string | undefined;
  /** Say what rules would do; no LLM is asked, and nothing is stored. */
  readonly dryRun?: boolean | undefined;
  /** Ends the run between two steps, and the step that is under way if it can be. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each step once it is done. The run goes on when it has answered (so it can pause it), unless it says "stop". */
  readonly onStep?: ((step: Step) => unknown) | undefined;
  readonly progress?: ((done: number, total: number | null, message: string) => void) | undefined;
}

/** `read`: it could change nothing; `explained`: it was only said, as the autonomy is manual or nothing may be stored. */
export type StepOutcome = "read" | "done" | "proposed" | "explained" | "failed";

export interface Step {
  /** From 1. */
  readonly step: number;
  /** What there was before it. */
  readonly looked: Health;
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly outcome: StepOutcome;
  /** What it was allowed: the ceiling of the run, or less where the policy says less. */
  readonly autonomy: Autonomy;
  /** The policy whose finding it answers; null: an LLM chose it. */
  readonly policy: string | null;
  readonly operationId: string | null;
  readonly proposalId: string | null;
  /** Code of the failure. */
  readonly error: string | null;
  /** A sentence, without stored content. */
  readonly reason: string;
}

/**
 * `healthy`: nothing is left to do; `blocked`: what is left waits for somebody, or cannot be done; `stopped`: the caller said so.
 */
export type RunState = "healthy" | "out_of_steps" | "out_of_tokens" | "stopped" | "cancelled" | "blocked";

export interface OrchestrateResult {
  /** What its entries in the ledger are filed under; null: nothing was written. */
  readonly runId: string | null;
  readonly mind: Mind;
  readonly autonomy: Autonomy;
  readonly dryRun: boolean;
  readonly branch: string;
  readonly steps: readonly Step[];
  readonly state: RunState;
  /** Why it ended, in a sentence. */
  readonly reason: string;
  /** What the LLM said at the end; null without one. */
  readonly answer: string | null;
  readonly before: Health;
  readonly after: Health;
  /** Of all answers of the LLM, counted where it does not report; null without one. */
  readonly usage: LlmUsage | null;
}

/** How a mind ended. */
export interface RunEnd {
  readonly state: RunState;
  readonly reason: string;
  readonly answer: string | null;
}
