/** Holds what an import adds to a branch against that branch's budget, as a commit is (spec 1.7). */
import type { Engine } from "../engine.ts";
import { type BudgetCheck, checkBudget, recordRefusal } from "../history/budget.ts";
import type { PlannedCommits } from "../history/plan-commit.ts";
import { reportedSizes } from "../history/reported-size.ts";
import { planSettings, readSettings } from "../history/settings.ts";
import type { Site } from "../history/snapshot.ts";
import type { ImportTarget } from "./import-target.ts";

/**
 * @returns null for a branch without budget, and for one that the import makes.
 * @throws TractError `budget-exceeded` when the budget refuses.
 */
export async function checkImportBudget(
  engine: Engine,
  input: {
    readonly site: Site;
    readonly target: ImportTarget;
    readonly planned: PlannedCommits;
    readonly now: string;
  },
): Promise<BudgetCheck | null> {
  const { site, target, planned, now } = input;
  if (target.parent === null) return null;
  const head = target.parent.hash;
  const settings = await planSettings(engine, head, planned.chain);
  if (settings.budget === null) return null;
  const at = {
    tract: engine.scope.tract,
    encoding: site.tract?.encoding ?? engine.settings.encoding,
    head,
    annotationSequence: site.tract?.annotationSequence ?? 0,
    settings,
  };
  const size = await reportedSizes(engine, {
    before: { ...at, settings: await readSettings(engine, engine.scope.tract, head) },
    after: at,
    planned,
  });
  const budget = checkBudget(settings.budget, size);
  if (budget?.isRefused) throw await recordRefusal(engine, { site, branch: target.branch, now, budget });
  return budget;
}
