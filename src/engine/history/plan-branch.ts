/** Plans what creating, renaming and deleting a branch change (spec 3.2). */
import type { Hash, RefMove, RefRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import type {
  BranchResult,
  CreateBranchRequest,
  DeleteBranchRequest,
  RenameBranchRequest,
} from "./branch.ts";
import { isoNow, operationChange, type Plan } from "./publish.ts";
import { nameWarnings } from "./ref-name.ts";
import { branchOf, commitOf } from "./ref-value.ts";
import { resolveRef } from "./revision.ts";
import { readSite, type Site, unknownBranch } from "./snapshot.ts";
import { readRoots, readUnreachable, type Unreachable } from "./unreachable.ts";
import { attachedTo, expectWorktrees, planHeadMove, readWorktrees } from "./worktree.ts";

export async function planCreate(engine: Engine, request: CreateBranchRequest): Promise<Plan<BranchResult>> {
  const { name } = request;
  const site = await readSite(engine, {});
  const { commit } = await resolveRef(engine, { ref: request.from });
  const isUnbornHere = commit === null && name === site.branch;
  if (isUnbornHere || (await readBranch(engine, name)) !== null) throw taken(name);
  if (commit === null && request.switch !== true) throw nothingToBranchFrom(name, request.from);
  const headMoves = request.switch === true ? await planHeadMove(engine, site, { branch: name }) : [];
  const operationId = engine.newId();
  const switched = headMoves.length > 0 ? " and switched to it" : "";
  const change = operationChange(engine, site, {
    id: operationId,
    type: "branch",
    branch: name,
    now: isoNow(engine),
    params: { action: "create", name, at: commit, switch: request.switch === true },
    reason: `Created branch ${name}${switched}`,
    evidence: { action: "create", before: null, after: commit },
  });
  const refMoves: RefMove[] = [{ kind: "branch", name, before: null, after: { commit } }, ...headMoves];
  return {
    change: { ...change, refMoves, ensureWorktree: headMoves.length > 0 ? null : change.ensureWorktree },
    result: () => ({
      operationId,
      branch: name,
      head: commit,
      current: headMoves.length > 0 || name === site.branch,
      warnings: nameWarnings(name),
    }),
  };
}

export async function planRename(engine: Engine, request: RenameBranchRequest): Promise<Plan<BranchResult>> {
  const { newName } = request;
  const site = await readSite(engine, {});
  const name = request.name ?? currentBranch(site);
  const row = await readBranch(engine, name);
  const worktrees = await readWorktrees(engine, site);
  const followers = attachedTo(name, worktrees);
  // A branch without a row is there only as what somebody's HEAD names.
  if (row === null && followers.length === 0) throw await unknownBranch(engine, name);
  if (name === newName) throw sameName(name);
  if ((await readBranch(engine, newName)) !== null) throw taken(newName);
  const operationId = engine.newId();
  const head = commitOf(row?.value);
  const change = operationChange(engine, site, {
    id: operationId,
    type: "branch",
    branch: newName,
    now: isoNow(engine),
    params: { action: "rename", name, new_name: newName },
    reason: `Renamed branch ${name} to ${newName}`,
    evidence: { action: "rename", from: name, before: head, after: head },
  });
  const old: RefMove[] = row === null ? [] : [{ kind: "branch", name, before: row.value, after: null }];
  const own = engine.scope.worktree;
  const heads = followers.map((worktree): RefMove => {
    const before = worktree === own && !site.worktreeExists ? null : { branch: name };
    return { kind: "worktree", name: worktree, before, after: { branch: newName } };
  });
  const returns = (await engine.store.listRefs(engine.scope.tract, "previous"))
    .filter(({ value }) => branchOf(value) === name)
    .map(
      ({ kind, name: of, value }): RefMove => ({ kind, name: of, before: value, after: { branch: newName } }),
    );
  return {
    change: {
      ...change,
      expect: { refs: expectWorktrees(site, own, worktrees), annotationSequence: null },
      refMoves: [
        ...old,
        { kind: "branch", name: newName, before: null, after: { commit: head } },
        ...heads,
        ...returns,
      ],
      ensureWorktree: followers.includes(own) ? null : change.ensureWorktree,
    },
    result: () => ({
      operationId,
      branch: newName,
      head,
      // An unborn branch that HEAD names may be the new name.
      current: site.branch === name || site.branch === newName,
      warnings: nameWarnings(newName),
    }),
  };
}

export async function planDelete(
  engine: Engine,
  { name, force }: DeleteBranchRequest,
): Promise<Plan<BranchResult>> {
  const site = await readSite(engine, {});
  const worktrees = await readWorktrees(engine, site);
  const users = attachedTo(name, worktrees);
  if (users.length > 0) throw inUse(name, users);
  const row = await readBranch(engine, name);
  if (row === null) throw await unknownBranch(engine, name);
  const head = commitOf(row.value);
  const roots = (await readRoots(engine)).filter((root) => root.kind !== "branch" || root.name !== name);
  const lost = await readUnreachable(engine, {
    tips: head === null ? [] : [head],
    roots: roots.map((root) => root.commit),
  });
  if (lost.commits.length > 0 && force !== true) throw unmerged(name, { head, lost });
  const operationId = engine.newId();
  const change = operationChange(engine, site, {
    id: operationId,
    type: "branch",
    branch: name,
    now: isoNow(engine),
    params: { action: "delete", name, force: force === true },
    reason: `Deleted branch ${name}`,
    evidence: { action: "delete", before: head, after: null },
  });
  return {
    change: {
      ...change,
      expect: { refs: expectWorktrees(site, engine.scope.worktree, worktrees), annotationSequence: null },
      refMoves: [{ kind: "branch", name, before: row.value, after: null }],
    },
    result: () => ({
      operationId,
      branch: name,
      head,
      current: false,
      warnings:
        lost.commits.length === 0
          ? []
          : [`${countOf(lost)} on no branch and no tag any more; undo brings ${name} back`],
    }),
  };
}

async function readBranch(engine: Engine, name: string): Promise<RefRecord | null> {
  return await engine.store.readRef(engine.scope.tract, "branch", name);
}

function currentBranch(site: Site): string {
  if (site.branch !== null) return site.branch;
  throw new TractError("detached-head", "HEAD is detached: there is no current branch to rename", {
    hint: "Name the branch to rename, or check one out.",
    data: { head: site.head?.hash ?? null },
  });
}

function taken(name: string): TractError {
  return new TractError("exists", `there is a branch ${JSON.stringify(name)} already`, {
    hint: "Choose another name, or switch to that branch.",
    data: { branch: name },
  });
}

function nothingToBranchFrom(name: string, from: string | undefined): TractError {
  return new TractError(
    "not-found",
    `${JSON.stringify(from ?? "HEAD")} has no commit yet to create branch ${JSON.stringify(name)} from`,
    {
      hint: "Commit something first, or create it with switch true to make the first commit on it.",
      data: { ref: from ?? "HEAD", branch: name },
    },
  );
}

function sameName(name: string): TractError {
  return new TractError("nothing-to-do", `branch ${JSON.stringify(name)} has that name already`, {
    hint: "Give another new name.",
    data: { branch: name },
  });
}

function inUse(name: string, worktrees: readonly string[]): TractError {
  return new TractError(
    "in-use",
    `branch ${JSON.stringify(name)} is checked out in worktree ${worktrees.map((user) => JSON.stringify(user)).join(", ")}`,
    {
      hint: "Check out another branch there first, then try again.",
      data: { branch: name, worktrees },
    },
  );
}

const COMMITS_SHOWN = 20;

function unmerged(name: string, at: { readonly head: Hash | null; readonly lost: Unreachable }): TractError {
  const { head, lost } = at;
  return new TractError("unmerged", `only branch ${JSON.stringify(name)} leads to ${countOf(lost)}`, {
    hint: "Put a tag or another branch on its head to keep a way to them, or pass force true; the commits stay in the store either way.",
    data: {
      branch: name,
      head,
      commit_count: lost.commits.length,
      is_complete: lost.isComplete,
      commits: lost.commits.slice(0, COMMITS_SHOWN),
    },
  });
}

function countOf({ commits, isComplete }: Unreachable): string {
  return `${isComplete ? "" : "at least "}${commits.length} ${commits.length === 1 ? "commit" : "commits"}`;
}
