/** Holds a write against the budget of its branch: warn, or refuse before anything is written (spec 1.7). Only a commit makes room itself. */

import { emptyChange } from "../../storage/change-set.ts";
import type { JsonObject, LedgerBody } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { ledgerEntry } from "../ledger/entry.ts";
import { publish } from "./publish.ts";
import type { Budget } from "./settings.ts";
import type { Site } from "./snapshot.ts";

/** Compiled tokens of a branch before and after a planned write. */
export interface SizeChange {
  readonly before: number;
  readonly after: number;
}

export interface BudgetReport {
  readonly maxTokens: number;
  readonly used: number;
  readonly action: Budget["action"];
}

export interface BudgetCheck {
  readonly report: BudgetReport;
  readonly warning: string | null;
  /** The write must not happen. What makes the context no larger is never refused: it is the way back under the budget. */
  readonly isRefused: boolean;
}

/** null when the branch has no budget. */
export function checkBudget(budget: Budget | null, size: SizeChange): BudgetCheck | null {
  if (budget === null) return null;
  const report = { maxTokens: budget.max_tokens, used: size.after, action: budget.action };
  if (size.after <= budget.max_tokens) return { report, warning: null, isRefused: false };
  const warning = `the compiled context has ${size.after} tokens, over the branch's budget of ${budget.max_tokens}`;
  return { report, warning, isRefused: budget.action === "reject" && size.after > size.before };
}

export function budgetEntry(
  engine: Engine,
  event: {
    readonly decision: "WARNED" | "REJECTED" | "COMPACTED";
    readonly now: string;
    readonly branch: string;
    readonly report: BudgetReport;
    /** What making room came to: numbers. */
    readonly compacted?: JsonObject;
  },
): LedgerBody {
  const { decision, now, branch, report, compacted = {} } = event;
  return ledgerEntry(engine, now, {
    eventType: "BUDGET",
    submissionId: branch,
    decision,
    reason: `${REASONS[decision]} the budget of ${branch}: ${report.used} of ${report.maxTokens} tokens`,
    metadata: { branch, limit: report.maxTokens, size: report.used, ...compacted },
  });
}

const REASONS = { WARNED: "Over", REJECTED: "Refused: over", COMPACTED: "Compacted for" } as const;

/** Notes in the ledger that a write was refused, and gives the error to throw. No part of the content is stored. */
export async function recordRefusal(
  engine: Engine,
  refusal: {
    readonly site: Site;
    readonly branch: string;
    readonly now: string;
    readonly budget: BudgetCheck;
  },
): Promise<TractError> {
  const { branch, now, budget } = refusal;
  const { report } = budget;
  if (refusal.site.tract !== null) {
    const entry = budgetEntry(engine, { decision: "REJECTED", now, branch, report });
    await publish(engine, { change: { ...emptyChange(engine.scope.tract), ledger: [entry] } });
  }
  return new TractError(
    "budget-exceeded",
    `this commit would make the compiled context of ${branch} ${report.used} tokens; its budget is ${report.maxTokens}`,
    {
      hint: "Make room with compress, annotate what is no longer needed with priority skip, commit less, or raise the budget with a config commit; nothing was stored.",
      data: { branch, max_tokens: report.maxTokens, would_be: report.used },
    },
  );
}
