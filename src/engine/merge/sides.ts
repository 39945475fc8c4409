/** What each side of a merge did since the two parted: read once, as plain data (spec 3.3). */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { type Coverage, coverageOf, isSummaryRow, NO_COVERAGE } from "../history/coverage.ts";
import { linearize } from "../history/linearize.ts";

/** One side: the commits that its tip reaches and the other's does not. */
export interface SideFacts {
  readonly tip: Hash;
  /** Parents before children. */
  readonly rows: readonly ChainCommit[];
  readonly hashes: ReadonlySet<Hash>;
  /** By target, in linear order: the last one shows. Edits of config commits are not among them. */
  readonly edits: ReadonlyMap<Hash, readonly CommitRecord[]>;
  /** Made or edited settings. */
  readonly hasConfigs: boolean;
  /** All branches that it was made on, and its own name. */
  readonly branches: ReadonlySet<string>;
  /** What is covered at its tip. */
  readonly coverage: Coverage;
}

export interface SidesFacts {
  readonly ours: SideFacts;
  readonly theirs: SideFacts;
  /** Best common ancestors, newest first. */
  readonly bases: readonly Hash[];
  /** What is covered once both are one. */
  readonly merged: Coverage;
}

export interface SideEnd {
  readonly tip: Hash;
  /** null: not a branch. */
  readonly branch: string | null;
}

/** Reads both sides, each once. */
export async function readSides(engine: Engine, ours: SideEnd, theirs: SideEnd): Promise<SidesFacts> {
  const { store, scope } = engine;
  const ourRows = await store.readSide(scope.tract, ours.tip, theirs.tip);
  const theirRows = await store.readSide(scope.tract, theirs.tip, ours.tip);
  const bases = await store.readMergeBases(scope.tract, ours.tip, theirs.tip);
  const isCompressed = [...ourRows, ...theirRows].some(isSummaryRow);
  const summaries = isCompressed
    ? {
        ours: await store.readSummaries(scope.tract, ours.tip),
        theirs: await store.readSummaries(scope.tract, theirs.tip),
      }
    : { ours: [], theirs: [] };
  const facts = {
    ours: factsOf(ours, ourRows, coverageOf(summaries.ours)),
    theirs: factsOf(theirs, theirRows, coverageOf(summaries.theirs)),
  };
  const known = new Set(summaries.ours.map(({ commit }) => commit.hash));
  const brought = summaries.theirs.filter(({ commit }) => !known.has(commit.hash));
  return {
    ...facts,
    bases,
    merged: isCompressed ? coverageOf([...summaries.ours, ...brought]) : NO_COVERAGE,
  };
}

function factsOf({ tip, branch }: SideEnd, rows: readonly ChainCommit[], coverage: Coverage): SideFacts {
  const edits = new Map<Hash, CommitRecord[]>();
  const branches = new Set<string>(branch === null ? [] : [branch]);
  let hasConfigs = false;
  for (const { commit } of linearize(rows, tip)) {
    branches.add(commit.branch);
    if (commit.contentType === "config") hasConfigs = true;
    else if (commit.operation === "edit" && commit.editTarget !== null) {
      const known = edits.get(commit.editTarget);
      if (known === undefined) edits.set(commit.editTarget, [commit]);
      else known.push(commit);
    }
  }
  return {
    tip,
    rows,
    hashes: new Set(rows.map(({ commit }) => commit.hash)),
    edits,
    hasConfigs,
    branches,
    coverage,
  };
}

/** The edit that a side shows for a target; undefined when it made none. */
export function lastEdit(side: SideFacts, target: Hash): CommitRecord | undefined {
  return side.edits.get(target)?.at(-1);
}
