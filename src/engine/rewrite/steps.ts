/** Decides what becomes of every commit of a range: order, joins, what edits and summaries belong to, and what there is to warn of. */
import type { Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { readCoverage } from "../history/coverage.ts";
import { linearize } from "../history/linearize.ts";
import { readOpenConflicts } from "../history/open-conflicts.ts";
import type { Site } from "../history/snapshot.ts";
import { invariant } from "../invariant.ts";
import { type Arrangement, arrange, type Step } from "./arrange.ts";
import type { AnnotationOf } from "./newest-annotations.ts";
import { invalidArgument, type NamedCommits, type ReorganizeRequest } from "./reorganize-request.ts";
import type { ReplayRange } from "./replay-range.ts";
import { type RewriteWarning, refusalOf, short, warn } from "./rewrite-warning.ts";
import { settle } from "./settle.ts";
import { squashItem } from "./squash-item.ts";
import { pairsOf, splitPairs, toolRowsOf } from "./tool-splits.ts";

export interface StepsInput {
  readonly site: Site;
  readonly request: ReorganizeRequest;
  readonly named: NamedCommits;
  readonly range: ReplayRange;
  readonly annotationOf: AnnotationOf;
}

export interface DecidedSteps {
  readonly steps: readonly Step[];
  readonly warnings: readonly RewriteWarning[];
}

/**
 * @throws TractError `invalid-argument`, `invalid-content` (a squash); `edit-target` or `invalid-argument` with the warnings in data when
 *   something would lose what it belongs to and nothing in the request says what then.
 */
export async function decideSteps(engine: Engine, input: StepsInput): Promise<DecidedSteps> {
  const { named, range, request } = input;
  const merges = range.rows.filter(({ commit }) => commit.operation === "merge");
  for (const { commit } of merges) refuseMerge(commit.hash, named);
  const arranged = arrange(
    range.rows.filter(({ commit }) => commit.operation !== "merge"),
    named,
  );
  const settled = settle({
    steps: await joinAll(engine, arranged.steps, input),
    dropped: arranged.dropped,
    lost: range.lost,
    covered: range.covered,
    onMissingTarget: request.onMissingTarget,
    force: request.force === true,
  });
  const splits = await splitsOf(engine, input, arranged, settled.steps);
  const refusals = [...settled.refusals, ...(request.force === true ? [] : splits)];
  if (refusals.length > 0) throw refusalOf(refusals);
  const { steps } = settled;
  const joined = await flattened(engine, input.site, merges);
  return {
    steps,
    warnings: [...settled.warnings, ...splits, ...joined, ...leftOut(range, steps), ...reordered(range)],
  };
}

function refuseMerge(hash: Hash, named: NamedCommits): void {
  const path = named.all.get(hash);
  if (path !== undefined)
    throw invalidArgument(path, `names the merge ${short(hash)}; name the commits that it brought in`, [
      hash,
    ]);
}

async function joinAll(
  engine: Engine,
  steps: readonly Step[],
  { annotationOf, site }: StepsInput,
): Promise<readonly Step[]> {
  if (steps.every(({ kind }) => kind === "copy")) return steps;
  const coverage = await readCoverage(engine, site.head?.hash ?? null);
  const joined: Step[] = [];
  for (const step of steps)
    joined.push(
      step.kind === "copy"
        ? step
        : { ...step, item: await squashItem(engine, step, { site, annotationOf, coverage }) },
    );
  return joined;
}

/** Without another order, dropped or lost commits every pair stays one. */
async function splitsOf(
  engine: Engine,
  { named, range, site }: StepsInput,
  { dropped }: Arrangement,
  steps: readonly Step[],
): Promise<readonly RewriteWarning[]> {
  if (named.order.length + dropped.length + range.lost.length === 0) return [];
  const after = toolRowsOf(steps.flatMap((step) => (step.kind === "copy" ? step.row : [])));
  const near = toolRowsOf([...range.lost, ...range.rows]);
  const pairs = pairsOf(near);
  const isDropped = new Set(dropped.map(({ commit }) => commit.hash));
  const isStray = near.some(({ hash }) => isDropped.has(hash) && !pairs.has(hash));
  if (!isStray) return splitPairs(near, after);
  // A dropped result may belong to a call that stands before the range.
  const outside = toolRowsOf(await readOutside(engine, site, range));
  return splitPairs([...outside, ...near], [...outside, ...after]);
}

async function readOutside(
  { store, scope }: Engine,
  { head }: Site,
  { lost, rows }: ReplayRange,
): Promise<readonly ChainCommit[]> {
  invariant(head !== null, "what is reorganized has a head");
  const chain = await store.readChain(scope.tract, head.hash);
  invariant(chain !== null, "the whole chain of a head can be read");
  const inside = new Set([...lost, ...rows].map(({ commit }) => commit.hash));
  return linearize(chain, head.hash).filter(({ commit }) => !inside.has(commit.hash));
}

async function flattened(
  engine: Engine,
  { head }: Site,
  merges: readonly ChainCommit[],
): Promise<readonly RewriteWarning[]> {
  if (merges.length === 0) return [];
  const hashes = merges.map(({ commit }) => commit.hash);
  const count = `${merges.length} ${merges.length === 1 ? "merge" : "merges"}`;
  const plain = warn(
    "merge-flattened",
    `${count} became plain history; nothing that they joined is lost`,
    hashes,
  );
  const open = await readOpenConflicts(engine, head?.hash ?? null);
  const ended = [...new Set(open.map(({ merge }) => merge.hash))].filter((hash) => hashes.includes(hash));
  if (ended.length === 0) return [plain];
  const text =
    "open conflicts that they had recorded stay marked where they show; status lists them no longer";
  return [plain, warn("conflicts-untracked", text, ended)];
}

function leftOut({ lost }: ReplayRange, steps: readonly Step[]): readonly RewriteWarning[] {
  const brought = new Set(steps.flatMap((step) => (step.kind === "copy" ? step.row.commit.hash : [])));
  const left = lost.flatMap(({ commit }) =>
    brought.has(commit.hash) || commit.operation === "merge" ? [] : commit.hash,
  );
  if (left.length === 0) return [];
  return [
    warn(
      "left-out",
      `${left.length} commits stand between onto and from: the branch has them no longer`,
      left,
    ),
  ];
}

function reordered({ mergedBase }: ReplayRange): readonly RewriteWarning[] {
  if (mergedBase === null) return [];
  const text = `from ${short(mergedBase)} was merged in: messages that stood before it come after it now`;
  return [warn("reordered", text, [mergedBase])];
}
