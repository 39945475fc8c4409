/** What the orchestrator looks at before it chooses: sizes, counts and names of a branch and what is around it, never content (spec 5.5). */
import type { Hash } from "../../storage/records.ts";
import { type Block, readBranchContext } from "../compress/head-context.ts";
import type { Engine } from "../engine.ts";
import { type BranchEntry, listBranches } from "../history/branch.ts";
import { type BudgetStatus, type StatusResult, status } from "../history/status.ts";

/** The numbers that a run reports before, after and with each step. */
export interface Health {
  readonly tokens: number;
  /** null: the branch has no budget. */
  readonly budget: BudgetStatus | null;
  /** Commits reachable from the head. */
  readonly commits: number;
  /** In the context: messages that never go, and their tokens. */
  readonly pinned: number;
  readonly pinnedTokens: number;
  readonly conflicts: number;
  readonly proposals: number;
  readonly branches: number;
  /** Other branches that have nothing that this one has not. */
  readonly merged: number;
  /** Other branches that nobody has moved for `STALE_DAYS`. */
  readonly stale: number;
}

export interface LargeMessage {
  readonly commit: Hash;
  readonly type: string;
  readonly tokens: number;
}

export interface Situation {
  readonly health: Health;
  readonly branch: string;
  readonly head: Hash | null;
  /** Of the whole context, as compress counts it. */
  readonly wholeTokens: number;
  readonly mergedBranches: readonly string[];
  readonly staleBranches: readonly string[];
  /** The largest that may be compressed, largest first. */
  readonly largest: readonly LargeMessage[];
  readonly conflictTargets: readonly string[];
  /** Newest first. */
  readonly recent: readonly { readonly commit: Hash; readonly type: string; readonly tokens: number }[];
}

/** Days after which a branch that nobody moves counts as stale; what auto-archive takes by default (spec 5.4). */
export const STALE_DAYS = 7;
const BRANCHES_LOOKED_AT = 50;
const NAMED_MAX = 8;
const DAY_MS = 86_400_000;

/**
 * Looks at a branch. Reads only.
 *
 * @throws TractError `not-found` when the branch is gone.
 */
export async function look(engine: Engine, branch: string): Promise<Situation> {
  const state = await status(engine, { branch });
  const { branches, total } = await listBranches(engine, { limit: BRANCHES_LOOKED_AT });
  const others = branches.filter(({ name, head }) => name !== branch && head !== null);
  const merged: string[] = [];
  for (const other of others) if (await isMerged(engine, other, state.head)) merged.push(other.name);
  const staleBefore = new Date(engine.clock() - STALE_DAYS * DAY_MS).toISOString();
  const stale = others.flatMap(({ name, lastActivity }) =>
    lastActivity !== null && lastActivity < staleBefore ? [name] : [],
  );
  const context = state.head === null ? null : await readBranchContext(engine, branch);
  const blocks = context?.blocks ?? [];
  return {
    health: healthOf(state, blocks, { branches: total, merged: merged.length, stale: stale.length }),
    branch,
    head: state.head,
    wholeTokens: context?.tokens ?? 0,
    mergedBranches: merged.slice(0, NAMED_MAX),
    staleBranches: stale.slice(0, NAMED_MAX),
    largest: largestOf(blocks),
    conflictTargets: state.conflicts.slice(0, NAMED_MAX).map(({ target }) => target),
    recent: state.recent.map(({ hash, contentType, tokens }) => ({
      commit: hash,
      type: contentType ?? "merge",
      tokens,
    })),
  };
}

async function isMerged(
  { store, scope }: Engine,
  { head }: BranchEntry,
  into: Hash | null,
): Promise<boolean> {
  return head !== null && into !== null && (await store.isReachable(scope.tract, head, into));
}

function healthOf(
  { tokens, budget, commits, conflicts, proposals }: StatusResult,
  blocks: readonly Block[],
  counts: Pick<Health, "branches" | "merged" | "stale">,
): Health {
  const pinned = blocks.filter(({ fixed }) => fixed === "pinned");
  return {
    tokens,
    budget,
    commits,
    pinned: pinned.reduce((sum, { entries }) => sum + entries.length, 0),
    pinnedTokens: pinned.reduce((sum, block) => sum + block.tokens, 0),
    conflicts: conflicts.length,
    proposals: proposals.length,
    ...counts,
  };
}

function largestOf(blocks: readonly Block[]): readonly LargeMessage[] {
  return blocks
    .filter(({ fixed }) => fixed === null)
    .sort((a, b) => b.tokens - a.tokens)
    .slice(0, NAMED_MAX)
    .flatMap(({ entries, tokens }) => {
      const [first] = entries;
      return first === undefined ? [] : [{ commit: first.hash, type: first.type, tokens }];
    });
}

/** True when the context is larger than its budget. */
export function isOverBudget({ tokens, budget }: Health): boolean {
  return budget !== null && tokens > budget.maxTokens;
}
