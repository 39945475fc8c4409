/** How many first parents lie between two commits, without walking the chain between them. */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";

/**
 * Steps from `head` back to `ancestor` over first parents; null when it is not on that chain. Costs a logarithm of the length of history
 * where there are merges, and two reads where there are none.
 */
export async function chainDistance(
  { scope, store }: Engine,
  ancestor: Hash,
  head: Hash,
): Promise<number | null> {
  if (!(await store.isReachable(scope.tract, ancestor, head))) return null;
  // Between the two there are at least as many commits as first-parent steps; exactly as many where nothing was merged.
  const between = await store.countReachable(scope.tract, head, ancestor);
  if ((await store.readAncestor(scope.tract, head, between)) === ancestor) return between;
  // The ancestor is reachable from all commits of the chain above the place where it was forked from, and from none below.
  let reaches = 0;
  let beyond = between + 1;
  while (beyond - reaches > 1) {
    const steps = Math.floor((reaches + beyond) / 2);
    const commit = await store.readAncestor(scope.tract, head, steps);
    if (commit !== null && (await store.isReachable(scope.tract, ancestor, commit))) reaches = steps;
    else beyond = steps;
  }
  return (await store.readAncestor(scope.tract, head, reaches)) === ancestor ? reaches : null;
}
