/** The setting `orchestrate`: when runs begin by themselves, and what they may do (spec 5.5). */
import { z } from "zod";
import { DEFAULT_LIMITS } from "../limits.ts";
import { AUTONOMY_LEVELS, type Autonomy } from "./policy-words.ts";

export interface OrchestrateSettings {
  /** Each that is given sets off runs. */
  readonly triggers: {
    /** So many commits after the last run of the branch. */
    readonly every_commits?: number | undefined;
    /** The compiled context has come to this share of the budget. */
    readonly budget_fraction?: number | undefined;
    readonly session_end?: boolean | undefined;
  };
  /** Runs that nobody has asked for cost nothing unless this says llm. */
  readonly mind: "rules" | "llm";
  readonly autonomy: Autonomy;
  readonly max_steps: number;
}

export const ORCHESTRATE_SETTINGS: z.ZodType<OrchestrateSettings> = z.strictObject({
  triggers: z.strictObject({
    every_commits: z.int().min(1).optional(),
    budget_fraction: z.number().min(0.01).max(2).optional(),
    session_end: z.boolean().optional(),
  }),
  mind: z.enum(["rules", "llm"]).default("rules"),
  autonomy: z.enum(AUTONOMY_LEVELS).default("collaborative"),
  max_steps: z.int().min(1).max(DEFAULT_LIMITS.orchestrateStepsMax).default(10),
});
