/** What can be done with a pending plan: fill it in or edit it, approve it (which applies it), reject it (spec 3.5; spec 9, 20). */
import type { PlanRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isoNow, type Planned } from "../history/publish.ts";
import { invariant } from "../invariant.ts";
import { acceptSummary } from "./accept-summary.ts";
import type { CompressResult } from "./compress-result.ts";
import type { SummaryGroup } from "./groups.ts";
import { type BranchContext, readBranchContext } from "./head-context.ts";
import { planOutcome } from "./outcome.ts";
import { type PlanBody, readPlanBody, toPlanBody } from "./plan-body.ts";
import { currentGroups } from "./plan-groups.ts";
import { planChange, planned, proposalEntry, readPendingPlan } from "./plans.ts";
import { countSummaries } from "./summaries.ts";

export const PLAN_ACTIONS = ["edit", "approve", "reject"] as const;
export type PlanAction = (typeof PLAN_ACTIONS)[number];

export interface PlanRequest {
  readonly planId: string;
  /** Default: apply it. */
  readonly action: PlanAction | null;
  /** null: none given. One per group of the plan, in order. */
  readonly summaries: readonly string[] | null;
  readonly branch: string | undefined;
  readonly isDryRun: boolean;
}

/** @throws TractError `plan-not-found`, `plan-stale`, `summary-refused`, `invalid-argument` (summaries missing, or not as many as groups). */
export async function actOnPlan(engine: Engine, request: PlanRequest): Promise<Planned<CompressResult>> {
  const plan = await readPendingPlan(engine, request.planId);
  const { branch } = plan;
  if (request.branch !== undefined && request.branch !== branch) throw otherBranch(request, branch);
  if (request.action === "reject") return reject(engine, plan);
  const context = await readBranchContext(engine, branch);
  const body = readPlanBody(plan);
  const groups = currentGroups(context, plan.id, body);
  const filled = fillIn(plan.id, body, request);
  if (request.action === "edit") return edit(engine, context, { plan, body: filled, groups });
  return await apply(engine, context, { plan, body: filled, groups }, request.isDryRun);
}

interface CurrentPlan {
  readonly plan: PlanRecord;
  readonly body: PlanBody;
  readonly groups: readonly SummaryGroup[];
}

/** The body with the summaries given. */
function fillIn(planId: string, body: PlanBody, { summaries, action }: PlanRequest): PlanBody {
  if (summaries === null) {
    const missing = body.groups.filter(({ summary }) => summary === null).length;
    if (missing > 0 || action === "edit") throw summariesMissing(planId, body.groups.length, missing);
    return body;
  }
  countSummaries(summaries, body.groups);
  return {
    ...body,
    groups: body.groups.map((group, index) => {
      const summary = summaries[index] ?? null;
      if (summary === group.summary) return group;
      const strategy = group.strategy === "agent" ? "agent" : "manual";
      return { ...group, summary, strategy, generationConfig: null };
    }),
  };
}

function edit(
  engine: Engine,
  context: BranchContext,
  { plan, body, groups }: CurrentPlan,
): Planned<CompressResult> {
  // As they will be applied, with what the guard puts back, so that who approves sees it.
  const summaries = accepted(context, body, groups);
  const shown: PlanBody = {
    ...body,
    groups: body.groups.map((group, index) => ({ ...group, summary: summaries[index]?.text ?? null })),
  };
  const now = isoNow(engine);
  const record = { ...plan, body: toPlanBody(shown), updatedAt: now };
  const change = planChange(engine, record, {
    decision: "PROPOSED",
    words: "Edited the plan to compress",
    now,
  });
  return { change, result: () => planned(context, { body: shown, groups, warnings: [] }, plan.id) };
}

async function apply(
  engine: Engine,
  context: BranchContext,
  { plan, body, groups }: CurrentPlan,
  isDryRun: boolean,
): Promise<Planned<CompressResult>> {
  const now = isoNow(engine);
  const record: PlanRecord = { ...plan, state: "applied", body: toPlanBody(body), updatedAt: now };
  const entry = proposalEntry(engine, record, {
    decision: "APPROVED",
    words: "Applied the plan to compress",
    now,
  });
  const outcome = {
    strategy: body.strategy,
    edits: body.edits,
    summaries: accepted(context, body, groups),
    warnings: [],
    params: { ...body.params, plan_id: plan.id },
  };
  return await planOutcome(engine, context, outcome, { isDryRun, applied: { plan: record, entry } });
}

/** Also of a plan whose branch is gone. */
function reject(engine: Engine, plan: PlanRecord): Planned<CompressResult> {
  const now = isoNow(engine);
  const record: PlanRecord = { ...plan, state: "rejected", updatedAt: now };
  const change = planChange(engine, record, {
    decision: "REJECTED",
    words: "Rejected the plan to compress",
    now,
  });
  return {
    change,
    result: () => ({
      kind: "rejected",
      planId: plan.id,
      operationId: null,
      branch: plan.branch,
      head: plan.head,
      warnings: [],
    }),
  };
}

function accepted(
  { count }: BranchContext,
  body: PlanBody,
  groups: readonly SummaryGroup[],
): readonly ReturnType<typeof acceptSummary>[] {
  return groups.map((group, index) => {
    const stored = body.groups[index];
    invariant(stored, "a plan has its groups");
    const { summary, strategy, generationConfig } = stored;
    const path = `summaries[${index}]`;
    return acceptSummary(group, { strategy, text: summary ?? "", path, generationConfig }, count);
  });
}

function summariesMissing(planId: string, groupCount: number, missing: number): TractError {
  return new TractError(
    "invalid-argument",
    `summaries: plan ${planId} has ${groupCount} groups, ${missing} of them without a summary`,
    {
      hint: `Call compress with this plan_id and ${groupCount} summaries, in the order of the plan's groups; nothing was stored.`,
      data: { path: "summaries", plan_id: planId, groups: groupCount, missing },
    },
  );
}

function otherBranch({ planId, branch }: PlanRequest, planned: string): TractError {
  return new TractError("plan-stale", `plan ${planId} was made for branch ${planned}, not ${branch}`, {
    hint: `Leave branch out, or call compress on ${branch} for a plan of its own; nothing was stored.`,
    data: { plan_id: planId, branch: planned },
  });
}
