/** Stores what a policy would do as a proposal that waits: one for each policy and target, whoever else finds the same (spec 5.4). */

import { emptyChange } from "../../storage/change-set.ts";
import type { PlanRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { isoNow, type Planned, publishPlan } from "../history/publish.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import { findingFacts, proposalEntry } from "./decision-entry.ts";
import type { Finding } from "./policy.ts";
import { POLICY_PLAN, type Proposal, readProposalBody, toProposal, toProposalBody } from "./proposal.ts";

export interface Proposed {
  readonly proposal: Proposal;
  /** False: it was waiting already, or a person has rejected the same a short time ago (its state says which). */
  readonly isNew: boolean;
}

/**
 * Proposes what a finding says. The head of its branch and every commit that it names are kept until it is decided.
 *
 * @returns null when it stands on no branch with a commit, when as many proposals wait as can be listed, or too many of this policy.
 * @throws TractError `not-found` for a branch that is gone; whatever the store refuses.
 */
export async function propose(engine: Engine, finding: Finding): Promise<Proposed | null> {
  return await publishPlan(engine, async () => await plan(engine, finding));
}

async function plan(engine: Engine, finding: Finding): Promise<Planned<Proposed | null>> {
  const { store, scope, limits } = engine;
  // Before the list of those that wait: nobody can add one in between.
  const site = await siteOf(engine, finding);
  const waiting = await store.listPlans(scope.tract, { state: "pending", limit: limits.pageMax });
  const same = waiting.find((other) => isAbout(other, finding)) ?? (await rejectedLately(engine, finding));
  if (same !== null) return { change: null, result: () => ({ proposal: toProposal(same), isNew: false }) };
  const { tract, branch, head } = site;
  const isFull = waiting.length >= limits.pageMax || countOf(waiting, finding) >= OF_ONE_POLICY_MAX;
  if (tract === null || branch === null || head === null || isFull)
    return { change: null, result: () => null };
  const record = newRecord(engine, finding, { branch, head: head.hash });
  const change = emptyChange(scope.tract);
  return {
    change: {
      ...change,
      expect: { ...change.expect, ledgerSequence: tract.ledgerSequence },
      plans: [record],
      ledger: [
        proposalEntry(engine, record.id, {
          decision: "PROPOSED",
          reason: `Policy ${finding.policy} proposed ${finding.action.tool}: ${finding.reason}`,
          facts: { ...findingFacts(finding), branch, head: head.hash },
        }),
      ],
    },
    result: () => ({ proposal: toProposal(record), isNew: true }),
  };
}

/** The branch that the action names, or that the finding is about; else where HEAD is. */
async function siteOf(engine: Engine, { action, target }: Finding): Promise<Site> {
  const { store, scope } = engine;
  const { branch } = action.arguments;
  if (typeof branch === "string") return await readSite(engine, { branch });
  const isBranch = (await store.readRef(scope.tract, "branch", target)) !== null;
  return await readSite(engine, { branch: isBranch ? target : undefined });
}

function isAbout(other: PlanRecord, finding: Finding): boolean {
  return isBy(other, finding) && readProposalBody(other).target === finding.target;
}

function isBy(other: PlanRecord, { policy }: Finding): boolean {
  return other.kind === POLICY_PLAN && readProposalBody(other).policy === policy;
}

/** That many wait of one policy: the others are left room for theirs. */
const OF_ONE_POLICY_MAX = 50;

function countOf(waiting: readonly PlanRecord[], finding: Finding): number {
  return waiting.filter((other) => isBy(other, finding)).length;
}

/** Who has said no is not asked the same at the next commit. */
const REJECTION_HOLDS_MS = 3_600_000;
const REJECTED_LOOKED_AT = 50;

async function rejectedLately({ store, scope, clock }: Engine, finding: Finding): Promise<PlanRecord | null> {
  const rejected = await store.listPlans(scope.tract, { state: "rejected", limit: REJECTED_LOOKED_AT });
  const since = clock() - REJECTION_HOLDS_MS;
  return rejected.find((other) => isAbout(other, finding) && Date.parse(other.updatedAt) > since) ?? null;
}

function newRecord(
  engine: Engine,
  { policy, kind, target, reason, gain, action }: Finding,
  at: Pick<PlanRecord, "branch" | "head">,
): PlanRecord {
  const now = isoNow(engine);
  return {
    id: engine.newId(),
    kind: POLICY_PLAN,
    state: "pending",
    ...at,
    body: toProposalBody({ policy, kind, target, reason, gain, action, operation_id: null }),
    author: engine.scope.author,
    createdAt: now,
    updatedAt: now,
  };
}
