/** Evaluates policies at the moments they ask for, and reports, proposes or acts as their autonomy says (spec 5.4). */

import { emptyChange } from "../../storage/change-set.ts";
import type { LedgerBody } from "../../storage/records.ts";
import { type Engine, type Scope, withScope } from "../engine.ts";
import { TractError } from "../errors.ts";
import { publish } from "../history/publish.ts";
import { readSite } from "../history/snapshot.ts";
import type { PolicyPlace } from "../history/stated-policies.ts";
import { assertNever } from "../invariant.ts";
import { asTractError } from "../store-failure.ts";
import { act } from "./act.ts";
import { type Cooldowns, createCooldowns } from "./cooldowns.ts";
import { policyEntry } from "./decision-entry.ts";
import { evaluatePolicy } from "./evaluate.ts";
import { createMemories, forgetFacts, type TractMemory } from "./memory.ts";
import type { Occasion, Watch } from "./occasion.ts";
import type { Autonomy, Finding, Policy } from "./policy.ts";
import { propose } from "./propose.ts";
import { readInForce } from "./read-policies.ts";
import { lookAt, type Situation } from "./situation.ts";

/** For one engine: it remembers when policies answered last, and what it has seen of its tracts. */
export function createWatch(): Watch {
  const cooldowns = createCooldowns();
  const memories = createMemories();
  return async (engine, occasion) => {
    const { scope, store } = engine;
    if (scope.byPolicy === true || store.isReadonly) return;
    try {
      const policies = await calledPolicies(engine, occasion);
      if (policies.length === 0) return;
      const memory = memories.after(occasion.tract, occasion.written);
      const watching = { engine: withScope(engine, asWatcher(occasion)), cooldowns, memory };
      await followAll(watching, occasion, policies);
    } catch {
      // The settings could not be read: the next call that needs them says why.
    }
  };
}

interface Watching {
  readonly engine: Engine;
  readonly cooldowns: Cooldowns;
  readonly memory: TractMemory;
}

/** What a policy does sets off no other, and belongs to no tool that was called. */
function asWatcher({ tract }: Occasion): Partial<Scope> {
  return { tract, byPolicy: true, tool: null };
}

async function calledPolicies(engine: Engine, occasion: Occasion): Promise<readonly Policy[]> {
  const { moment, tract, branch, head } = occasion;
  const inTract = tract === engine.scope.tract ? engine : withScope(engine, { tract });
  const at = head === null ? await headHere(inTract) : { head, branch };
  return (await readInForce(inTract, at)).at[moment];
}

async function headHere(engine: Engine): Promise<PolicyPlace> {
  const { head, branch } = await readSite(engine, {});
  return { head: head?.hash ?? null, branch };
}

/** One after the other, each on what the one before it left. */
async function followAll(watching: Watching, occasion: Occasion, policies: readonly Policy[]): Promise<void> {
  let situation = knownSituation(watching, occasion);
  for (const policy of policies) {
    const findings = await orTell(watching, policy, nothingFound(policy), async () => {
      situation ??= await newSituation(watching, occasion);
      return await evaluatePolicy(situation, policy);
    });
    for (const finding of findings ?? []) {
      const before = situation;
      situation = null;
      await orTell(watching, policy, finding, async () => {
        if (!(await answer(watching, policy, finding))) situation = before;
      });
    }
  }
}

/** As the write that set it off has left it; null: it has to be looked up. */
function knownSituation({ engine, memory }: Watching, occasion: Occasion): Situation | null {
  const { branch, head, made, written } = occasion;
  if (branch === null || head === null || written === undefined) return null;
  return lookAt(engine, { branch, head, made }, { memory, facts: memory.facts, written });
}

async function newSituation({ engine }: Watching, { branch: asked, made }: Occasion): Promise<Situation> {
  const { branch, head } = await readSite(engine, { branch: asked ?? undefined });
  return lookAt(engine, { branch, head: head?.hash ?? null, made }, null);
}

/** A policy's own trouble is told each time, and noted once in a cooldown. */
async function orTell<Result>(
  watching: Watching,
  { cooldown }: Policy,
  finding: Finding,
  work: () => Promise<Result>,
): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    const { policy, target } = finding;
    const question = { policy, target, cooldown, answer: "answered" } as const;
    const isNoted = await watching.cooldowns.isCooling(watching.engine, question).catch(() => true);
    await tellFailure(watching.engine, finding, codeOf(error), { isNoted });
    return null;
  }
}

/** False: it was not the time, and everything is as it was. */
async function answer(watching: Watching, { cooldown }: Policy, finding: Finding): Promise<boolean> {
  const { engine, cooldowns, memory } = watching;
  const { policy, target } = finding;
  const autonomy = effectiveAutonomy(finding);
  const kind = autonomy === "manual" ? "told" : "answered";
  const { facts } = memory;
  const { areAnswersKnown } = facts;
  const question = { policy, target, cooldown, answer: kind, areAnswersKnown } as const;
  const isCooling = await cooldowns.isCooling(engine, question);
  if (cooldown > 0) facts.areAnswersKnown = true;
  if (autonomy === "manual") notice(engine, finding, finding.reason);
  if (isCooling) return false;
  forgetFacts(memory);
  switch (autonomy) {
    case "manual":
      await note(engine, policyEntry(engine, finding, { decision: "REPORTED", reason: finding.reason }));
      return true;
    case "collaborative":
      await suggest(engine, finding);
      return true;
    case "autonomous":
      await actAtOnce(watching, cooldown, finding);
      return true;
    default:
      return assertNever(autonomy);
  }
}

/** Where a talk belongs is for whoever leads it to say, and no LLM is asked on the path of a write (spec 5): both are proposed. */
function effectiveAutonomy({ kind, autonomy, action }: Finding): Autonomy {
  const mustAsk = kind === "auto-branch" || action.arguments.strategy === "llm";
  return autonomy === "autonomous" && mustAsk ? "collaborative" : autonomy;
}

async function suggest(engine: Engine, finding: Finding): Promise<void> {
  const proposed = await propose(engine, finding);
  if (proposed === null) return notice(engine, finding, `${finding.reason}; too many proposals wait already`);
  if (!proposed.isNew) return;
  const { id } = proposed.proposal;
  const next = `proposal ${id} to ${finding.action.tool} waits: proposals (action approve or reject, this id) decides`;
  notice(engine, finding, `${finding.reason}; ${next}`, id);
}

async function actAtOnce({ engine, cooldowns }: Watching, cooldown: number, finding: Finding): Promise<void> {
  const { policy, target, action, reason } = finding;
  // Also where a strategy would ask one if it could.
  const on = { ...engine, llm: null };
  const { outcome, operationId } = await act(on, {
    policy,
    action,
    signal: new AbortController().signal,
    sequel: async (operation) => {
      if (await cooldowns.isCooling(engine, { policy, target, cooldown, answer: "answered" }))
        throw outrun(policy);
      const facts = operation === null ? {} : { operation };
      return { plans: [], ledger: [policyEntry(engine, finding, { decision: "ACTED", reason, facts })] };
    },
  });
  if (!outcome.ok && operationId === null) {
    if (outcome.error.data.outrun === true) return;
    await tellFailure(engine, finding, outcome.error.code, { isNoted: false });
    return;
  }
  const did =
    operationId === null
      ? `called ${action.tool}`
      : `did ${action.tool}; undo with operation ${operationId} takes it back`;
  notice(engine, finding, `${reason}; ${did}`);
}

/** Another process has answered while this one was about to. */
function outrun(policy: string): TractError {
  return new TractError("nothing-to-do", `policy ${policy} has acted in another process`, {
    hint: "Nothing is left to do.",
    data: { outrun: true },
  });
}

function notice(engine: Engine, { policy }: Finding, text: string, proposalId: string | null = null): void {
  engine.scope.notices?.push({ policy, text, proposalId });
}

async function note(engine: Engine, entry: LedgerBody): Promise<void> {
  await publish(engine, { change: { ...emptyChange(engine.scope.tract), ledger: [entry] } });
}

/** What set it off is done; the policy's own trouble is told and noted, and if that cannot be, it is only told. */
async function tellFailure(
  engine: Engine,
  finding: Finding,
  code: string,
  { isNoted }: { readonly isNoted: boolean },
): Promise<void> {
  const words = `${finding.action.tool} failed: ${code}`;
  notice(engine, finding, finding.reason === "" ? words : `${finding.reason}; ${words}`);
  if (isNoted) return;
  try {
    await note(
      engine,
      policyEntry(engine, finding, { decision: "FAILED", reason: words, facts: { error_code: code } }),
    );
  } catch {
    // The store says so to whoever writes next.
  }
}

/** For the ledger, when the evaluation itself failed. */
function nothingFound({ name, kind, autonomy }: Policy): Finding {
  const action = { tool: "policy", arguments: { action: "evaluate", policy: name } };
  return { policy: name, kind, autonomy, target: name, reason: "", gain: 0, action };
}

function codeOf(error: unknown): string {
  const known = asTractError(error);
  return known instanceof TractError ? known.code : "internal";
}
