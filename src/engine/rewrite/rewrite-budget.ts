/** Holds a rewritten history against the budget of its branch, before anything is written (spec 1.7). */
import type { NewAnnotation } from "../../storage/change-set.ts";
import type { Hash, LedgerBody } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { budgetEntry, checkBudget, recordRefusal, type SizeChange } from "../history/budget.ts";
import { sizeAround } from "../history/context-size.ts";
import { planSettings } from "../history/settings.ts";
import type { Site } from "../history/snapshot.ts";
import { type RewriteWarning, warn } from "./rewrite-warning.ts";

export interface RewriteSize {
  readonly size: SizeChange;
  readonly warnings: readonly RewriteWarning[];
  /** What the ledger says of it. */
  readonly ledger: readonly LedgerBody[];
}

export interface SizedWrite {
  readonly branch: string;
  readonly now: string;
  /** What `chain` stands on. */
  readonly base: Hash | null;
  readonly chain: readonly ChainCommit[];
  readonly annotations: readonly NewAnnotation[];
  /** False: a context over its budget is only warned of. */
  readonly mayRefuse: boolean;
}

/** @throws TractError `budget-exceeded` (action reject, and the context grows). */
export async function sizeRewrite(engine: Engine, site: Site, write: SizedWrite): Promise<RewriteSize> {
  const { annotations, base, branch, chain, now } = write;
  const size = await sizeAround(engine, site, { base, chain, annotations });
  const { budget } = await planSettings(engine, base, chain);
  const check = checkBudget(budget, size);
  if (check === null || check.warning === null) return { size, warnings: [], ledger: [] };
  if (check.isRefused && write.mayRefuse)
    throw await recordRefusal(engine, { site, branch, now, budget: check });
  return {
    size,
    warnings: [warn("over-budget", check.warning)],
    ledger: [budgetEntry(engine, { decision: "WARNED", now, branch, report: check.report })],
  };
}
