/** Compresses part of a branch's context: receipts, summaries, or a plan for summaries; nothing is lost, expand brings it back (spec 3.5). */

import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { type Planned, publishPlan } from "../history/publish.ts";
import { assertNever } from "../invariant.ts";
import { Inquiry } from "../llm/inquiry.ts";
import { acceptSummary } from "./accept-summary.ts";
import { actOnPlan } from "./act-on-plan.ts";
import { chooseAutomatically } from "./auto.ts";
import { byLlm, SUMMARY_WORDS } from "./by-llm.ts";
import type { CompressResult } from "./compress-result.ts";
import { extractOf } from "./extract-group.ts";
import { selectedGroups } from "./groups.ts";
import { type BranchContext, readBranchContext } from "./head-context.ts";
import { type Outcome, planOutcome } from "./outcome.ts";
import { agentPlan, reviewPlan, type Work } from "./plan-draft.ts";
import { planStoring } from "./plans.ts";
import { enoughOf, receiptsFor } from "./receipts.ts";
import { type CompressRequest, checkRequest, type StrategyRequest } from "./request.ts";
import { type Selection, select } from "./select.ts";
import { nothingSelected, withinTarget } from "./selection-words.ts";
import { MASK_KEEP_DEFAULT } from "./strategies/mask.ts";
import { countSummaries } from "./summaries.ts";

export type { CompressResult } from "./compress-result.ts";
export type { CompressRequest } from "./request.ts";

/**
 * Compresses. What is selected is taken as whole units; pinned messages stay, and everything outside stays as it is, byte for byte.
 *
 * @throws TractError `invalid-argument` (a selection that splits a unit, arguments that do not go together, wrong number of summaries),
 *   `not-found`, `ambiguous-ref`, `detached-head`, `nothing-to-do`, `summary-refused`, `plan-not-found`, `plan-stale`,
 *   `llm-not-configured`, other codes of the LLM, `cancelled`; in each case nothing is stored but the ledger's entries of failed calls.
 * @example
 * await compress(engine, { from: "3fa1c9d2", to: "8b7e0a11", summary: "We chose SQLite; tests run with vitest." });
 */
export async function compress(engine: Engine, request: CompressRequest): Promise<CompressResult> {
  const checked = checkRequest(engine.limits, request);
  if (checked.kind === "plan") return await publishPlan(engine, () => actOnPlan(engine, checked.request));
  const inquiry = new Inquiry(engine, request, SUMMARY_WORDS);
  return await inquiry.publish(() => planCompress(engine, checked.request, inquiry));
}

async function planCompress(
  engine: Engine,
  request: StrategyRequest,
  inquiry: Inquiry,
): Promise<Planned<CompressResult>> {
  const context = await readBranchContext(engine, request.branch);
  const work = await workFor(engine, context, request, inquiry);
  if (work.kind === "plan") return planStoring(engine, context, work.draft, request);
  if (request.isReview && !request.isDryRun)
    return planStoring(engine, context, reviewPlan(context, work.outcome), request);
  return await planOutcome(engine, context, work.outcome, { isDryRun: request.isDryRun });
}

async function workFor(
  engine: Engine,
  context: BranchContext,
  request: StrategyRequest,
  inquiry: Inquiry,
): Promise<Work> {
  const { strategy } = request;
  switch (strategy) {
    case "mask":
    case "dedupe":
      return { kind: "outcome", outcome: await withReceipts(engine, context, request) };
    case "extract":
      return {
        kind: "outcome",
        outcome: extracted(context, await select(engine, context, request.selection)),
      };
    case "manual":
      return {
        kind: "outcome",
        outcome: written(context, await select(engine, context, request.selection), request.summaries ?? []),
      };
    case "agent":
      return {
        kind: "plan",
        draft: agentPlan(context, await select(engine, context, request.selection), request),
      };
    case "llm": {
      await inquiry.prepare(context.head.hash);
      const draft = agentPlan(context, await select(engine, context, request.selection), request);
      return await byLlm(context, draft, { inquiry, isDryRun: request.isDryRun });
    }
    case "auto": {
      const hasLlm = await inquiry.prepareIfConfigured(context.head.hash);
      const work = await chooseAutomatically(engine, context, request);
      if (work.kind === "outcome") return work;
      // What a policy does waits for nobody's summaries: extracts stand in for them.
      if (!hasLlm && engine.scope.byPolicy === true)
        return {
          kind: "outcome",
          outcome: extracted(context, await select(engine, context, request.selection)),
        };
      if (!hasLlm) return work;
      return await byLlm(context, work.draft, { inquiry, isDryRun: request.isDryRun });
    }
    default:
      return assertNever(strategy);
  }
}

async function withReceipts(
  engine: Engine,
  context: BranchContext,
  { strategy, selection, keep }: StrategyRequest,
): Promise<Outcome> {
  const { targetTokens, ...where } = selection;
  const { blocks, params } = await select(engine, context, where);
  const all = receiptsFor(context, blocks, {
    keep: strategy === "mask" ? (keep ?? MASK_KEEP_DEFAULT) : null,
    isDedupe: strategy === "dedupe",
  });
  const excess = targetTokens === undefined ? Number.POSITIVE_INFINITY : context.tokens - targetTokens;
  if (targetTokens !== undefined && excess <= 0)
    throw withinTarget({ contextTokens: context.tokens, targetTokens });
  const edits = enoughOf(all, excess);
  if (edits.length === 0) throw noReceipts(strategy);
  const goal = targetTokens === undefined ? {} : { target_tokens: targetTokens };
  return {
    strategy,
    edits,
    summaries: [],
    warnings: [],
    params: { ...params, ...goal, ...(keep === null ? {} : { keep }) },
  };
}

function extracted(context: BranchContext, selection: Selection): Outcome {
  const { groups, warnings } = selectedGroups(context, selection);
  const summaries = groups.flatMap((group, index) => {
    const made = extractOf(group, index, context.count);
    if (made instanceof TractError) throw made;
    return made ?? [];
  });
  if (summaries.length === 0)
    throw nothingSelected("no run of these messages gets shorter by an extract of it", []);
  const left = groups.length - summaries.length;
  const more = left === 0 ? [] : [`${left} of the runs stay as before: no extract of them is shorter`];
  return {
    strategy: "extract",
    edits: [],
    summaries,
    warnings: [...selection.warnings, ...warnings, ...more],
    params: selection.params,
  };
}

function written(context: BranchContext, selection: Selection, texts: readonly string[]): Outcome {
  const { groups, warnings } = selectedGroups(context, selection);
  countSummaries(texts, groups);
  const summaries = groups.map((group, index) => {
    const path = groups.length === 1 ? "summary" : `summaries[${index}]`;
    return acceptSummary(group, { strategy: "manual", text: texts[index] ?? "", path }, context.count);
  });
  return {
    strategy: "manual",
    edits: [],
    summaries,
    warnings: [...selection.warnings, ...warnings],
    params: selection.params,
  };
}

function noReceipts(strategy: string): TractError {
  return new TractError("nothing-to-do", `strategy ${strategy} finds no tool result to shorten`, {
    hint:
      strategy === "mask"
        ? "The newest results stay whole (keep), pinned and important ones too. Give a smaller keep, or summarise with extract or agent."
        : "No two results say the same. Use mask for old results, or summarise with extract or agent.",
    data: { strategy },
  });
}
