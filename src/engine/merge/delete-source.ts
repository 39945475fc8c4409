/** Plans that the branch which was merged goes, in the operation that merges it (spec 3.3). */
import type { ChangeSet, ExpectedRef } from "../../storage/change-set.ts";
import type { Hash, RefMove } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import type { Site } from "../history/snapshot.ts";
import { attachedTo, expectWorktrees, readWorktrees } from "../history/worktree.ts";

export interface SourceDeletion {
  readonly moves: readonly RefMove[];
  /** That no worktree has come to the branch meanwhile. */
  readonly expected: readonly ExpectedRef[];
}

/**
 * @param site where the worktree's own HEAD is, not the branch that is merged into.
 * @param branch null when the source is no branch.
 * @param merged the tip that is merged: a branch that has moved on since must stay, or what came would be on no branch.
 * @throws TractError `invalid-argument` when the source is no branch, `in-use` when it is checked out somewhere.
 */
export async function planSourceDeletion(
  engine: Engine,
  site: Site,
  branch: string | null,
  merged: Hash,
): Promise<SourceDeletion> {
  if (branch === null)
    throw new TractError("invalid-argument", "delete_source: expected a source that is a branch", {
      hint: "Leave delete_source out, or name the branch as source; nothing was merged.",
      data: { path: "delete_source" },
    });
  const worktrees = await readWorktrees(engine, site);
  const users = attachedTo(branch, worktrees);
  if (users.length > 0)
    throw new TractError(
      "in-use",
      `branch ${JSON.stringify(branch)} is checked out in worktree ${users.map((user) => JSON.stringify(user)).join(", ")}`,
      {
        hint: "Merge without delete_source, or check out another branch there first; nothing was merged.",
        data: { branch, worktrees: users },
      },
    );
  return {
    moves: [{ kind: "branch", name: branch, before: { commit: merged }, after: null }],
    expected: expectWorktrees(site, engine.scope.worktree, worktrees),
  };
}

/** The same merge, after which the source is gone. */
export function withDeletion(change: ChangeSet, { moves, expected }: SourceDeletion): ChangeSet {
  return {
    ...change,
    expect: { ...change.expect, refs: [...change.expect.refs, ...expected] },
    refMoves: [...change.refMoves, ...moves],
  };
}
