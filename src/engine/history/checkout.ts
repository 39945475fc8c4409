/** Moves HEAD of the worktree: a branch attaches, anything else detaches, `-` goes back (spec 3.2). */
import type { ExpectedRef } from "../../storage/change-set.ts";
import type { Hash, RefValue } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isoNow, operationChange, type Planned, publishPlan } from "./publish.ts";
import { branchOf, commitOf } from "./ref-value.ts";
import { resolveRef } from "./revision.ts";
import { readSite, type Site, unknownBranch } from "./snapshot.ts";
import { headValue, type PlaceResult, planHeadMove } from "./worktree.ts";

export interface CheckoutRequest {
  /** A branch, a tag, a commit, a ref expression, or `-` for where HEAD was before. */
  readonly ref: string;
}

export interface CheckoutResult extends PlaceResult {
  readonly detached: boolean;
}

/**
 * Moves HEAD of the worktree. An operation of type `checkout`; being there already writes nothing and is a warning.
 *
 * @throws TractError `not-found` (with near names; `-` without a place to return to), `ambiguous-ref`.
 */
export async function checkout(engine: Engine, request: CheckoutRequest): Promise<CheckoutResult> {
  return await publishPlan(engine, async () =>
    planCheckout(engine, await readSite(engine, {}), await readDestination(engine, request.ref)),
  );
}

/** Where HEAD is to go. */
export interface Destination {
  readonly value: RefValue;
  readonly head: Hash | null;
  /** What must still hold when HEAD arrives: its branch is there. */
  readonly expect: readonly ExpectedRef[];
}

/** Plans the move of HEAD; shared with switching branches. */
export async function planCheckout(
  engine: Engine,
  site: Site,
  destination: Destination,
): Promise<Planned<CheckoutResult>> {
  const branch = branchOf(destination.value);
  const place = { branch, head: destination.head, detached: branch === null };
  const refMoves = await planHeadMove(engine, site, destination.value);
  if (refMoves.length === 0) {
    const where = branch === null ? "detached at this commit" : `on ${branch}`;
    return {
      change: null,
      result: () => ({
        operationId: null,
        ...place,
        warnings: [`HEAD is already ${where}; nothing was written`],
      }),
    };
  }
  const operationId = engine.newId();
  const from = nameOf(headValue(site));
  const to = nameOf(destination.value);
  const change = operationChange(engine, site, {
    id: operationId,
    type: "checkout",
    branch,
    now: isoNow(engine),
    params: { from, to },
    reason: `Checked out ${branch ?? `commit ${to?.slice(0, HASH_CHARS_SHOWN)}`}`,
    evidence: { from, to, detached: place.detached },
  });
  return {
    change: {
      ...change,
      ensureWorktree: null,
      expect: { refs: destination.expect, annotationSequence: null },
      refMoves,
    },
    result: () => ({ operationId, ...place, warnings: [] }),
  };
}

/**
 * An existing branch as a destination; the default branch exists even when unborn.
 *
 * @throws TractError `not-found` with near names.
 */
export async function branchDestination(engine: Engine, name: string): Promise<Destination> {
  const row = await engine.store.readRef(engine.scope.tract, "branch", name);
  if (row === null && name !== engine.settings.defaultBranch) throw await unknownBranch(engine, name);
  return {
    value: { branch: name },
    head: commitOf(row?.value),
    expect: [{ kind: "branch", name, value: row?.value ?? null }],
  };
}

const HASH_CHARS_SHOWN = 12;

async function readDestination(engine: Engine, ref: string): Promise<Destination> {
  if (ref === "-") return await previousDestination(engine);
  const { commit, branch } = await resolveRef(engine, { ref });
  // `main~0` names the branch's commit, as in git; no branch has a ~ in its name.
  if (branch !== null && !ref.includes("~")) {
    const isOwnUnborn = commit === null && (ref === "HEAD" || ref === "@");
    return isOwnUnborn ? unbornHead(branch) : await branchDestination(engine, branch);
  }
  if (commit === null) {
    throw new TractError("not-found", `${JSON.stringify(ref)} has no commit to check out yet`, {
      hint: "Commit something first, or check out a branch.",
      data: { ref },
    });
  }
  return { value: { commit }, head: commit, expect: [] };
}

/** HEAD itself, on a branch without a row. */
function unbornHead(branch: string): Destination {
  return { value: { branch }, head: null, expect: [] };
}

async function previousDestination(engine: Engine): Promise<Destination> {
  const { store, scope } = engine;
  const previous = await store.readRef(scope.tract, "previous", scope.worktree);
  if (previous === null) {
    throw new TractError(
      "not-found",
      "this worktree has been nowhere else yet: - has no place to return to",
      {
        hint: "Name a branch, a tag or a commit; after that - returns here.",
        data: { ref: "-" },
      },
    );
  }
  const branch = branchOf(previous.value);
  if (branch !== null) return await branchDestination(engine, branch);
  const commit = commitOf(previous.value);
  return { value: { commit }, head: commit, expect: [] };
}

function nameOf(value: RefValue): string | null {
  return branchOf(value) ?? commitOf(value);
}
