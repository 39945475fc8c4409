/** Finds the blocks of a context that a request selects: a range, a list, what is old, or what has to go to reach a size (spec 3.5). */
import type { Hash, JsonObject } from "../../storage/records.ts";
import type { Entry } from "../compile/entry.ts";
import type { Engine } from "../engine.ts";
import { linearize } from "../history/linearize.ts";
import { resolveCommit } from "../history/revision.ts";
import { type Block, type BranchContext, blocksByCommit, entriesOf, oldBlocks } from "./head-context.ts";
import { type SizeGoal, selectForSize } from "./select-for-size.ts";
import {
  backwards,
  notHere,
  nothingSelected,
  splitsUnit,
  stayedWarning,
  summarised,
  withinTarget,
} from "./selection-words.ts";

/** At most one way of selecting; none is everything. */
export interface SelectionRequest {
  /** Both ends belong to it. Default: the beginning, and the end of the context. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly commits?: readonly string[] | undefined;
  /** All but so many newest messages. */
  readonly olderThan?: number | undefined;
  /** For the whole context. */
  readonly targetTokens?: number | undefined;
}

export interface Selection {
  /** In order; none of them is fixed. */
  readonly blocks: readonly Block[];
  readonly warnings: readonly string[];
  /** For the operation's record: hashes and numbers. */
  readonly params: JsonObject;
  /** Given with target_tokens alone. */
  readonly goal: SizeGoal | null;
  /** True: the caller listed the commits. */
  readonly isListed: boolean;
}

/**
 * @throws TractError `invalid-argument` (a split unit, an end that is not on the branch, from after to), `not-found`, `ambiguous-ref`,
 *   `nothing-to-do` when nothing is left of the selection.
 */
export async function select(
  engine: Engine,
  context: BranchContext,
  request: SelectionRequest,
): Promise<Selection> {
  const { commits, olderThan, targetTokens, from, to } = request;
  if (commits !== undefined) return await selectCommits(engine, context, commits);
  if (olderThan !== undefined) return selectOlder(context, olderThan);
  if (targetTokens !== undefined) return selectToTarget(context, targetTokens);
  if (from !== undefined || to !== undefined) return await selectRange(engine, context, { from, to });
  return taken(context.blocks, "the context has nothing that may be compressed", {});
}

function taken(
  blocks: readonly Block[],
  nothing: string,
  params: JsonObject,
  warnings: readonly string[] = [],
): Selection {
  const stayed = blocks.filter(({ fixed }) => fixed !== null);
  const free = blocks.filter(({ fixed }) => fixed === null);
  if (free.length === 0) throw nothingSelected(nothing, stayed);
  return {
    blocks: free,
    warnings: [...warnings, ...stayedWarning(stayed)],
    params,
    goal: null,
    isListed: false,
  };
}

async function selectCommits(
  engine: Engine,
  context: BranchContext,
  refs: readonly string[],
): Promise<Selection> {
  const byCommit = blocksByCommit(context);
  const chosen = new Set<Hash>();
  const blocks = new Set<Block>();
  let leftOut = 0;
  for (const ref of refs) {
    const named = await resolveCommit(engine, { ref, branch: context.branch });
    const hash = byCommit.has(named) ? named : await targetOf(engine, named);
    const block = byCommit.get(hash);
    if (block === undefined) {
      await requireHere(engine, context, "commits", hash);
      const cover = context.draft.coverage.covers.get(hash);
      if (cover !== undefined && byCommit.has(cover.by)) throw summarised("commits", hash, cover.by);
      leftOut += 1;
    } else {
      blocks.add(block);
      for (const entry of block.entries)
        if (entry.hash === hash || entry.place.shown.commit.hash === hash) chosen.add(entry.hash);
    }
  }
  const ordered = [...blocks].sort((a, b) => a.index - b.index);
  for (const block of ordered)
    if (block.fixed === null && !block.entries.every(({ hash }) => chosen.has(hash)))
      throw splitsUnit("commits", block);
  const warnings =
    leftOut === 0 ? [] : [`${leftOut} of the commits are not in the context and were left out`];
  const selection = taken(
    ordered,
    "none of these commits may be compressed",
    { commits: chosen.size },
    warnings,
  );
  return { ...selection, isListed: true };
}

/** An edit is part of what it edits. */
async function targetOf({ store, scope }: Engine, hash: Hash): Promise<Hash> {
  const [commit] = await store.readCommits(scope.tract, [hash]);
  return commit?.operation === "edit" && commit.editTarget !== null ? commit.editTarget : hash;
}

async function requireHere(engine: Engine, context: BranchContext, path: string, hash: Hash): Promise<void> {
  const { store, scope } = engine;
  if (await store.isReachable(scope.tract, hash, context.head.hash)) return;
  throw notHere(path, hash, context.branch);
}

async function selectRange(
  engine: Engine,
  context: BranchContext,
  ends: { readonly from: string | undefined; readonly to: string | undefined },
): Promise<Selection> {
  const { branch } = context;
  const from = ends.from === undefined ? null : await resolveCommit(engine, { ref: ends.from, branch });
  const to = ends.to === undefined ? null : await resolveCommit(engine, { ref: ends.to, branch });
  if (from !== null) await requireHere(engine, context, "from", from);
  if (to !== null) await requireHere(engine, context, "to", to);
  const ordinals = await ordinalsOf(engine, context, { from, to });
  if (ordinals.from > ordinals.to && !ordinals.isInOrder) throw backwards(from, to);
  const inside: Block[] = [];
  for (const block of context.blocks) {
    if (block.last < ordinals.from || block.first > ordinals.to) continue;
    const isWhole = block.first >= ordinals.from && block.last <= ordinals.to;
    if (!isWhole && block.fixed === null)
      throw splitsUnit(block.first < ordinals.from ? "from" : "to", block);
    if (isWhole) inside.push(block);
  }
  return taken(inside, "nothing in this range may be compressed", { from, to });
}

/**
 * Where the ends of a range stand in the context. A commit that a summary stands for means the summary; one that never shows means the place
 * where it was made, so that between two of them in order may be nothing; the head as `to` means the end, whatever kind of commit it is, unless it is `from` too: then it means itself.
 */
async function ordinalsOf(
  engine: Engine,
  context: BranchContext,
  { from, to }: { readonly from: Hash | null; readonly to: Hash | null },
): Promise<{ readonly from: number; readonly to: number; readonly isInOrder: boolean }> {
  const known = new Map<Hash, Entry>();
  for (const entry of entriesOf(context.draft)) known.set(entry.hash, entry);
  const shownFor = (hash: Hash): Entry | undefined => {
    const by = context.draft.coverage.covers.get(hash)?.by;
    const entry = known.get(hash);
    return entry?.out === "compressed" && by !== undefined ? shownFor(by) : entry;
  };
  const isLast = to === context.head.hash && from !== to;
  const first = from === null ? 0 : shownFor(from)?.ordinal;
  const last = to === null || isLast ? Number.POSITIVE_INFINITY : shownFor(to)?.ordinal;
  if (first !== undefined && last !== undefined) return { from: first, to: last, isInOrder: first <= last };
  const chain = (await engine.store.readChain(engine.scope.tract, context.head.hash)) ?? [];
  const order = linearize(chain, context.head.hash).map(({ commit }) => commit.hash);
  const near = (hash: Hash | null, step: 1 | -1): number => {
    if (hash === null) return 0;
    for (let at = order.indexOf(hash); at >= 0 && at < order.length; at += step) {
      const entry = shownFor(order[at] ?? hash);
      if (entry !== undefined) return entry.ordinal;
    }
    return step === 1 ? Number.POSITIVE_INFINITY : -1;
  };
  const isInOrder = from === null || to === null || order.indexOf(from) <= order.indexOf(to);
  return { from: first ?? near(from, 1), to: last ?? near(to, -1), isInOrder };
}

function selectOlder(context: BranchContext, olderThan: number): Selection {
  let kept = 0;
  let end = context.blocks.length;
  while (end > 0 && kept < olderThan) {
    end -= 1;
    kept += context.blocks[end]?.entries.length ?? 0;
  }
  const old = context.blocks.slice(0, end);
  const blocks = oldBlocks(context, old);
  return taken(blocks, `there is nothing older than ${olderThan} messages that may be compressed`, {
    older_than: olderThan,
  });
}

function selectToTarget(context: BranchContext, targetTokens: number): Selection {
  const free = oldBlocks(context, context.blocks).filter(({ fixed }) => fixed === null);
  const goal = { contextTokens: context.tokens, targetTokens };
  if (context.tokens <= targetTokens) throw withinTarget(goal);
  const { blocks, isReached } = selectForSize(free, goal);
  if (blocks.length === 0)
    throw nothingSelected(
      "the context has nothing that may be compressed",
      context.blocks.filter(({ fixed }) => fixed !== null),
    );
  const warnings = isReached
    ? []
    : [`about ${targetTokens} tokens will not be reached: what stays as it is has too many`];
  return { blocks, warnings, params: { target_tokens: targetTokens }, goal, isListed: false };
}
