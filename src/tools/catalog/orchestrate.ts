/** Tool orchestrate: a bounded run that brings a branch into order (spec 5.5, 8). */
import { z } from "zod";
import { TractError } from "../../engine/errors.ts";
import { AUTONOMY_LEVELS } from "../../engine/history/policy-words.ts";
import { type OrchestrateResult, orchestrate, type Step } from "../../engine/orchestrator/orchestrate.ts";
import { MINDS } from "../../engine/orchestrator/run.ts";
import { cutArguments } from "../cut-arguments.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { flag, LLM_ARGUMENTS, text, tokens, unlisted } from "../params.ts";
import type { Profile } from "../profiles.ts";
import { answer, count, oneLine, plural } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const health = z.strictObject({
  tokens: z.int(),
  budget: z
    .strictObject({ max_tokens: z.int(), used: z.int(), percent: z.number(), action: z.string() })
    .nullable(),
  commits: z.int(),
  pinned: z.int(),
  pinned_tokens: z.int(),
  conflicts: z.int(),
  proposals: z.int(),
  branches: z.int(),
  merged: z.int(),
  stale: z.int(),
});

const { model, temperature, llm_config } = LLM_ARGUMENTS;

export const orchestrateTool: Tool = defineTool({
  name: "orchestrate",
  title: "Bring the context into order",
  description: "Tidy a branch step by step. mind: rules, llm; autonomy: manual, collaborative, autonomous.",
  effect: "write",
  isIdempotent: false,
  reachesOut: true,
  input: {
    goal: text,
    mind: unlisted(z.enum(MINDS)).optional(),
    autonomy: unlisted(z.enum(AUTONOMY_LEVELS)).optional(),
    max_steps: tokens,
    max_tokens: tokens.describe("Whole run"),
    profile: text,
    model,
    temperature,
    llm_config,
    dry_run: flag,
  },
  unlisted: ["model", "temperature"],
  output: {
    run_id: z.string().nullable(),
    mind: z.string(),
    autonomy: z.string(),
    dry_run: z.boolean(),
    branch: z.string(),
    steps: z.array(
      z.strictObject({
        step: z.int(),
        looked: health,
        tool: z.string(),
        arguments: z.record(z.string(), z.unknown()),
        outcome: z.string(),
        autonomy: z.string(),
        policy: z.string().nullable(),
        operation_id: z.string().nullable(),
        proposal_id: z.string().nullable(),
        error: z.string().nullable(),
        reason: z.string(),
      }),
    ),
    state: z.string(),
    reason: z.string(),
    answer: z.string().nullable(),
    before: health,
    after: health,
    usage: z.strictObject({ input_tokens: z.int(), output_tokens: z.int() }).nullable(),
  },
  readsOnly: ({ dry_run }) => dry_run === true,
  run: async ({ engine, signal, progress, profile: own }, input) => {
    const profile = profileWithin(own, input.profile);
    const result = await orchestrate(engine, { ...camelKeys(input), profile, signal, progress });
    const steps = result.steps.map((step) => ({
      ...snakeKeys(step),
      arguments: cutArguments(step.arguments),
    }));
    return {
      structured: { ...snakeKeys(result), steps },
      text: answer([headline(result), ...result.steps.map(stepLine), result.answer], nextStep(result)),
    };
  },
});

/** A run calls no tool that its caller could not. */
function profileWithin(own: Profile, asked: string | undefined): string | undefined {
  if (own === "full" || asked === own) return asked;
  if (asked === undefined) return own;
  throw new TractError(
    "not-allowed",
    `a run cannot have another profile than its caller's, which is ${own}`,
    {
      hint: "Leave profile out.",
      data: { profile: own },
    },
  );
}

function headline({ state, reason, branch, before, after, mind }: OrchestrateResult): string {
  const size = `${count(before.tokens)} → ${count(after.tokens)} tokens`;
  return `${branch} is ${state.replaceAll("_", " ")} (mind ${mind}, ${size}): ${reason}.`;
}

const REASON_CHARS = 100;

function stepLine({ step, tool, outcome, proposalId, operationId, error, reason }: Step): string {
  const made = proposalId ?? operationId ?? error;
  return `${step}. ${tool} ${outcome}${made === null ? "" : ` ${made}`}: ${oneLine(reason, REASON_CHARS)}`;
}

function nextStep({ steps, dryRun }: OrchestrateResult): string {
  const proposed = steps.filter(({ outcome }) => outcome === "proposed").length;
  if (proposed > 0) return `proposals: approve or reject ${plural(proposed, "proposal")}.`;
  if (dryRun && steps.length > 0) return "orchestrate without dry_run does it, as far as autonomy allows.";
  if (steps.some(({ outcome }) => outcome === "explained"))
    return "call the tools yourself, or orchestrate with autonomy autonomous.";
  return steps.some(({ outcome }) => outcome === "done") ? "undo takes the newest step back." : "go on.";
}
