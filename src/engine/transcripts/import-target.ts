/** Decides where a transcript goes: a new branch, the end of one it continues, or nowhere because all of it is there (spec 6.5). */
import type { CommitRecord, Hash, RefValue } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";

export interface ImportTarget {
  readonly branch: string;
  /** Value of the branch's ref now; null: the import makes the branch. */
  readonly before: RefValue | null;
  readonly parent: CommitRecord | null;
  /** How many leading contents of the transcript the branch has already. */
  readonly present: number;
  /** Name that the transcript would have had, when another history has it; null when it got its own. */
  readonly displacedFrom: string | null;
}

/** What choosing a target knows of the tract: its branches, and which of them this import has given away already. */
export interface ImportSite {
  readonly branches: ReadonlyMap<string, RefValue>;
  readonly claimed: ReadonlySet<string>;
}

/**
 * A branch of its own for a transcript: the one of its name if that holds a part of it from the root, else the first free name with a
 * numeric suffix. So the same file finds its branches again, and a longer version of it continues them.
 */
export async function findOwnBranch(
  engine: Engine,
  site: ImportSite,
  transcript: { readonly name: string; readonly contents: readonly Hash[] },
): Promise<ImportTarget> {
  for (let suffix = 1; suffix <= SUFFIX_MAX; suffix++) {
    const branch = suffix === 1 ? transcript.name : `${transcript.name}-${suffix}`;
    if (site.claimed.has(branch)) continue;
    const displacedFrom = suffix === 1 ? null : transcript.name;
    const before = site.branches.get(branch);
    if (before === undefined) return { branch, before: null, parent: null, present: 0, displacedFrom };
    const { parent, appended } = await readBranch(engine, before);
    const hashes = appended.map((commit) => commit.contentHash);
    const present = sharedFromRoot(hashes, transcript.contents);
    if (present !== null) return { branch, before, parent, present, displacedFrom };
  }
  throw new TractError(
    "exists",
    `${SUFFIX_MAX} branches named like ${transcript.name} hold other histories`,
    {
      hint: "Name the branch to import to.",
      data: { branch: transcript.name },
    },
  );
}

const SUFFIX_MAX = 100;

/** The branch that the caller named: made with a root of its own, or continued at its tip. */
export async function findNamedBranch(
  engine: Engine,
  site: ImportSite,
  transcript: { readonly name: string; readonly contents: readonly Hash[] },
): Promise<ImportTarget> {
  const branch = transcript.name;
  const before = site.branches.get(branch);
  if (before === undefined) return { branch, before: null, parent: null, present: 0, displacedFrom: null };
  const { parent, appended } = await readBranch(engine, before);
  // Only what an import made counts as imported: a person may well say the same words twice.
  const imported = appended.map((commit) => (commit.author.kind === "import" ? commit.contentHash : null));
  const present = sharedInARow(imported, transcript.contents);
  return { branch, before, parent, present, displacedFrom: null };
}

/** Edits and merges of imported commits are no reason to import them again, so only appended commits are compared. */
async function readBranch(
  engine: Engine,
  ref: RefValue,
): Promise<{ readonly parent: CommitRecord | null; readonly appended: readonly CommitRecord[] }> {
  const head = "commit" in ref ? ref.commit : null;
  const chain = head === null ? [] : ((await engine.store.readChain(engine.scope.tract, head)) ?? []);
  const commits = chain.map((row) => row.commit);
  return {
    parent: commits.find((commit) => commit.hash === head) ?? null,
    appended: commits.filter((commit) => commit.operation === "append"),
  };
}

/** Length of what two histories share when one is the beginning of the other; null when they part ways. */
function sharedFromRoot(branch: readonly (Hash | null)[], contents: readonly Hash[]): number | null {
  const length = Math.min(branch.length, contents.length);
  for (let i = 0; i < length; i++) if (branch[i] !== contents[i]) return null;
  return length;
}

/**
 * How many leading contents a branch has: all when it holds them in a row anywhere, else as many as its end holds. One pass (Knuth, Morris,
 * Pratt), because both may be long.
 */
function sharedInARow(branch: readonly (Hash | null)[], contents: readonly Hash[]): number {
  const fallback = fallbacks(contents);
  let matched = 0;
  for (const hash of branch) {
    while (matched > 0 && contents[matched] !== hash) matched = fallback[matched - 1] ?? 0;
    if (contents[matched] === hash) matched += 1;
    if (matched === contents.length) return matched;
  }
  return matched;
}

/** For each position the length of the longest beginning that also ends there. */
function fallbacks(contents: readonly Hash[]): readonly number[] {
  const lengths = [0];
  let matched = 0;
  for (let i = 1; i < contents.length; i++) {
    while (matched > 0 && contents[matched] !== contents[i]) matched = lengths[matched - 1] ?? 0;
    if (contents[matched] === contents[i]) matched += 1;
    lengths.push(matched);
  }
  return lengths;
}
