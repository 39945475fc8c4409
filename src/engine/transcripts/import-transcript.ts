/** Imports a transcript file: each transcript in it becomes a branch, all in one operation (spec 6.5; spec 9, 14 and 33). */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { CommitRecord, Hash, JsonObject } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { budgetEntry } from "../history/budget.ts";
import { isoNow, operationChange, type Planned, publishPlan } from "../history/publish.ts";
import { screeningOf } from "../history/screen.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import { createRest } from "../long-work.ts";
import { type ImportRequest, type ImportSource, readImportSource } from "./import-source.ts";
import type { Repair, Skip, TranscriptFormat } from "./parsed-transcript.ts";
import { type ImportHooks, type PlannedBranch, planBranches } from "./plan-branches.ts";

export type { ImportRequest } from "./import-source.ts";

export interface ImportedBranch {
  readonly name: string;
  readonly head: Hash | null;
  /** Commits added; 0 when everything was there. */
  readonly commits: number;
  /** True when the import made the branch. */
  readonly created: boolean;
}

export interface ImportResult {
  readonly format: TranscriptFormat;
  /** Commits added. */
  readonly imported: number;
  /** At most `NOTES_MAX` of each; a warning counts the rest. */
  readonly repaired: readonly (Repair & BranchNote)[];
  readonly skipped: readonly (Skip & BranchNote)[];
  readonly branches: readonly ImportedBranch[];
  /** null when there was nothing new. */
  readonly operationId: string | null;
  readonly warnings: readonly string[];
}

/** Absent for what belongs to no transcript. */
export interface BranchNote {
  readonly branch?: string;
}

/**
 * Imports a transcript file in one operation; HEAD stays where it is. Importing a file again adds only what is new.
 *
 * @throws TractError `invalid-argument` (no known format, nothing usable, several transcripts for one branch), `content-too-large`,
 *   `invalid-name`, `budget-exceeded`, `cancelled`; in each case nothing is stored.
 */
export async function importTranscript(
  engine: Engine,
  request: ImportRequest,
  hooks: ImportHooks = {},
): Promise<ImportResult> {
  const source = await readImportSource(engine, request, createRest(engine, hooks.signal));
  return await publishPlan(engine, () => planImport(engine, source, hooks));
}

async function planImport(
  engine: Engine,
  source: ImportSource,
  hooks: ImportHooks,
): Promise<Planned<ImportResult>> {
  const site = await readSite(engine, {});
  const operationId = engine.newId();
  const now = isoNow(engine);
  const branches = await planBranches(engine, { source, hooks, site, operationId, now });
  const result = resultOf(source, branches);
  if (result.imported === 0) return { change: null, result: () => ({ ...result, operationId: null }) };
  const change = importChange(engine, { source, site, operationId, now, branches });
  return { change, rest: createRest(engine, hooks.signal), result: () => ({ ...result, operationId }) };
}

function importChange(
  engine: Engine,
  input: {
    readonly source: ImportSource;
    readonly site: Site;
    readonly operationId: string;
    readonly now: string;
    readonly branches: readonly PlannedBranch[];
  },
): ChangeSet {
  const { source, site, operationId, now } = input;
  const added = input.branches.filter((branch) => branch.planned.chain.length > 0);
  const commits = added.flatMap(commitsOf);
  // A digest of what was left out could be guessed from it, as all the rest is known.
  const isWhole = commits.every((commit) => (screeningOf(commit)?.hits.length ?? 0) === 0);
  const digest = isWhole ? source.digest : null;
  const params = { format: source.format, source: source.sourceName, digest };
  const change = operationChange(engine, site, {
    id: operationId,
    type: "import",
    branch: source.branch,
    now,
    results: commits.map((commit) => commit.hash),
    params,
    eventType: "IMPORTED",
    reason: `Imported ${commits.length} commits to ${added.length === 1 ? "1 branch" : `${added.length} branches`}`,
    evidence: { ...params, ...countsOf(commits), branches: added.map(evidenceOf) },
  });
  const budgets = added.flatMap(({ target, budget }) =>
    budget === null ? [] : [{ branch: target.branch, budget }],
  );
  const warned = budgets.filter(({ budget }) => budget.warning !== null);
  const over = warned.map(({ branch, budget }) =>
    budgetEntry(engine, { decision: "WARNED", now, branch, report: budget.report }),
  );
  return {
    ...change,
    expect: {
      refs: [],
      annotationSequence: budgets.length === 0 ? null : (site.tract?.annotationSequence ?? 0),
    },
    contents: added.flatMap((branch) => branch.planned.contents),
    commits,
    refMoves: added.map(({ target, head }) => ({
      kind: "branch",
      name: target.branch,
      before: target.before,
      after: { commit: head },
    })),
    ledger: [...change.ledger, ...over],
  };
}

function commitsOf(branch: PlannedBranch): readonly CommitRecord[] {
  return branch.planned.chain.map((row) => row.commit);
}

function countsOf(commits: readonly CommitRecord[]): JsonObject {
  return { commits: commits.length, tokens: commits.reduce((sum, commit) => sum + commit.tokens, 0) };
}

/** A branch's move says which commits came: those between the two heads. */
function evidenceOf({ target, head, planned }: PlannedBranch): JsonObject {
  return {
    name: target.branch,
    before: target.parent?.hash ?? null,
    after: head,
    commits: planned.chain.length,
  };
}

function resultOf(
  source: ImportSource,
  branches: readonly PlannedBranch[],
): Omit<ImportResult, "operationId"> {
  const repaired = branches.flatMap(({ target, transcript }) =>
    transcript.repaired.map((repair) => ({ branch: target.branch, ...repair })),
  );
  const skipped = [
    ...source.skipped,
    ...branches.flatMap(({ target, transcript }) =>
      transcript.skipped.map((skip) => ({ branch: target.branch, ...skip })),
    ),
  ];
  return {
    format: source.format,
    imported: branches.reduce((sum, { planned }) => sum + planned.chain.length, 0),
    repaired: repaired.slice(0, NOTES_MAX),
    skipped: skipped.slice(0, NOTES_MAX),
    branches: branches.map(({ target, head, planned }) => ({
      name: target.branch,
      head,
      commits: planned.chain.length,
      created: target.before === null,
    })),
    warnings: [
      ...branches.flatMap(branchWarnings),
      ...tooManyNotes("repairs", repaired.length),
      ...tooManyNotes("skips", skipped.length),
    ],
  };
}

/** A broken file of a million lines must not become a result of a million notes. */
const NOTES_MAX = 1_000;

function tooManyNotes(what: string, count: number): readonly string[] {
  return count <= NOTES_MAX ? [] : [`${count - NOTES_MAX} more ${what} are not listed`];
}

function branchWarnings({ target, budget }: PlannedBranch): readonly string[] {
  const displaced =
    target.displacedFrom === null
      ? []
      : [`branch ${target.displacedFrom} holds another history; the transcript is on ${target.branch}`];
  return budget?.warning == null ? displaced : [...displaced, budget.warning];
}
