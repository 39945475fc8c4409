/** Plans the commits of a settled history on their new base: what would come out as it is stays, everything else is made again (spec 3.4). Pure. */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import type { AnnotationState } from "../history/annotation-state.ts";
import { summaryContentOf } from "../history/coverage.ts";
import {
  type CommitBase,
  type CommitItem,
  type LateItem,
  type PlannedCommits,
  planCommits,
} from "../history/plan-commit.ts";
import { invariant } from "../invariant.ts";
import { type CopyStep, hashesOf, type Step } from "./arrange.ts";
import { appendItem, editItem, revealCopy, summaryCopy, summaryEdit } from "./copy-item.ts";

export interface ReplayInput {
  readonly onto: CommitRecord | null;
  readonly steps: readonly Step[];
  /** All commits of the range, and those brought along: what a step may point to besides what stands outside. */
  readonly range: ReadonlySet<Hash>;
  readonly annotationOf: (hash: Hash) => AnnotationState | null;
}

export interface Replay {
  /** Stay as they are, at the beginning. */
  readonly kept: readonly ChainCommit[];
  readonly planned: PlannedCommits;
  /** New hash by old one, kept ones with their own. */
  readonly places: ReadonlyMap<Hash, Hash>;
}

/** Where a commit stands in the new history so far; null: nowhere. */
type Locate = (hash: Hash) => Hash | null;

export function replay(
  engine: Pick<Engine, "contentTypes" | "limits">,
  base: Omit<CommitBase, "parent">,
  input: ReplayInput,
): Replay {
  const { onto, steps, range } = input;
  const kept = keptStart(onto, steps);
  const again = steps.slice(kept.length);
  const indexes = new Map<Hash, number>();
  for (const [index, step] of again.entries()) for (const hash of hashesOf(step)) indexes.set(hash, index);
  const locateIn =
    (made: readonly CommitRecord[]): Locate =>
    (hash) => {
      const index = indexes.get(hash);
      if (index !== undefined) return made[index]?.hash ?? null;
      return range.has(hash) && !isKept.has(hash) ? null : hash;
    };
  const isKept = new Set(kept.map(({ commit }) => commit.hash));
  const items = again.map(
    (step): LateItem =>
      (made) =>
        itemOf(engine, step, { locate: locateIn(made), annotationOf: input.annotationOf }),
  );
  const parent = kept.at(-1)?.commit ?? onto;
  const planned = planCommits({ ...base, parent }, items);
  const places = new Map<Hash, Hash>(kept.map(({ commit }) => [commit.hash, commit.hash]));
  for (const [hash, index] of indexes) {
    const made = planned.chain[index];
    if (made !== undefined) places.set(hash, made.commit.hash);
  }
  return { kept, planned, places };
}

/** As long as the steps are the commits that stand on the new base already, in their order. */
function keptStart(onto: CommitRecord | null, steps: readonly Step[]): readonly ChainCommit[] {
  const kept: ChainCommit[] = [];
  let parent = onto?.hash;
  for (const step of steps) {
    if (step.kind !== "copy" || step.asAppend || step.message !== null) break;
    const { hash, parents } = step.row.commit;
    if (parents.length > 1 || parents[0] !== parent) break;
    kept.push(step.row);
    parent = hash;
  }
  return kept;
}

interface ItemInput extends Pick<ReplayInput, "annotationOf"> {
  readonly locate: Locate;
}

function itemOf(engine: Pick<Engine, "contentTypes" | "limits">, step: Step, input: ItemInput): CommitItem {
  if (step.kind === "copy") return copyOf(engine, step, input);
  invariant(step.item !== null, "a squashed commit is made before it is planned");
  return step.item;
}

function copyOf(
  engine: Pick<Engine, "contentTypes" | "limits">,
  { row, message, asAppend }: CopyStep,
  { locate, annotationOf }: ItemInput,
): CommitItem {
  const { hash, operation, editTarget } = row.commit;
  const options = { annotation: annotationOf(hash), message };
  if (operation === "summary") return summaryCopy(engine, row, sourcesOf(row, locate), options);
  if (editTarget === null || asAppend) return appendItem(engine, row, options);
  const target = locate(editTarget);
  invariant(target !== null, "an edit was given its target before it is planned");
  if (operation === "reveal") return revealCopy(row, target, options);
  return row.commit.contentType === "summary"
    ? summaryEdit(engine, row, { editTarget: target, sources: sourcesOf(row, locate) }, options)
    : editItem(row, target, options);
}

/** What a summary stands for in the new history. */
function sourcesOf(row: ChainCommit, locate: Locate): readonly Hash[] {
  const sources = summaryContentOf(row).sources as readonly Hash[]; // The schema of the content type says so.
  return [...new Set(sources.flatMap((source) => locate(source) ?? []))];
}
