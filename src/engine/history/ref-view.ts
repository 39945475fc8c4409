/** Refs as they are, or as they were just after an operation: what an expression for a commit is resolved against (spec 1.3, 2.1). */
import type { CommitRecord, Hash, RefKind, RefValue } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { branchOf, commitOf } from "./ref-value.ts";
import { readRemoved } from "./removed.ts";
import { readSite } from "./snapshot.ts";

export interface Revision {
  /** null for an unborn branch. */
  readonly commit: Hash | null;
  /** The branch that the expression named, directly or through HEAD; null for anything else. */
  readonly branch: string | null;
}

export interface RefView {
  /** Sequence of the newest operation that it shows; null: the newest there is. */
  readonly asOf: number | null;
  readonly readRef: (kind: RefKind, name: string) => Promise<RefValue | null>;
  /** HEAD of the worktree, or the branch that stands for it. */
  readonly readHead: (branch: string | undefined) => Promise<Revision>;
  /** Those of the hashes that are commits, in the same order. */
  readonly known: (hashes: readonly Hash[]) => Promise<readonly Hash[]>;
}

export function refsNow(engine: Engine): RefView {
  const { store, scope } = engine;
  return {
    asOf: null,
    readRef: async (kind, name) => (await store.readRef(scope.tract, kind, name))?.value ?? null,
    readHead: async (branch) => {
      const site = await readSite(engine, { branch });
      return { commit: site.head?.hash ?? null, branch: site.branch };
    },
    known: async (hashes) => (await store.readCommits(scope.tract, hashes)).map(({ hash }) => hash),
  };
}

/** @param asOf sequence of an operation; 0 is before the first. */
export function refsAsOf(engine: Engine, asOf: number): RefView {
  const { store, scope } = engine;
  return {
    asOf,
    readRef: (kind, name) => readRefAsOf(engine, kind, name, asOf),
    readHead: (branch) => readHeadAsOf(engine, asOf, branch),
    known: async (hashes) => {
      const made: Hash[] = [];
      for (const commit of await store.readCommits(scope.tract, hashes))
        if (await isMadeBy(engine, commit, asOf)) made.push(commit.hash);
      return made;
    },
  };
}

/** The error for what exists, but came later than the moment that is looked at. */
export function didNotExistThen(what: string, ref: string): TractError {
  return new TractError("not-found", `${what} did not exist then`, {
    hint: "Ask for a later moment, or leave the ref out: then it is what HEAD was at that moment.",
    data: { ref },
  });
}

async function readHeadAsOf(engine: Engine, asOf: number, branch: string | undefined): Promise<Revision> {
  const { scope, settings } = engine;
  if (branch === undefined) {
    await readSite(engine, {}); // An unknown worktree is refused by every operation.
    // Before its first write a worktree stands on the default branch (spec 9, 8).
    const head = await readRefAsOf(engine, "worktree", scope.worktree, asOf);
    const attached = head === null ? settings.defaultBranch : branchOf(head);
    if (attached === null) return { commit: commitOf(head), branch: null };
    const tip = await readRefAsOf(engine, "branch", attached, asOf);
    return { commit: commitOf(tip), branch: attached };
  }
  const tip = await readRefAsOf(engine, "branch", branch, asOf);
  if (tip === null && branch !== settings.defaultBranch) {
    await readSite(engine, { branch }); // One that is unknown now too is refused with near names.
    throw didNotExistThen(`the branch ${JSON.stringify(branch)}`, branch);
  }
  return { commit: commitOf(tip), branch };
}

/** A ref may have been at a commit that is no longer there: nothing can be read from it then. */
async function readRefAsOf(
  engine: Engine,
  kind: RefKind,
  name: string,
  asOf: number,
): Promise<RefValue | null> {
  const { store, scope } = engine;
  const value = await store.readRefAsOf(scope.tract, kind, name, asOf);
  const commit = commitOf(value);
  const [removed] = commit === null ? [] : await readRemoved(engine, [commit]);
  if (removed === undefined) return value;
  throw new TractError(
    "not-found",
    `${kind} ${JSON.stringify(name)} was at commit ${removed.slice(0, 12)} then, which gc has removed since`,
    {
      hint: "Ask for a later moment; operations shows what was done.",
      data: { ref: name, commit: removed },
    },
  );
}

async function isMadeBy(engine: Engine, commit: CommitRecord, asOf: number): Promise<boolean> {
  const maker = await engine.store.findOperation(engine.scope.tract, commit.operationId);
  return maker !== null && maker.sequence <= asOf;
}
