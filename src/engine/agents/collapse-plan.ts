/** Plans of collapse: a result that waits for its summary, or for approval (spec 3.6, 3.5). */
import { z } from "zod";
import type { Hash, JsonObject, PlanRecord, PlanState } from "../../storage/records.ts";
import { planChange } from "../compress/plans.ts";
import { isJsonObject } from "../content/json-rules.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isoNow, type Planned } from "../history/publish.ts";
import { childPlaceField, hashField } from "../history/spawn-link.ts";
import type { CollapseStrategy, PlannedCollapse, RejectedCollapse } from "./collapse-result.ts";
import type { CollapseTarget } from "./collapse-target.ts";
import { keepListOf, type Material, planText } from "./collapse-text.ts";

/** What is to be committed, once it is clear which text. */
export interface Proposal {
  readonly target: CollapseTarget;
  /** The child's newest commit that the result speaks for. */
  readonly childHead: Hash;
  readonly strategy: CollapseStrategy;
  /** null: still to be written. */
  readonly text: string | null;
  /** How an LLM was asked for the text; null: none was. */
  readonly generationConfig: JsonObject | null;
}

export const COLLAPSE_PLAN = "collapse";

const BODY = z.object({
  child: childPlaceField,
  spawn: z.string(),
  from: hashField,
  child_head: hashField,
  strategy: z.enum(["agent", "manual", "llm", "last_output"]),
  text: z.string().nullable(),
  generation_config: z.custom<JsonObject>(isJsonObject).nullable().default(null),
});

/** A new plan, or the one of an id with another text. Nothing else changes. */
export function storePlan(
  engine: Engine,
  proposal: Proposal,
  at: {
    readonly head: Hash | null;
    readonly material: Material;
    readonly earlier: PlanRecord | null;
    readonly warnings: readonly string[];
  },
): Planned<PlannedCollapse> {
  const { target, childHead, strategy, text, generationConfig } = proposal;
  const { head, material, earlier, warnings } = at;
  const now = isoNow(engine);
  const plan: PlanRecord = {
    id: earlier?.id ?? engine.newId(),
    kind: COLLAPSE_PLAN,
    state: "pending",
    branch: target.into,
    // A branch without a commit has no head of its own.
    head: head ?? childHead,
    body: {
      child: { ...target.child },
      spawn: target.spawn,
      from: target.from,
      child_head: childHead,
      strategy,
      text,
      generation_config: generationConfig,
    },
    author: engine.scope.author,
    createdAt: earlier?.createdAt ?? now,
    updatedAt: now,
  };
  const words = earlier === null ? "Planned to collapse" : "Edited the plan to collapse";
  return {
    change: planChange(engine, plan, { decision: "PROPOSED", words, now }),
    result: () => ({
      kind: "planned" as const,
      operationId: null,
      branch: target.into,
      head,
      warnings,
      plan: {
        planId: plan.id,
        child: target.child,
        strategy,
        text: planText(material, engine.limits),
        mustKeep: keepListOf(material),
        sourceTokens: material.group.tokens,
        targetTokens: material.targetTokens,
        summary: text,
      },
    }),
  };
}

/** @throws TractError `plan-not-found`, also when it was applied or rejected. */
export async function readPlan(
  { scope, store }: Engine,
  id: string,
): Promise<{ readonly plan: PlanRecord; readonly proposal: Proposal }> {
  const plan = await store.findPlan(scope.tract, id.toUpperCase());
  const parsed = BODY.safeParse(plan?.body);
  if (plan === null || plan.kind !== COLLAPSE_PLAN || !parsed.success) throw unknownPlan(id);
  if (plan.state !== "pending") throw settled(plan.id, plan.state);
  const {
    child_head: childHead,
    generation_config: generationConfig,
    child,
    spawn,
    from,
    ...rest
  } = parsed.data;
  const target = { child, spawn, from, into: plan.branch };
  const { strategy, text } = rest;
  return { plan, proposal: { target, childHead, strategy, text, generationConfig } };
}

export function settledPlan(plan: PlanRecord, state: PlanState, now: string): PlanRecord {
  return { ...plan, state, updatedAt: now };
}

export function rejectPlan(engine: Engine, plan: PlanRecord, head: Hash | null): Planned<RejectedCollapse> {
  const now = isoNow(engine);
  const rejected = settledPlan(plan, "rejected", now);
  return {
    change: planChange(engine, rejected, {
      decision: "REJECTED",
      words: "Rejected the plan to collapse",
      now,
    }),
    result: () => ({
      kind: "rejected" as const,
      operationId: null,
      branch: plan.branch,
      head,
      warnings: [],
      planId: plan.id,
    }),
  };
}

/** A plan without a text would ask for a summary of nothing. */
export function nothingDone(child: string): TractError {
  return new TractError("nothing-to-do", `child ${JSON.stringify(child)} has no message of its own yet`, {
    hint: "Wait for its work, or give a summary of what it came to.",
    data: { child },
  });
}

const ID_CHARS_SHOWN = 40;

function unknownPlan(id: string): TractError {
  const shown = id.slice(0, ID_CHARS_SHOWN);
  return new TractError("plan-not-found", `there is no plan of collapse ${JSON.stringify(shown)}`, {
    hint: "Take plan_id from the collapse that made it, or collapse the child anew.",
    data: { plan_id: shown },
  });
}

function settled(id: string, state: PlanState): TractError {
  return new TractError("plan-not-found", `plan ${id} was ${state} already`, {
    hint: "Collapse the child anew for another result.",
    data: { plan_id: id, state },
  });
}
