/** What the methods about policies take in the library (spec 5.4). */
import { z } from "zod";
import { isJsonObject } from "./content/json-rules.ts";
import { AUTONOMY_LEVELS } from "./history/policy-words.ts";
import { MINDS } from "./orchestrator/run.ts";
import { callback, count, dictionary, flag, signal, text } from "./shape-words.ts";

export type AutomationShape =
  | "policies"
  | "setPolicy"
  | "namedPolicy"
  | "evaluatePolicies"
  | "changes"
  | "orchestrate";

/** Checked where policies are read: there the nearest word is told, too. */
const anything = z.unknown().optional();

export const AUTOMATION_SHAPES: Readonly<Record<AutomationShape, z.ZodType>> = {
  policies: z.strictObject({ branch: text }),
  setPolicy: z.strictObject({
    name: text,
    kind: anything,
    trigger: anything,
    priority: anything,
    params: anything,
    autonomy: anything,
    cooldown: anything,
    enabled: anything,
    branch: text,
  }),
  namedPolicy: z.strictObject({ name: z.string(), branch: text }),
  evaluatePolicies: z.strictObject({ name: text, branch: text }),
  orchestrate: z.strictObject({
    goal: text,
    mind: z.enum(MINDS).optional(),
    autonomy: z.enum(AUTONOMY_LEVELS).optional(),
    maxSteps: count,
    maxTokens: count,
    profile: text,
    model: text,
    temperature: z.number().optional(),
    llmConfig: dictionary.optional(),
    dryRun: flag,
    signal: signal.optional(),
    onStep: callback.optional(),
    progress: callback.optional(),
  }),
  changes: z.custom(isJsonObject, { error: "expected a JSON object" }),
};
