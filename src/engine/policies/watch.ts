/** Evaluates policies at the moments they ask for, and reports, proposes or acts as their autonomy says (spec 5.4). */
import type { LedgerBody } from "../../storage/records.ts";
import { type Engine, type Scope, withScope } from "../engine.ts";
import { TractError } from "../errors.ts";
import { emptyChange } from "../history/empty-change.ts";
import { publish } from "../history/publish.ts";
import { readSite } from "../history/snapshot.ts";
import { assertNever } from "../invariant.ts";
import { asTractError } from "../store-failure.ts";
import { act } from "./act.ts";
import { type Cooldowns, createCooldowns } from "./cooldowns.ts";
import { policyEntry } from "./decision-entry.ts";
import { evaluatePolicies } from "./evaluate.ts";
import type { Occasion, Watch } from "./occasion.ts";
import type { Autonomy, Finding, Policy } from "./policy.ts";
import { propose } from "./propose.ts";
import { readPolicies } from "./read-policies.ts";

/** For one engine: it remembers when policies answered last. */
export function createWatch(): Watch {
  const cooldowns = createCooldowns();
  return async (engine, occasion) => {
    const { scope, store } = engine;
    if (scope.byPolicy === true || store.isReadonly) return;
    const watching = { engine: withScope(engine, asWatcher(occasion)), cooldowns };
    try {
      for (const policy of await calledPolicies(watching.engine, occasion))
        await follow(watching, occasion, policy);
    } catch {
      // The settings could not be read: the next call that needs them says why.
    }
  };
}

interface Watching {
  readonly engine: Engine;
  readonly cooldowns: Cooldowns;
}

/** What a policy does sets off no other, and belongs to no tool that was called. */
function asWatcher({ tract }: Occasion): Partial<Scope> {
  return { tract, byPolicy: true, tool: null };
}

async function calledPolicies(engine: Engine, { head, moment }: Occasion): Promise<readonly Policy[]> {
  const known = head ?? (await readSite(engine, {})).head?.hash ?? null;
  const policies = await readPolicies(engine, { head: known });
  return policies.filter(({ enabled, trigger }) => enabled && trigger === moment);
}

/** One after the other, each on what the one before it left. */
async function follow(watching: Watching, occasion: Occasion, policy: Policy): Promise<void> {
  const { engine } = watching;
  const findings = await orTell(watching, policy, nothingFound(policy), async () => {
    const { branch, head } = await readSite(engine, { branch: occasion.branch ?? undefined });
    return await evaluatePolicies(engine, {
      policies: [policy],
      moment: occasion.moment,
      branch,
      head: head?.hash ?? null,
      made: occasion.made,
    });
  });
  for (const finding of findings ?? [])
    await orTell(watching, policy, finding, async () => await answer(watching, policy, finding));
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

async function answer(watching: Watching, { cooldown }: Policy, finding: Finding): Promise<void> {
  const { engine, cooldowns } = watching;
  const { policy, target } = finding;
  const autonomy = effectiveAutonomy(finding);
  const kind = autonomy === "manual" ? "told" : "answered";
  const isCooling = await cooldowns.isCooling(engine, { policy, target, cooldown, answer: kind });
  switch (autonomy) {
    case "manual":
      notice(engine, finding, finding.reason);
      if (!isCooling)
        await note(engine, policyEntry(engine, finding, { decision: "REPORTED", reason: finding.reason }));
      return;
    case "collaborative":
      if (!isCooling) await suggest(engine, finding);
      return;
    case "autonomous":
      if (!isCooling) await actAtOnce(watching, cooldown, finding);
      return;
    default:
      assertNever(autonomy);
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
