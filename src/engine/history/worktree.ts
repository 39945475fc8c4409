/** Moves the HEAD of a worktree, and says who else is where. */
import type { ExpectedRef } from "../../storage/change-set.ts";
import type { Hash, RefMove, RefRecord, RefValue } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { branchOf, sameRefValue } from "./ref-value.ts";
import type { Site } from "./snapshot.ts";

/** What an operation that may leave HEAD detached tells of itself. */
export interface PlaceResult {
  /** null when nothing had to be written. */
  readonly operationId: string | null;
  /** null when HEAD is detached. */
  readonly branch: string | null;
  readonly head: Hash | null;
  readonly warnings: readonly string[];
}

/** HEAD of the call's worktree; one that does not exist yet stands on the default branch (spec 9, 8). `site` was read without a branch. */
export function headValue(site: Site): RefValue {
  return site.branch === null ? { commit: site.head?.hash ?? null } : { branch: site.branch };
}

/**
 * The moves that put HEAD of the call's worktree elsewhere and remember where it was, for `checkout -`. None when it is there already.
 *
 * A worktree without a row moves from null: the move itself makes it, so the change set needs no `ensureWorktree`.
 */
export async function planHeadMove(engine: Engine, site: Site, after: RefValue): Promise<readonly RefMove[]> {
  const { store, scope } = engine;
  const head = headValue(site);
  if (sameRefValue(head, after)) return [];
  const previous = await store.readRef(scope.tract, "previous", scope.worktree);
  const name = scope.worktree;
  return [
    { kind: "worktree", name, before: site.worktreeExists ? head : null, after },
    { kind: "previous", name, before: previous?.value ?? null, after: head },
  ];
}

/** Worktrees of the tract, with the call's own even before its first write. */
export async function readWorktrees(
  engine: Engine,
  site: Site,
): Promise<readonly Pick<RefRecord, "name" | "value">[]> {
  const rows = await engine.store.listRefs(engine.scope.tract, "worktree");
  const own = engine.scope.worktree;
  return site.worktreeExists || rows.some((row) => row.name === own)
    ? rows
    : [...rows, { name: own, value: headValue(site) }];
}

/** Names of the worktrees that are attached to a branch. */
export function attachedTo(
  branch: string,
  worktrees: readonly Pick<RefRecord, "name" | "value">[],
): readonly string[] {
  return worktrees.filter(({ value }) => branchOf(value) === branch).map(({ name }) => name);
}

/** That every worktree that has a row is still where it was read: nobody has come to a branch that is about to go. */
export function expectWorktrees(
  site: Site,
  own: string,
  worktrees: readonly Pick<RefRecord, "name" | "value">[],
): readonly ExpectedRef[] {
  return worktrees.map(({ name, value }) => ({
    kind: "worktree",
    name,
    value: name === own && !site.worktreeExists ? null : value,
  }));
}
