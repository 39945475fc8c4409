/** Turns receipts and summaries into commits, in one operation (spec 3.5). */
import type { Hash, JsonObject, LedgerBody, PlanRecord } from "../../storage/records.ts";
import { parseContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { branchChange } from "../history/branch-change.ts";
import { sizeAround } from "../history/context-size.ts";
import { summaryItem } from "../history/internal-items.ts";
import {
  type CommitBase,
  type CommitItem,
  PLAIN_ITEM,
  type PlannedCommits,
  planCommits,
} from "../history/plan-commit.ts";
import { isoNow, type Planned } from "../history/publish.ts";
import type { AcceptedSummary } from "./accept-summary.ts";
import type { Compressed, CompressedGroup } from "./compress-result.ts";
import type { BranchContext } from "./head-context.ts";
import type { MaskEdit } from "./strategies/receipt.ts";

/** What is to be done to a context: each message in at most one of the two. */
export interface Outcome {
  readonly strategy: string;
  readonly edits: readonly MaskEdit[];
  readonly summaries: readonly AcceptedSummary[];
  readonly warnings: readonly string[];
  /** How it was selected, for the operation's record. */
  readonly params: JsonObject;
}

/** The plan that is applied with it. */
export interface AppliedPlan {
  readonly plan: PlanRecord;
  readonly entry: LedgerBody;
}

/** The commits of an outcome, on top of a commit. */
export function outcomeItems(
  engine: Engine,
  { edits, summaries }: Pick<Outcome, "edits" | "summaries">,
): readonly CommitItem[] {
  const { contentTypes: types, limits } = engine;
  return [
    ...edits.map(
      ({ target, content }): CommitItem => ({
        ...PLAIN_ITEM,
        content: parseContent(content, { types, limits, path: "receipt" }),
        operation: "edit",
        editTarget: target,
        message: null,
        origin: "derived",
      }),
    ),
    ...summaries.map(
      ({ group, strategy, text, generationConfig = null }): CommitItem => ({
        ...summaryItem(engine, { sources: group.sources, strategy, text }),
        generationConfig,
        ...(GIVEN.has(strategy) ? {} : { origin: "derived" }),
      }),
    ),
  ];
}

/** Who called has written these summaries; the others are made of what they stand for. */
const GIVEN: ReadonlySet<string> = new Set(["manual", "agent"]);

/** One per receipt and per summary, in the order of the commits that `outcomeItems` came to. */
export function compressedGroups(
  { edits, summaries }: Pick<Outcome, "edits" | "summaries">,
  commits: readonly Hash[],
): readonly CompressedGroup[] {
  return [
    ...edits.map(({ target, originalTokens, tokens }) => ({
      sources: [target],
      originalTokens,
      compressedTokens: tokens,
    })),
    ...summaries.map(({ group, tokens }) => ({
      sources: group.sources,
      originalTokens: group.tokens,
      compressedTokens: tokens,
    })),
  ].map((group, index) => ({ ...group, summary: commits[index] ?? null }));
}

/** Plans the operation; with `isDryRun` nothing is written, and there are no hashes. */
export async function planOutcome(
  engine: Engine,
  context: BranchContext,
  outcome: Outcome,
  options: { readonly isDryRun: boolean; readonly applied?: AppliedPlan },
): Promise<Planned<Compressed>> {
  const { site, branch, head } = context;
  const operationId = engine.newId();
  const now = isoNow(engine);
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const screen = await engine.screen(engine, head.hash);
  const { author } = engine.scope;
  const base: CommitBase = { parent: head, branch, author, operationId, now, tokens, screen };
  const planned = planCommits(base, outcomeItems(engine, outcome));
  const size = await sizeAround(engine, site, planned);
  const made = planned.chain.map(({ commit }) => commit.hash);
  const { isDryRun } = options;
  const result = {
    ...told(outcome, compressedGroups(outcome, isDryRun ? [] : made)),
    dryRun: isDryRun,
    planId: options.applied?.plan.id ?? null,
    contextTokensBefore: size.before,
    contextTokens: size.after,
    branch,
  };
  if (isDryRun) return { change: null, result: () => ({ ...result, operationId: null, head: head.hash }) };
  const change = outcomeChange(engine, { context, outcome, planned, result, operationId, now });
  const { applied } = options;
  return {
    change:
      applied === undefined
        ? change
        : { ...change, plans: [applied.plan], ledger: [...change.ledger, applied.entry] },
    result: () => ({ ...result, operationId, head: made.at(-1) ?? head.hash }),
  };
}

function told(
  { strategy, summaries, warnings }: Outcome,
  groups: readonly CompressedGroup[],
): Pick<
  Compressed,
  | "kind"
  | "strategy"
  | "groups"
  | "originalTokens"
  | "compressedTokens"
  | "ratio"
  | "keptCount"
  | "lost"
  | "warnings"
> {
  const originalTokens = groups.reduce((sum, group) => sum + group.originalTokens, 0);
  const compressedTokens = groups.reduce((sum, group) => sum + group.compressedTokens, 0);
  return {
    kind: "compressed",
    strategy,
    groups,
    originalTokens,
    compressedTokens,
    ratio: Math.round((100 * originalTokens) / Math.max(1, compressedTokens)) / 100,
    keptCount: summaries.reduce((sum, { keptCount }) => sum + keptCount, 0),
    lost: summaries.flatMap(({ lost }) => lost),
    warnings,
  };
}

interface OutcomeWrite {
  readonly context: BranchContext;
  readonly outcome: Outcome;
  readonly planned: PlannedCommits;
  readonly result: Pick<Compressed, "groups" | "originalTokens" | "compressedTokens">;
  readonly operationId: string;
  readonly now: string;
}

function outcomeChange(engine: Engine, write: OutcomeWrite): ReturnType<typeof branchChange> {
  const { context, outcome, planned, result, operationId, now } = write;
  const { originalTokens, compressedTokens } = result;
  const sources = result.groups.flatMap((group) => group.sources);
  const commits = planned.chain.map(({ commit }) => commit);
  return branchChange(engine, {
    site: context.site,
    branch: context.branch,
    planned,
    isJudged: true,
    note: {
      id: operationId,
      type: "compress",
      now,
      sources,
      params: { strategy: outcome.strategy, ...outcome.params },
      originalTokens,
      compressedTokens,
      reason: `Compressed ${sources.length} ${sources.length === 1 ? "message" : "messages"} of ${context.branch} (${outcome.strategy})`,
      evidence: {
        ...(commits.length > 1 ? { commits: commits.map(({ hash }) => hash) } : {}),
        sources: sources.length,
        tokens: commits.reduce((sum, commit) => sum + commit.tokens, 0),
        original_tokens: originalTokens,
        compressed_tokens: compressedTokens,
      },
    },
  });
}
