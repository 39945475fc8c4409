/** The parts that all results of a merge have in common (spec 3.3, 8). */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { budgetEntry, checkBudget, type SizeChange } from "../history/budget.ts";
import { pointAt } from "../history/context-size.ts";
import { reportedSize } from "../history/reported-size.ts";
import type { TractSettings } from "../history/settings.ts";
import { readSettings } from "../history/settings.ts";
import type { Site } from "../history/snapshot.ts";
import type { MergeEnds, MergeResult } from "./merge-types.ts";

const COMMITS_SHOWN = 20;

/** Newest first, the first few. `rows`: parents before children. */
export function broughtBy(rows: readonly { readonly commit: CommitRecord }[]): MergeResult["commitsBrought"] {
  const newest = rows.slice(-COMMITS_SHOWN).reverse();
  return { count: rows.length, commits: newest.map(({ commit }) => commit.hash) };
}

/** A result that changed nothing. */
export async function unchanged(
  engine: Engine,
  ends: MergeEnds,
  told: Partial<MergeResult> & Pick<MergeResult, "kind" | "base">,
): Promise<MergeResult> {
  const { site, branch } = ends;
  const head: Hash | null = site.head?.hash ?? null;
  const tokens = await sizeAt(engine, site, head);
  return {
    operationId: null,
    branch,
    head,
    warnings: [],
    dryRun: false,
    conflicts: [],
    resolutions: [],
    mergeCommit: null,
    edits: [],
    commitsBrought: { count: 0, commits: [] },
    tokensBefore: tokens,
    tokensAfter: tokens,
    ...told,
  };
}

/** A merge over the budget warns and is never refused: it must not block later work. The ledger keeps the warning. */
export function withBudgetWarning(
  engine: Engine,
  change: ChangeSet,
  at: {
    readonly settings: TractSettings;
    readonly size: SizeChange;
    readonly branch: string;
    readonly now: string;
  },
): { readonly change: ChangeSet; readonly warnings: readonly string[] } {
  const budget = checkBudget(at.settings.budget, at.size);
  if (budget?.warning == null) return { change, warnings: [] };
  const { branch, now } = at;
  const warned = budgetEntry(engine, { decision: "WARNED", now, branch, report: budget.report });
  return { change: { ...change, ledger: [...change.ledger, warned] }, warnings: [budget.warning] };
}

/** Compiled tokens of a head that is stored. */
export async function sizeAt(engine: Engine, site: Site, head: Hash | null): Promise<number> {
  const settings = await readSettings(engine, engine.scope.tract, head);
  return (await reportedSize(engine, pointAt(engine, site, head, settings))).tokens;
}
