/** Shows what waits for a decision: the proposals of policies and the plans of compress and collapse (spec 5.4). */
import type { Json, PlanRecord } from "../../storage/records.ts";
import { compress } from "../compress/compress.ts";
import { cutText } from "../cut-text.ts";
import { type Engine, withScope } from "../engine.ts";
import { TractError } from "../errors.ts";
import { contextTokens } from "./ground.ts";
import { findPlan, listPending, requirePending } from "./pending.ts";
import { type Proposal, readProposalBody, toProposal } from "./proposal.ts";

/** Those that wait, newest first. Those that have lost their ground expire here. */
export async function listProposals(engine: Engine): Promise<readonly Proposal[]> {
  return (await listPending(engine)).map(toProposal);
}

/** What approving would do. */
export interface Effect {
  readonly words: string;
  /** Of the branch's context; null: not measured. */
  readonly tokensBefore: number | null;
  readonly tokensAfter: number | null;
}

export interface ShownProposal {
  readonly proposal: Proposal;
  /** null: it is decided. */
  readonly effect: Effect | null;
}

/** @throws TractError `plan-not-found` for an unknown id, `plan-stale` when it has just lost its ground. */
export async function showProposal(engine: Engine, { id }: { readonly id: string }): Promise<ShownProposal> {
  const plan = await findPlan(engine, id);
  if (plan.state !== "pending") return { proposal: toProposal(plan), effect: null };
  await requirePending(engine, plan.id);
  return { proposal: toProposal(plan), effect: await effectOf(engine, plan) };
}

async function effectOf(engine: Engine, plan: PlanRecord): Promise<Effect> {
  switch (plan.kind) {
    case "compress":
      return await orRefusal(engine, plan, () => tryPlan(engine, plan));
    case "collapse":
      return told(`commits the child's result to ${plan.branch}`);
    default:
      return await orRefusal(engine, plan, () => tryAction(engine, plan));
  }
}

/** A plan that cannot be approved as it is says what it lacks. */
async function orRefusal(
  engine: Engine,
  { branch }: PlanRecord,
  look: () => Promise<Effect>,
): Promise<Effect> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
    const tokens = await contextTokens(engine, branch);
    return { words: `would be refused now: ${error.message}`, tokensBefore: tokens, tokensAfter: tokens };
  }
}

async function tryPlan(engine: Engine, { id, branch }: PlanRecord): Promise<Effect> {
  const result = await compress(engine, { planId: id, action: "approve", dryRun: true });
  if (result.kind !== "compressed") return told(`compresses ${branch}`);
  const { contextTokensBefore: tokensBefore, contextTokens: tokensAfter } = result;
  return { words: `compresses ${branch}: ${result.ratio}×`, tokensBefore, tokensAfter };
}

/** Tools that can be tried out. */
const TRIED: ReadonlySet<string> = new Set(["compress", "gc"]);

async function tryAction(engine: Engine, plan: PlanRecord): Promise<Effect> {
  const { action } = readProposalBody(plan);
  const { tool, arguments: given } = action;
  if (!TRIED.has(tool) || engine.toolbox === null) return told(inWords(plan));
  const dry = { tool, arguments: { ...given, dry_run: true } };
  const signal = new AbortController().signal;
  // As it would be approved.
  const as = withScope(engine, { byPolicy: true });
  const outcome = await engine.toolbox.call(as, dry, { profile: "full", signal });
  if (!outcome.ok) return told(`would be refused now: ${outcome.error.message}`);
  const { context_tokens_before: before, context_tokens: after } = outcome.structured;
  return {
    words: asPartOfSentence(outcome.text.split("\n", 1)[0] ?? inWords(plan)),
    tokensBefore: typeof before === "number" ? before : null,
    tokensAfter: typeof after === "number" ? after : null,
  };
}

/** `Would compress …, strategy mask.` stands after `Approving`. */
function asPartOfSentence(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1).replace(/\.$/, "")}`;
}

function told(words: string): Effect {
  return { words, tokensBefore: null, tokensAfter: null };
}

function inWords(plan: PlanRecord): string {
  const { action, target } = readProposalBody(plan);
  const given = Object.entries(action.arguments)
    .map(([name, value]) => `${name} ${cutText(wordOf(value), ARGUMENT_CHARS_SHOWN)}`)
    .join(", ");
  return `calls ${action.tool} for ${target} with ${given}; undo takes it back`;
}

const ARGUMENT_CHARS_SHOWN = 160;

function wordOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
