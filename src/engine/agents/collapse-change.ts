/** Plans the commit of a child's result on its parent's branch (spec 3.6). */
import type { LedgerBody, PlanRecord } from "../../storage/records.ts";
import { proposalEntry } from "../compress/plans.ts";
import { parseContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { branchChange } from "../history/branch-change.ts";
import { budgetEntry, checkBudget, recordRefusal } from "../history/budget.ts";
import { sizeAround } from "../history/context-size.ts";
import { type ContentItem, PLAIN_ITEM, planCommits } from "../history/plan-commit.ts";
import { isoNow, type Plan } from "../history/publish.ts";
import { planSettings } from "../history/settings.ts";
import { readSite } from "../history/snapshot.ts";
import { collapseMetadata } from "../history/spawn-link.ts";
import { invariant } from "../invariant.ts";
import { type Proposal, settledPlan } from "./collapse-plan.ts";
import type { Collapsed } from "./collapse-result.ts";
import type { ResultText } from "./collapse-text.ts";
import { readCollapsings } from "./family.ts";

export interface CollapseInput {
  readonly result: ResultText;
  /** Of what the child added to its context. */
  readonly sourceTokens: number;
  /** The plan that is applied with it. */
  readonly plan: PlanRecord | null;
  readonly warnings: readonly string[];
}

/** @throws TractError `budget-exceeded` when the parent's branch refuses what is over its budget. */
export async function planCollapse(
  engine: Engine,
  proposal: Proposal,
  input: CollapseInput,
): Promise<Plan<Collapsed>> {
  const { target, childHead, strategy } = proposal;
  const { result, sourceTokens, plan } = input;
  const { child, spawn, into: branch } = target;
  const site = await readSite(engine, { branch });
  const operationId = engine.newId();
  const now = isoNow(engine);
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const { author } = engine.scope;
  const screen = await engine.screen(engine, site.head?.hash ?? null);
  const base = { parent: site.head, branch, author, operationId, now, tokens, screen };
  const planned = planCommits(base, [resultItem(engine, proposal, result.text)]);
  const commit = planned.chain[0]?.commit;
  invariant(commit, "a collapse commits its result");
  const { budget } = await planSettings(engine, site.head?.hash ?? null, planned.chain);
  const check = budget === null ? null : checkBudget(budget, await sizeAround(engine, site, planned));
  if (check?.isRefused) throw await recordRefusal(engine, { site, branch, now, budget: check });
  const change = branchChange(engine, {
    site,
    branch,
    planned,
    isJudged: check !== null,
    note: {
      id: operationId,
      type: "collapse",
      now,
      // What stands in another tract is named by params alone.
      sources: child.tract === engine.scope.tract ? [childHead] : [],
      params: { child: { ...child }, spawn, child_head: childHead, strategy, plan: plan?.id ?? null },
      originalTokens: sourceTokens,
      compressedTokens: commit.tokens,
      reason: `Committed the result of a child to ${branch}`,
      evidence: { tokens: commit.tokens, source_tokens: sourceTokens, child_head: childHead },
    },
  });
  const over =
    check?.warning == null
      ? []
      : [budgetEntry(engine, { decision: "WARNED", now, branch, report: check.report })];
  const settled = appliedPlan(engine, plan, now);
  const warnings = [
    ...input.warnings,
    ...(await repeated(engine, spawn)),
    ...(check?.warning == null ? [] : [check.warning]),
  ];
  return {
    change: {
      ...change,
      ledger: [...change.ledger, ...over, ...settled.ledger],
      plans: settled.plans,
    },
    result: () => ({
      kind: "collapsed",
      operationId,
      branch,
      head: commit.hash,
      warnings,
      child,
      commit: commit.hash,
      summaryTokens: commit.tokens,
      sourceTokens,
      lost: result.lost,
    }),
  };
}

/** What the plan becomes, and what the ledger says of it. */
function appliedPlan(
  engine: Engine,
  plan: PlanRecord | null,
  now: string,
): { readonly plans: readonly PlanRecord[]; readonly ledger: readonly LedgerBody[] } {
  if (plan === null) return { plans: [], ledger: [] };
  const applied = settledPlan(plan, "applied", now);
  const event = { decision: "APPROVED", words: "Applied the plan to collapse", now } as const;
  return { plans: [applied], ledger: [proposalEntry(engine, applied, event)] };
}

/** An assistant's word, as the child's own was; type output tells it apart from what the parent said itself. */
function resultItem(
  { contentTypes: types, limits }: Engine,
  { target: { child, from }, childHead, generationConfig, strategy }: Proposal,
  text: string,
): ContentItem {
  const content = parseContent({ content_type: "output", text }, { types, limits, path: "summary" });
  const metadata = collapseMetadata({ ...child, head: childHead, from });
  const message = `Result of ${child.worktree}`;
  // What the child said last, or an LLM made of its work; other texts are the caller's.
  const isDerived = strategy === "last_output" || strategy === "llm";
  const origin = isDerived ? ({ origin: "derived" } as const) : {};
  return { ...PLAIN_ITEM, content, operation: "append", metadata, message, generationConfig, ...origin };
}

/** A child may have more than one result; that there is one already should not go unnoticed. */
async function repeated(engine: Engine, spawn: string): Promise<readonly string[]> {
  const earlier = (await readCollapsings(engine, engine.scope.tract)).filter(
    (known) => known.spawn === spawn,
  );
  const first = earlier.at(-1)?.operation.results[0];
  return first === undefined
    ? []
    : [`this child was collapsed before, as commit ${first.slice(0, HASH_CHARS_SHOWN)}`];
}

const HASH_CHARS_SHOWN = 12;
