/** orchestrate: a bounded run that looks at a context, chooses what to do, does it through the tools, and writes it down (spec 5.5). */
import type { LLMConfig } from "../content/llm-config.ts";
import { type Engine, withScope } from "../engine.ts";
import { TractError } from "../errors.ts";
import { attachedBranch } from "../history/commit.ts";
import { readSettings } from "../history/settings.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import type { LlmAccess } from "../llm/llm-client.ts";
import { requireLlm } from "../llm/require-llm.ts";
import { refuseConfig, resolveLlmConfig, saysConfig } from "../llm/resolve-config.ts";
import { propose } from "../policies/propose.ts";
import type { ToolBox } from "../toolbox.ts";
import type { Propose } from "./act.ts";
import { findIn } from "./find.ts";
import { openJournal } from "./journal.ts";
import { runLlm } from "./llm-mind.ts";
import { runRules } from "./rules-mind.ts";
import type { Mind, OrchestrateRequest, OrchestrateResult, RunEnd } from "./run.ts";
import { ended, lookAgain, type Run } from "./run-loop.ts";
import { countSpending, type Spending } from "./spending.ts";

export type { OrchestrateRequest, OrchestrateResult, RunState, Step } from "./run.ts";

/** What sets a run off when no caller does; for the ledger. */
export type RunCause = "call" | "every_commits" | "budget_fraction" | "session_end";

/**
 * Looks after the branch that the worktree is on, until it is healthy or a bound is reached. Every step is a whole operation of its own; a
 * run that ends early leaves those that are done.
 *
 * @throws TractError before anything is done: `llm-not-configured`, `invalid-argument`, `detached-head`, `store-readonly`, `not-allowed` (no
 *   tools are at hand); the codes of the LLM when it fails before the first step.
 */
export async function orchestrate(
  engine: Engine,
  request: OrchestrateRequest = {},
  cause: RunCause = "call",
): Promise<OrchestrateResult> {
  const plan = await prepare(engine, request);
  const { mind, site, toolbox } = plan;
  const isDryRun = request.dryRun === true;
  const spending = plan.asked === null ? null : await spendingOf(engine, site, request, plan.asked);
  const branch = attachedBranch(site);
  // An unwritten tract has nothing for rules to do, and is not made for it.
  const journal = isDryRun || (mind === "rules" && site.tract === null) ? null : openJournal(engine, branch);
  const ceiling = request.autonomy ?? "collaborative";
  const run: Run = {
    // What is done here sets off nothing of its own, and rules ask nobody.
    engine: { ...withScope(engine, { byPolicy: true }), llm: spending?.llm ?? null },
    toolbox,
    propose: proposing,
    profile: plan.profile,
    isDryRun,
    signal: request.signal ?? new AbortController().signal,
    branch,
    ceiling,
    stepsMax: request.maxSteps ?? STEPS_DEFAULT,
    journal,
    clean: await cleaner(engine, site),
    onStep: request.onStep,
    progress: request.progress ?? (() => undefined),
    steps: [],
  };
  const before = (await lookAgain(run)).health;
  const facts = { branch, mind, autonomy: ceiling, profile: run.profile, max_steps: run.stepsMax, cause };
  await journal?.started({ ...facts, has_goal: request.goal !== undefined }, before);
  const think = async (): Promise<RunEnd> =>
    spending === null || plan.asked === null || journal === null
      ? await runRules(run, findIn(branch))
      : await runLlm(run, { spending, config: plan.asked.config, goal: request.goal ?? null, journal });
  const end = await endedWhatever(run, think, async (how) => {
    const after = (await lookAgain(run)).health;
    const { inputTokens, outputTokens } = spending?.used() ?? { inputTokens: 0, outputTokens: 0 };
    const numbers = { before, after, steps: run.steps.length, tokens: inputTokens + outputTokens };
    await journal?.ended(how, numbers);
    return after;
  });
  return {
    runId: journal?.runId ?? null,
    mind,
    autonomy: ceiling,
    dryRun: isDryRun,
    branch,
    steps: run.steps,
    ...end.how,
    before,
    after: end.value,
    usage: spending?.used() ?? null,
  };
}

const STEPS_DEFAULT = 10;

/** Closes the run in the ledger also when it ends with an error, which then rises. */
async function endedWhatever<Value>(
  run: Run,
  think: () => Promise<RunEnd>,
  close: (how: RunEnd) => Promise<Value>,
): Promise<{ readonly how: RunEnd; readonly value: Value }> {
  let how: RunEnd;
  try {
    how = await think();
  } catch (error) {
    const code = error instanceof TractError ? error.code : "internal";
    await close(ended("blocked", `the run ended with an error (${code}) after ${run.steps.length} steps`));
    throw error;
  }
  return { how, value: await close(how) };
}

interface Prepared {
  readonly site: Site;
  readonly mind: Mind;
  readonly profile: string;
  readonly toolbox: ToolBox;
  /** null: no LLM. */
  readonly asked: Asked | null;
}

interface Asked {
  readonly llm: LlmAccess;
  readonly config: LLMConfig;
}

/** Everything that can be refused is refused here. */
async function prepare(engine: Engine, request: OrchestrateRequest): Promise<Prepared> {
  const { maxSteps = STEPS_DEFAULT, maxTokens = 1 } = request;
  const { orchestrateStepsMax } = engine.limits;
  if (!Number.isInteger(maxSteps) || maxSteps < 1 || maxSteps > orchestrateStepsMax)
    throw wrong("max_steps", `a whole number from 1 to ${orchestrateStepsMax}`);
  if (!Number.isInteger(maxTokens) || maxTokens < 1)
    throw wrong("max_tokens", "a whole number of at least 1");
  const { toolbox } = engine;
  if (toolbox === null) throw noTools();
  const site = await readSite(engine, {});
  attachedBranch(site);
  const asked = await askedMind(engine, site, request);
  const mind = asked === null ? "rules" : "llm";
  const profile = request.profile ?? (mind === "llm" ? "self" : "full");
  toolbox.list(profile); // An unknown one is refused here.
  if (engine.store.isReadonly && request.dryRun !== true) throw readonlyStore();
  return { site, mind, profile, toolbox, asked };
}

/** null: rules. */
async function askedMind(engine: Engine, site: Site, request: OrchestrateRequest): Promise<Asked | null> {
  const { mind, goal, maxTokens, dryRun = false } = request;
  const wantsLlm = mind === "llm" || goal !== undefined || maxTokens !== undefined || saysConfig(request);
  if (mind === "rules" || dryRun) {
    const why = mind === "rules" ? "mind rules" : "dry_run";
    if (mind === "llm") throw wrong("dry_run", "no dry_run with mind llm", NO_DRY_LLM);
    if (goal !== undefined) throw wrong("goal", `no goal with ${why}, which asks no LLM`, NO_GOAL);
    if (maxTokens !== undefined) throw wrong("max_tokens", `no max_tokens with ${why}, which asks no LLM`);
    refuseConfig(request, why);
    return null;
  }
  if (goal !== undefined && goal.trim() === "") throw wrong("goal", "a text that says something");
  const { llm } = await readSettings(engine, engine.scope.tract, site.head?.hash ?? null);
  const { config } = resolveLlmConfig(engine, { operation: "orchestrate", settings: llm, call: request });
  const canAsk = engine.llm !== null && (!engine.llm.isOwn || config.model !== undefined);
  if (!wantsLlm && !canAsk) return null;
  return { llm: requireLlm(engine, config, WITHOUT), config };
}

const WITHOUT =
  "Without one: mind rules does what the policies of the tract find, and keeps it under its budget.";
const NO_GOAL = "Leave goal out, or let mind llm follow it; nothing was done.";
const NO_DRY_LLM =
  "With autonomy manual an LLM only says what it would do; a dry run shows what rules would do.";

/** Puts placeholders where credentials stand, if the screen of the branch says so. */
async function cleaner(engine: Engine, { head }: Site): Promise<(text: string) => string> {
  const screen = await engine.screen(engine, head?.hash ?? null);
  return (text) => screen?.redact(text, null)?.text ?? text;
}

async function spendingOf(
  engine: Engine,
  { tract }: Site,
  { maxTokens = null }: { readonly maxTokens?: number | null | undefined },
  { llm }: Asked,
): Promise<Spending> {
  const counter = await engine.tokenCounter(tract?.encoding ?? engine.settings.encoding);
  return countSpending(llm, { tokensMax: maxTokens, count: (text) => counter.count(text) });
}

const proposing: Propose = async (engine, finding) => {
  const proposed = await propose(engine, finding);
  if (proposed === null)
    return { proposalId: null, text: "Not proposed: there is no commit yet, or too many proposals wait." };
  const { proposal, isNew } = proposed;
  if (proposal.state === "rejected")
    return { proposalId: null, text: `Not proposed: the same was rejected as ${proposal.id}.` };
  const words = isNew ? "Stored as proposal" : "It waits already as proposal";
  return { proposalId: proposal.id, text: `${words} ${proposal.id}; it has not run.` };
};

function wrong(path: string, expected: string, hint?: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: hint ?? "Correct this argument and call again; nothing was done.",
    data: { path, expected },
  });
}

function noTools(): TractError {
  return new TractError("not-allowed", "there are no tools here that a run could act through", {
    hint: "Run orchestrate through the server, the command line or a store opened with openStore.",
  });
}

function readonlyStore(): TractError {
  return new TractError(
    "store-readonly",
    "this store can be read, but a run of the orchestrator is written down in it",
    {
      hint: "Open the store for writing, or give dry_run.",
    },
  );
}
