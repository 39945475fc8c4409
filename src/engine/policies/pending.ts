/** Finds proposals that wait, ends those that have lost their ground, and says of others what became of them (spec 5.4). */

import { emptyChange } from "../../storage/change-set.ts";
import type { JsonObject, PlanRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isoNow, publishPlan } from "../history/publish.ts";
import { nearest } from "../nearest.ts";
import { findingFacts, proposalEntry } from "./decision-entry.ts";
import { lostGround } from "./ground.ts";
import { findingOf, POLICY_PLAN, readProposalBody } from "./proposal.ts";

/** @throws TractError `plan-not-found` with the ids that are near or wait. */
export async function findPlan(engine: Engine, id: string): Promise<PlanRecord> {
  const { store, scope, limits } = engine;
  const plan = await store.findPlan(scope.tract, id.toUpperCase());
  if (plan !== null) return plan;
  const waiting = await store.listPlans(scope.tract, { state: "pending", limit: limits.pageMax });
  const ids = waiting.map((one) => one.id);
  const near = nearest(id.toUpperCase(), ids);
  const shown = id.slice(0, ID_CHARS_SHOWN);
  throw new TractError("plan-not-found", `there is no proposal ${JSON.stringify(shown)}`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(" or ")}?`
        : "proposals with action list gives the ids of those that wait.",
    data: { id: shown, near, waiting: ids.slice(0, limits.suggestionsMax) },
  });
}

const ID_CHARS_SHOWN = 80;

/** @throws TractError `plan-not-found` when it is unknown or decided already; `plan-stale` when it has just lost its ground. */
export async function requirePending(engine: Engine, id: string): Promise<PlanRecord> {
  const plan = await findPlan(engine, id);
  if (plan.state !== "pending") throw decidedAlready(plan);
  const lost = await lostGround(engine, plan);
  if (lost === null) return plan;
  await expire(engine, plan, lost);
  throw new TractError("plan-stale", `proposal ${plan.id} has expired: ${lost}`, {
    hint: "Nothing was changed. The policy proposes anew when it finds something again.",
    data: { id: plan.id, state: "expired" },
  });
}

export function decidedAlready({ id, state, updatedAt }: PlanRecord): TractError {
  return new TractError("plan-not-found", `proposal ${id} ${DECIDED[state]} already, at ${updatedAt}`, {
    hint:
      state === "applied"
        ? "It is done: operations lists what it did, and undo takes that back."
        : "proposals with action list gives those that wait.",
    data: { id, state, decided_at: updatedAt },
  });
}

const DECIDED: Readonly<Record<PlanRecord["state"], string>> = {
  pending: "is waiting",
  applied: "was approved",
  rejected: "was rejected",
  expired: "has expired",
};

/** Those that still can be decided, newest first. */
export async function listPending(engine: Engine): Promise<readonly PlanRecord[]> {
  const { store, scope, limits } = engine;
  const waiting = await store.listPlans(scope.tract, { state: "pending", limit: limits.pageMax });
  const open: PlanRecord[] = [];
  for (const plan of waiting) {
    const lost = await lostGround(engine, plan);
    if (lost === null) open.push(plan);
    else await expire(engine, plan, lost);
  }
  return open;
}

/** In a store that cannot be written to, it stays as it is and is not shown. */
async function expire(engine: Engine, plan: PlanRecord, lost: string): Promise<void> {
  if (engine.store.isReadonly) return;
  await settle(engine, plan.id, (now) => ({
    record: { ...now, state: "expired" },
    decision: "EXPIRED",
    reason: `Proposal expired: ${lost}`,
  }));
}

export interface Settlement {
  readonly record: PlanRecord;
  readonly decision: "REJECTED" | "EDITED" | "EXPIRED" | "FAILED";
  readonly reason: string;
  readonly facts?: JsonObject;
}

/** Writes what becomes of a plan that is still pending; gives it as it is then, or as somebody else has decided it meanwhile. */
export async function settle(
  engine: Engine,
  id: string,
  decide: (plan: PlanRecord) => Settlement,
): Promise<PlanRecord> {
  return await publishPlan(engine, async () => {
    const plan = await findPlan(engine, id);
    if (plan.state !== "pending") return { change: null, result: () => plan };
    const { record, decision, reason, facts = {} } = decide(plan);
    const settled = { ...record, updatedAt: isoNow(engine) };
    const entry = proposalEntry(engine, id, {
      decision,
      reason,
      facts: { ...factsOf(settled), ...facts },
    });
    return {
      change: { ...emptyChange(engine.scope.tract), plans: [settled], ledger: [entry] },
      result: () => settled,
    };
  });
}

/** What the ledger says of a plan whatever becomes of it. */
export function factsOf(plan: PlanRecord): JsonObject {
  const { branch, head, kind } = plan;
  const own = kind === POLICY_PLAN ? findingFacts(findingOf(readProposalBody(plan))) : { action: kind };
  return { ...own, branch, head };
}
