/** One order for the whole history behind a head: stage 1 of compile, and what a range means where branches were merged (spec 2.2). */
import type { Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";

/**
 * The first-parent chain, oldest first; at a merge the other parents' ancestors that were not seen yet, in the same order, directly before
 * the merge. Every commit given comes out exactly once, parents before children.
 *
 * @param chain commits reachable from `head`, in any order; parents that are missing count as seen, so that the part of a history behind
 *   an earlier head can be ordered on its own and appended to that head's order.
 */
export function linearize(chain: readonly ChainCommit[], head: Hash): readonly ChainCommit[] {
  if (isPlainChain(chain, head)) return chain;
  const waiting = new Map(chain.map((row) => [row.commit.hash, row]));
  const order: ChainCommit[] = [];
  const stack: Walk[] = [startWalk(waiting, head)];
  for (let walk = stack.at(-1); walk !== undefined; walk = stack.at(-1)) {
    const row = walk.chain[walk.next];
    const side = row?.commit.parents[walk.parent];
    if (row === undefined) {
      stack.pop();
    } else if (side !== undefined) {
      walk.parent += 1;
      if (waiting.has(side)) stack.push(startWalk(waiting, side));
    } else {
      order.push(row);
      walk.next += 1;
      walk.parent = 1;
    }
  }
  return order;
}

/** A first-parent chain, oldest first, and how far it has been written down. */
interface Walk {
  readonly chain: readonly ChainCommit[];
  next: number;
  /** The parent of `chain[next]` to look at next; the first parent needs no look: it stands before. */
  parent: number;
}

/** Takes the chain's commits out of `waiting`: what is taken is never walked twice. */
function startWalk(waiting: Map<Hash, ChainCommit>, tip: Hash): Walk {
  const chain: ChainCommit[] = [];
  for (let at: Hash | undefined = tip; at !== undefined; ) {
    const row = waiting.get(at);
    if (row === undefined) break;
    waiting.delete(at);
    chain.push(row);
    at = row.commit.parents[0];
  }
  return { chain: chain.reverse(), next: 0, parent: 1 };
}

/** Nearly every history: no merge, and the rows came in order. */
function isPlainChain(chain: readonly ChainCommit[], head: Hash): boolean {
  let before: Hash | undefined;
  for (const { commit } of chain) {
    if (commit.parents.length > 1 || (before !== undefined && commit.parents[0] !== before)) return false;
    before = commit.hash;
  }
  return before === head;
}
