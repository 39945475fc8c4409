/** Names the tool results of a context that mask would shorten most (spec 3.5; prompt compress, spec 6.2). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { blocksByCommit, readBranchContext } from "./head-context.ts";
import { receiptsFor } from "./receipts.ts";

export interface MaskableResult {
  readonly hash: Hash;
  readonly message: string;
  /** As it shows now, framing included. */
  readonly tokens: number;
}

/**
 * Those that would save most first; what is a receipt already, summarised, pinned or important is none of them.
 *
 * @throws TractError `detached-head`, `not-found` (the branch), `nothing-to-do` on an unborn branch.
 */
export async function largestMaskable(
  engine: Engine,
  { branch, limit }: { readonly branch: string | undefined; readonly limit: number },
): Promise<readonly MaskableResult[]> {
  const context = await readBranchContext(engine, branch);
  const free = context.blocks.filter(({ fixed }) => fixed === null);
  const byCommit = blocksByCommit(context);
  return receiptsFor(context, free, { keep: 0, isDedupe: false })
    .toSorted((a, b) => b.originalTokens - b.tokens - (a.originalTokens - a.tokens))
    .slice(0, limit)
    .map(({ target, originalTokens }) => {
      const entry = byCommit.get(target)?.entries.find(({ hash }) => hash === target);
      return { hash: target, message: entry?.place.shown.commit.message ?? "", tokens: originalTokens };
    });
}
