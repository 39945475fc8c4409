/** Plans as strategies make them: one that waits for the caller's summaries, or one that waits for approval alone (spec 3.5). */
import { type SummaryGroup, selectedGroups } from "./groups.ts";
import type { BranchContext } from "./head-context.ts";
import type { Outcome } from "./outcome.ts";
import { type PlanBody, storedEdits, storedGroup } from "./plan-body.ts";
import type { StrategyRequest } from "./request.ts";
import type { Selection } from "./select.ts";
import type { MaskEdit } from "./strategies/receipt.ts";

export interface PlanDraft {
  readonly body: PlanBody;
  /** Parallel to the groups of the body. */
  readonly groups: readonly SummaryGroup[];
  readonly warnings: readonly string[];
}

/** What a strategy comes to: something to do, or a plan for somebody else to finish. */
export type Work =
  | { readonly kind: "outcome"; readonly outcome: Outcome }
  | { readonly kind: "plan"; readonly draft: PlanDraft };

/** Waits for a summary of each group. The receipts are of messages outside the selection. */
export function agentPlan(
  context: BranchContext,
  selection: Selection,
  request: StrategyRequest,
  receipts: readonly MaskEdit[] = [],
): PlanDraft {
  const { strategy, instructions } = request;
  const { groups, warnings } = selectedGroups(context, selection);
  return {
    body: {
      strategy,
      instructions,
      params: selection.params,
      groups: groups.map((group) => storedGroup(group, { text: null, strategy: "agent" })),
      edits: storedEdits(context, receipts),
    },
    groups,
    warnings: [...selection.warnings, ...warnings],
  };
}

/** The outcome as a plan that waits for approval. */
export function reviewPlan(context: BranchContext, outcome: Outcome): PlanDraft {
  const { strategy, params, summaries, edits, warnings } = outcome;
  return {
    body: {
      strategy,
      instructions: null,
      params,
      groups: summaries.map((summary) => storedGroup(summary.group, summary)),
      edits: storedEdits(context, edits),
    },
    groups: summaries.map(({ group }) => group),
    warnings,
  };
}
