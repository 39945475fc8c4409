/** Stores plans that wait for summaries or for approval, and finds them again (spec 3.5). */

import { type ChangeSet, emptyChange } from "../../storage/change-set.ts";
import type { LedgerBody, PlanRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isoNow, type Planned } from "../history/publish.ts";
import { ledgerEntry } from "../ledger/entry.ts";
import { nearest } from "../nearest.ts";
import type { CompressPlan, PlannedCompress } from "./compress-result.ts";
import { keepListOf } from "./groups.ts";
import type { BranchContext } from "./head-context.ts";
import { toPlanBody } from "./plan-body.ts";
import type { PlanDraft } from "./plan-draft.ts";

const KIND = "compress";

/** Stores a plan; the branch stays as it is. */
export function planStoring(
  engine: Engine,
  context: BranchContext,
  draft: PlanDraft,
  { isDryRun }: { readonly isDryRun: boolean },
): Planned<PlannedCompress> {
  const id = engine.newId();
  const now = isoNow(engine);
  const result = planned(context, draft, isDryRun ? null : id);
  if (isDryRun) return { change: null, result: () => result };
  const record: PlanRecord = {
    id,
    kind: KIND,
    state: "pending",
    branch: context.branch,
    head: context.head.hash,
    body: toPlanBody(draft.body),
    author: engine.scope.author,
    createdAt: now,
    updatedAt: now,
  };
  return {
    change: planChange(engine, record, { decision: "PROPOSED", words: "Planned to compress", now }),
    result: () => result,
  };
}

/** What a caller gets to see of a plan. */
export function planned(
  context: BranchContext,
  { body, groups, warnings }: PlanDraft,
  planId: string | null,
): PlannedCompress {
  const plan: CompressPlan = {
    planId,
    strategy: body.strategy,
    instructions: body.instructions,
    groups: groups.map((group, index) => ({
      id: `g${index + 1}`,
      sources: group.sources,
      text: group.text,
      mustKeep: keepListOf(group),
      originalTokens: group.tokens,
      targetTokens: group.targetTokens,
      summary: body.groups[index]?.summary ?? null,
    })),
    edits: body.edits.map(({ target, originalTokens, tokens }) => ({ target, originalTokens, tokens })),
    isReady: body.groups.every(({ summary }) => summary !== null),
  };
  return {
    kind: "planned",
    dryRun: planId === null,
    plan,
    contextTokens: context.tokens,
    operationId: null,
    branch: context.branch,
    head: context.head.hash,
    warnings,
  };
}

export type ProposalDecision = "PROPOSED" | "APPROVED" | "REJECTED";

/** The ledger's word on a plan; its texts are not in it. */
export function proposalEntry(
  engine: Engine,
  record: PlanRecord,
  event: { readonly decision: ProposalDecision; readonly words: string; readonly now: string },
): LedgerBody {
  return ledgerEntry(engine, event.now, {
    eventType: "PROPOSAL",
    submissionId: record.id,
    decision: event.decision,
    reason: `${event.words} on ${record.branch}`,
    metadata: { action: record.kind, branch: record.branch, head: record.head },
  });
}

/** A change of a plan alone; the store refuses it when the plan is not pending any more. */
export function planChange(
  engine: Engine,
  record: PlanRecord,
  event: { readonly decision: ProposalDecision; readonly words: string; readonly now: string },
): ChangeSet {
  return {
    ...emptyChange(engine.scope.tract),
    plans: [record],
    ledger: [proposalEntry(engine, record, event)],
  };
}

/** @throws TractError `plan-not-found` for an unknown plan (with near ids), and for one that was applied or rejected. */
export async function readPendingPlan(engine: Engine, planId: string): Promise<PlanRecord> {
  const { store, scope, limits } = engine;
  const plan = await store.findPlan(scope.tract, planId);
  if (plan !== null && plan.kind === KIND) {
    if (plan.state === "pending") return plan;
    throw closed(plan);
  }
  const waiting = await store.listPlans(scope.tract, { state: "pending", limit: limits.pageMax });
  const ids = waiting.filter(({ kind }) => kind === KIND).map(({ id }) => id);
  const near = nearest(planId, ids);
  const offered = (near.length > 0 ? near : ids).slice(0, limits.suggestionsMax);
  throw new TractError(
    "plan-not-found",
    `there is no plan ${JSON.stringify(planId.slice(0, 80))} to compress`,
    {
      hint:
        near.length > 0
          ? `Did you mean ${near.join(" or ")}?`
          : "Make a plan with compress (strategy agent, or review true); its plan_id is in the result.",
      data: { plan_id: planId.slice(0, 80), waiting: offered },
    },
  );
}

function closed({ id, state }: PlanRecord): TractError {
  return new TractError("plan-not-found", `plan ${id} was ${state} already`, {
    hint:
      state === "applied"
        ? "It is done: compile shows its summaries, and undo takes them back. Call compress again for a new plan."
        : "Call compress again for a new plan.",
    data: { plan_id: id, state },
  });
}
