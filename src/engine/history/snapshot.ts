/** Where a call stands: the tract, the worktree's HEAD, the branch and its tip, read once. */
import type { CommitRecord, TractRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { noticeMovedHead } from "./known-heads.ts";

export interface Site {
  /** null when the tract has not been written to yet; it reads as empty. */
  readonly tract: TractRecord | null;
  readonly worktreeExists: boolean;
  /** null when HEAD is detached and no branch was asked for. */
  readonly branch: string | null;
  readonly branchExists: boolean;
  /** Tip of the branch, or the detached HEAD; null when unborn. */
  readonly head: CommitRecord | null;
}

/**
 * Reads where a call stands. `branch` overrides the branch of the worktree.
 *
 * @throws TractError `not-found` for a worktree that the caller named and that does not exist, or a branch that does not exist.
 */
export async function readSite(engine: Engine, at: { readonly branch?: string | undefined }): Promise<Site> {
  const { store, scope, settings } = engine;
  const snapshot = await store.readSnapshot(scope.tract, {
    worktree: scope.worktree,
    branch: at.branch ?? null,
    defaultBranch: settings.defaultBranch,
  });
  if (snapshot.worktree === null && !scope.createWorktree) throw await unknownWorktree(engine);
  const isUnbornDefault = snapshot.branch === settings.defaultBranch && snapshot.head === null;
  if (at.branch !== undefined && !snapshot.branchExists && !isUnbornDefault)
    throw await unknownBranch(engine, at.branch);
  if (at.branch === undefined) await noticeMovedHead(engine, snapshot);
  return {
    tract: snapshot.tract,
    worktreeExists: snapshot.worktree !== null,
    branch: snapshot.branch,
    branchExists: snapshot.branchExists,
    head: snapshot.head,
  };
}

export async function unknownBranch(engine: Engine, name: string): Promise<TractError> {
  const names = (await engine.store.listRefs(engine.scope.tract, "branch")).map((ref) => ref.name);
  const near = nearest(name, names);
  return new TractError(
    "not-found",
    `there is no branch ${JSON.stringify(name)} in tract ${JSON.stringify(engine.scope.tract)}`,
    {
      hint:
        near.length > 0
          ? `Did you mean ${near.join(" or ")}?`
          : "List the branches with branch (action list), or make it with branch (action create).",
      data: { branch: name, near, branches: names.slice(0, engine.limits.suggestionsMax) },
    },
  );
}

async function unknownWorktree(engine: Engine): Promise<TractError> {
  const names = (await engine.store.listRefs(engine.scope.tract, "worktree")).map((ref) => ref.name);
  const near = nearest(engine.scope.worktree, names);
  return new TractError(
    "not-found",
    `there is no worktree ${JSON.stringify(engine.scope.worktree)} in tract ${JSON.stringify(engine.scope.tract)}`,
    {
      hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Leave the argument out to use your own worktree; one is made by starting the server with --worktree NAME.`,
      data: {
        worktree: engine.scope.worktree,
        near,
        worktrees: names.slice(0, engine.limits.suggestionsMax),
      },
    },
  );
}
