/** Branches: list, create, switch, rename, delete (spec 3.2). */
import type { Hash, RefRecord } from "../../storage/records.ts";
import { pageLimit } from "../cursor.ts";
import type { Engine } from "../engine.ts";
import { branchDestination, planCheckout } from "./checkout.ts";
import { planCreate, planDelete, planRename } from "./plan-branch.ts";
import { publishPlan } from "./publish.ts";
import { checkRefName } from "./ref-name.ts";
import { commitOf } from "./ref-value.ts";
import { readSite, type Site } from "./snapshot.ts";

export interface BranchEntry {
  readonly name: string;
  /** null: unborn. */
  readonly head: Hash | null;
  /** True when the worktree is on it. */
  readonly current: boolean;
  /** Commits that it has and HEAD has not. */
  readonly ahead: number;
  /** Commits that HEAD has and it has not. */
  readonly behind: number;
  /** Time of its last move; null when it has never moved. */
  readonly lastActivity: string | null;
}

export interface BranchList {
  /** By name. */
  readonly branches: readonly BranchEntry[];
  /** How many there are; more than `branches` when `limit` cut some. */
  readonly total: number;
}

export interface ListBranchesRequest {
  /** At most this many: the current one, then those with the latest activity. Default and most: `limits.pageMax`. */
  readonly limit?: number | undefined;
}

/** The branches of the tract. A fresh one has its unborn default branch. */
export async function listBranches(engine: Engine, request: ListBranchesRequest = {}): Promise<BranchList> {
  const limit = pageLimit(engine.limits, request.limit ?? engine.limits.pageMax);
  const site = await readSite(engine, {});
  const branches = withCurrent(site, await engine.store.listRefs(engine.scope.tract, "branch"));
  const entries: BranchEntry[] = [];
  for (const branch of mostActive(branches, limit, site.branch))
    entries.push(await readEntry(engine, site, branch));
  return { branches: entries, total: branches.length };
}

/** What creating, switching, renaming or deleting a branch tells. */
export interface BranchResult {
  /** null when nothing had to be written. */
  readonly operationId: string | null;
  /** The branch that changed, by its name afterwards. */
  readonly branch: string;
  /** Its tip; of a deleted branch, where it was. null: unborn. */
  readonly head: Hash | null;
  /** True when the worktree is on it now. */
  readonly current: boolean;
  readonly warnings: readonly string[];
}

export interface CreateBranchRequest {
  readonly name: string;
  /** Any ref; default HEAD. */
  readonly from?: string | undefined;
  /** Also moves HEAD onto it. Default: false. */
  readonly switch?: boolean | undefined;
}

/**
 * Creates a branch. Before the first commit there is nothing to create it from; then only `switch` makes sense and gives an unborn branch, as in git.
 *
 * @throws TractError `invalid-name`, `exists`, `not-found`, `ambiguous-ref`.
 */
export async function createBranch(engine: Engine, request: CreateBranchRequest): Promise<BranchResult> {
  checkRefName(engine.limits, request.name, "branch");
  return await publishPlan(engine, () => planCreate(engine, request));
}

/**
 * Moves HEAD onto a branch; as checkout, but takes branches only.
 *
 * @throws TractError `not-found` with near names.
 */
export async function switchBranch(
  engine: Engine,
  request: { readonly name: string },
): Promise<BranchResult> {
  const { detached: _, ...place } = await publishPlan(engine, async () =>
    planCheckout(engine, await readSite(engine, {}), await branchDestination(engine, request.name)),
  );
  return { ...place, branch: request.name, current: true };
}

export interface RenameBranchRequest {
  /** Default: the current branch. */
  readonly name?: string | undefined;
  readonly newName: string;
}

/**
 * Renames a branch; worktrees on it follow, all in one operation.
 *
 * @throws TractError `invalid-name`, `exists`, `not-found`, `detached-head` (no name given), `nothing-to-do` (the same name).
 */
export async function renameBranch(engine: Engine, request: RenameBranchRequest): Promise<BranchResult> {
  checkRefName(engine.limits, request.newName, "branch");
  return await publishPlan(engine, () => planRename(engine, request));
}

export interface DeleteBranchRequest {
  readonly name: string;
  /** Also when that leaves commits on no branch and no tag. */
  readonly force?: boolean | undefined;
}

/**
 * Deletes a branch; its commits stay, and undo brings the branch back.
 *
 * @throws TractError `not-found`, `in-use` (a worktree is on it), `unmerged` (without force; data names the commits that only it reaches).
 */
export async function deleteBranch(engine: Engine, request: DeleteBranchRequest): Promise<BranchResult> {
  return await publishPlan(engine, () => planDelete(engine, request));
}

/** A branch row, or the unborn branch that HEAD names without one. */
interface ListedBranch {
  readonly name: string;
  readonly head: Hash | null;
  readonly updatedAt: string | null;
}

function withCurrent(site: Site, rows: readonly RefRecord[]): readonly ListedBranch[] {
  const listed = rows.map(({ name, value, updatedAt }) => ({ name, head: commitOf(value), updatedAt }));
  if (site.branch === null || site.branchExists) return listed;
  return [...listed, { name: site.branch, head: null, updatedAt: null }].sort(byName);
}

function mostActive(
  branches: readonly ListedBranch[],
  limit: number,
  current: string | null,
): readonly ListedBranch[] {
  if (branches.length <= limit) return branches;
  const rank = ({ name, updatedAt }: ListedBranch): string => (name === current ? "~" : (updatedAt ?? ""));
  return branches
    .toSorted((a, b) => (rank(a) < rank(b) ? 1 : rank(a) > rank(b) ? -1 : byName(a, b)))
    .slice(0, limit)
    .sort(byName);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

async function readEntry(engine: Engine, site: Site, branch: ListedBranch): Promise<BranchEntry> {
  const { name, head, updatedAt } = branch;
  const here = site.head?.hash ?? null;
  return {
    name,
    head,
    current: name === site.branch,
    ahead: await countBeyond(engine, head, here),
    behind: await countBeyond(engine, here, head),
    lastActivity: updatedAt,
  };
}

async function countBeyond(engine: Engine, head: Hash | null, without: Hash | null): Promise<number> {
  if (head === null || head === without) return 0;
  return await engine.store.countReachable(engine.scope.tract, head, without ?? undefined);
}
