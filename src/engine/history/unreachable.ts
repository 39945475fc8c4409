/** Finds commits that no branch or tag would reach any more. They stay in the store; only names stop leading to them. */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";

export interface Unreachable {
  /** Newest first of each tip, at most `limits.pageMax` of each. */
  readonly commits: readonly Hash[];
  /** False when there are more than are listed. */
  readonly isComplete: boolean;
}

/** What is reachable from `tips` (places that names leave) but not from `roots` (all that branches and tags point to afterwards). */
export async function readUnreachable(
  engine: Engine,
  from: { readonly tips: readonly Hash[]; readonly roots: readonly Hash[] },
): Promise<Unreachable> {
  const tips = [...new Set(from.tips)];
  const roots = [...new Set(from.roots)];
  const found = new Set<Hash>();
  let isComplete = true;
  for (const tip of tips) {
    if (await isReached(engine, tip, roots)) continue;
    const page = await engine.store.readLog(engine.scope.tract, {
      head: tip,
      limit: engine.limits.pageMax,
      firstParent: false,
    });
    const lost = await lostOf(engine, page, roots);
    for (const hash of lost) found.add(hash);
    if (lost.length === engine.limits.pageMax) isComplete = false;
  }
  return { commits: [...found], isComplete };
}

/** Branches and tags that lead somewhere, as roots. */
export async function readRoots(engine: Engine): Promise<readonly NamedRoot[]> {
  const { store, scope } = engine;
  const refs = [
    ...(await store.listRefs(scope.tract, "branch")),
    ...(await store.listRefs(scope.tract, "tag")),
  ];
  return refs.flatMap(({ kind, name, value }) =>
    "commit" in value && value.commit !== null ? [{ kind, name, commit: value.commit }] : [],
  );
}

export interface NamedRoot {
  readonly kind: string;
  readonly name: string;
  readonly commit: Hash;
}

/** Children come before parents; once a commit is reached, so are all behind it. */
async function lostOf(
  engine: Engine,
  page: readonly CommitRecord[],
  roots: readonly Hash[],
): Promise<readonly Hash[]> {
  const near = await rootsNear(engine, page, roots);
  const reached = new Set<Hash>();
  const lost: Hash[] = [];
  for (const { hash, parents } of page) {
    if (reached.has(hash) || (await isReached(engine, hash, near)))
      for (const parent of parents) reached.add(parent);
    else lost.push(hash);
  }
  return lost;
}

/** In a straight line a root that does not reach the oldest commit reaches none of the others: most roots drop out at once. */
async function rootsNear(
  engine: Engine,
  page: readonly CommitRecord[],
  roots: readonly Hash[],
): Promise<readonly Hash[]> {
  const isStraight = page.every(
    ({ parents }, i) => i === page.length - 1 || (parents.length === 1 && parents[0] === page[i + 1]?.hash),
  );
  const oldest = page.at(-1)?.hash;
  if (!isStraight || oldest === undefined) return roots;
  const near: Hash[] = [];
  for (const root of roots) if (await isReached(engine, oldest, [root])) near.push(root);
  return near;
}

async function isReached(engine: Engine, commit: Hash, roots: readonly Hash[]): Promise<boolean> {
  for (const root of roots)
    if (root === commit || (await engine.store.isReachable(engine.scope.tract, commit, root))) return true;
  return false;
}
