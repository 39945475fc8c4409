/** Moves the current branch to another commit; ORIG_HEAD keeps where it was (spec 3.2). */
import type { Hash, RefMove } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { planOrigHead } from "./orig-head.ts";
import { isoNow, operationChange, type Planned, publishPlan } from "./publish.ts";
import { resolveCommit } from "./revision.ts";
import { readSite, type Site } from "./snapshot.ts";
import { readRoots, readUnreachable } from "./unreachable.ts";
import type { PlaceResult } from "./worktree.ts";

export interface ResetRequest {
  /** The commit to move to. */
  readonly ref: string;
  /** Which branch moves, and what HEAD means in `ref`. Default: the worktree's; a detached HEAD moves itself. */
  readonly branch?: string | undefined;
}

export interface ResetResult extends PlaceResult {
  readonly head: Hash;
  /** Where it was before; null: unborn. */
  readonly previous: Hash | null;
}

/**
 * Moves a branch, or a detached HEAD. An operation of type `reset`, undoable; nothing goes away. Being there already writes nothing and is a
 * warning.
 *
 * @throws TractError `not-found` (ref or branch, with near names; a ref without a commit), `ambiguous-ref`.
 */
export async function reset(engine: Engine, request: ResetRequest): Promise<ResetResult> {
  return await publishPlan(engine, async () => {
    const site = await readSite(engine, { branch: request.branch });
    return await planReset(engine, site, await resolveCommit(engine, request));
  });
}

async function planReset(engine: Engine, site: Site, head: Hash): Promise<Planned<ResetResult>> {
  const { branch } = site;
  const previous = site.head?.hash ?? null;
  const place = { branch, head, previous };
  if (previous === head) {
    const warnings = [`${branch ?? "HEAD"} is already at this commit; nothing was written`];
    return { change: null, result: () => ({ operationId: null, ...place, warnings }) };
  }
  const operationId = engine.newId();
  const change = operationChange(engine, site, {
    id: operationId,
    type: "reset",
    branch,
    now: isoNow(engine),
    sources: previous === null ? [] : [previous],
    params: { from: previous, to: head },
    reason: `Reset ${branch ?? "HEAD"} to ${head.slice(0, HASH_CHARS_SHOWN)}`,
    evidence: { before: previous, after: head },
  });
  const refMoves = [
    moveTo(engine, site, head),
    ...(previous === null ? [] : await planOrigHead(engine, previous)),
  ];
  const warnings = await warningsOf(engine, site, head);
  return { change: { ...change, refMoves }, result: () => ({ operationId, ...place, warnings }) };
}

const HASH_CHARS_SHOWN = 12;

function moveTo({ scope }: Engine, site: Site, head: Hash): RefMove {
  const before = { commit: site.head?.hash ?? null };
  const after = { commit: head };
  return site.branch === null
    ? { kind: "worktree", name: scope.worktree, before, after }
    : { kind: "branch", name: site.branch, before: site.branchExists ? before : null, after };
}

async function warningsOf(engine: Engine, site: Site, head: Hash): Promise<readonly string[]> {
  if (site.head === null) return [];
  const others = (await readRoots(engine)).filter(
    ({ kind, name }) => kind !== "branch" || name !== site.branch,
  );
  const lost = await readUnreachable(engine, {
    tips: [site.head.hash],
    roots: [head, ...others.map(({ commit }) => commit)],
  });
  const count = lost.commits.length;
  if (count === 0) return [];
  const commits = `${lost.isComplete ? "" : "at least "}${count} ${count === 1 ? "commit is" : "commits are"}`;
  return [`${commits} on no branch and no tag any more; ORIG_HEAD is the newest of them`];
}
