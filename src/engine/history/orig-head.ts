/** Keeps ORIG_HEAD: where a branch was before an operation moved it back (spec 3.2). */
import type { Hash, RefMove } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { commitOf } from "./ref-value.ts";
import type { Site } from "./snapshot.ts";

/**
 * Adds the move of ORIG_HEAD that goes with moves of branches; none when no branch goes back. Of several branches the worktree's own counts.
 *
 * @param unreachable what no branch and no tag leads to after the moves: a branch that goes away took its commits back only if they are among it.
 */
export async function withOrigHead(
  engine: Engine,
  site: Site,
  moves: readonly RefMove[],
  unreachable: readonly Hash[],
): Promise<readonly RefMove[]> {
  const { store, scope } = engine;
  const lost = new Set(unreachable);
  const tips: { readonly name: string; readonly tip: Hash }[] = [];
  for (const { kind, name, before, after } of moves) {
    const tip = commitOf(before);
    if (kind !== "branch" || tip === null) continue;
    const next = commitOf(after);
    const isBack = next === null ? lost.has(tip) : !(await store.isReachable(scope.tract, tip, next));
    if (isBack) tips.push({ name, tip });
  }
  const chosen = tips.find(({ name }) => name === site.branch) ?? tips[0];
  if (chosen === undefined) return moves;
  const others = moves.filter(({ kind, name }) => kind !== "orig_head" || name !== scope.worktree);
  return [...others, ...(await planOrigHead(engine, chosen.tip))];
}

/** The move that makes ORIG_HEAD of the call's worktree a commit; none when it is that already. */
export async function planOrigHead({ store, scope }: Engine, commit: Hash): Promise<readonly RefMove[]> {
  const name = scope.worktree;
  const row = await store.readRef(scope.tract, "orig_head", name);
  if (commitOf(row?.value) === commit) return [];
  return [{ kind: "orig_head", name, before: row?.value ?? null, after: { commit } }];
}
