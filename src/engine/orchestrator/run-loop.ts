/** What both minds share: looking, doing a step, writing it down, and knowing when to end (spec 5.5). */
import type { Engine } from "../engine.ts";
import type { TractError } from "../errors.ts";
import type { Autonomy, Finding } from "../policies/policy.ts";
import { type Acted, act, type Hands, lesserAutonomy } from "./act.ts";
import type { Journal, Reasoning } from "./journal.ts";
import type { OrchestrateRequest, RunEnd, Step } from "./run.ts";
import { type Health, look, type Situation } from "./situation.ts";

/** A run under way. */
export interface Run extends Hands {
  readonly ceiling: Autonomy;
  readonly stepsMax: number;
  /** null: nothing is written down, as in a dry run. */
  readonly journal: Journal | null;
  /** What must not get into the store is not sent to an LLM either, as it is kept what was sent. */
  readonly clean: (text: string) => string;
  readonly onStep: OrchestrateRequest["onStep"];
  readonly progress: NonNullable<OrchestrateRequest["progress"]>;
  /** Grows. */
  readonly steps: Step[];
}

export async function lookAgain({
  engine,
  branch,
}: {
  readonly engine: Engine;
  readonly branch: string;
}): Promise<Situation> {
  return await look(engine, branch);
}

/** Why the run must end before the next step; null: it goes on. */
export function boundReached(run: Run): RunEnd | null {
  if (run.signal.aborted) return ended("cancelled", "the run was cancelled");
  if (run.steps.length >= run.stepsMax)
    return ended("out_of_steps", `all ${run.stepsMax} steps are made, and more is left to do`);
  return null;
}

export function ended(state: RunEnd["state"], reason: string, answer: string | null = null): RunEnd {
  return { state, reason, answer };
}

export interface Done {
  readonly acted: Acted;
  /** The caller or its signal ended the run after this step. */
  readonly end: RunEnd | null;
}

/** Does one step, writes it down, and lets the caller have its say, for as long as it likes. */
export async function step(
  run: Run,
  finding: Finding,
  about: {
    readonly looked: Health;
    readonly policy: string | null;
    readonly reasoning: Reasoning;
    readonly refused: TractError | null;
  },
): Promise<Done> {
  const autonomy = lesserAutonomy(run.ceiling, finding.autonomy);
  const acted = await act(run, { ...finding, autonomy }, about.refused);
  const { outcome, operationId, proposalId, error } = acted;
  const { tool, arguments: args } = finding.action;
  const made: Step = {
    step: run.steps.length + 1,
    looked: about.looked,
    tool,
    arguments: args,
    outcome,
    autonomy,
    policy: about.policy,
    operationId,
    proposalId,
    error,
    reason: finding.reason,
  };
  run.steps.push(made);
  await run.journal?.stepped(made, about.reasoning);
  run.progress(made.step, run.stepsMax, `${tool}: ${outcome}`);
  return { acted, end: await askCaller(run, made) };
}

async function askCaller({ onStep, signal }: Run, made: Step): Promise<RunEnd | null> {
  const answer = onStep === undefined ? undefined : await orAborted(onStep(made), signal);
  if (signal.aborted) return ended("cancelled", "the run was cancelled");
  return answer === "stop" ? ended("stopped", `the caller stopped the run after step ${made.step}`) : null;
}

/** A run that is held can still be cancelled. */
async function orAborted(value: unknown, signal: AbortSignal): Promise<unknown> {
  let stop = (): void => undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = () => resolve();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) resolve();
  });
  try {
    return await Promise.race([value, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
