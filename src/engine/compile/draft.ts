/** The units of a history before budget and format, which grow with it: cold from nothing, else from an earlier head (spec 2.2, 2.8). */
import type { AnnotationRecord, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { type Coverage, coverageOf, isSummaryRow, NO_COVERAGE } from "../history/coverage.ts";
import { linearize } from "../history/linearize.ts";
import type { Entry, Place } from "./entry.ts";
import { withOut } from "./entry.ts";
import type { Kit } from "./kit.ts";
import type { CompileOptions } from "./options.ts";
import { appendSegment, hasCommit, namedInstructions, type Segment, someSegment } from "./segment.ts";
import { settledCount } from "./settle.ts";
import { type Annotations, applyAnnotations, NO_ANNOTATIONS } from "./stages/apply-annotations.ts";
import { applyEdits } from "./stages/apply-edits.ts";
import { applyStrategy } from "./stages/apply-strategy.ts";
import { applySummaries } from "./stages/apply-summaries.ts";
import { pairTools, type Settled } from "./stages/pair-tools.ts";
import type { Unit } from "./unit.ts";

export interface Draft {
  readonly head: Hash | null;
  readonly annotationSequence: number;
  /** Units that stay as they are whatever is appended. */
  readonly sealed: Segment | null;
  /** Units that the next commits may still change. */
  readonly units: readonly Unit[];
  /** Of the units that are not sealed, and those that stay out among them. */
  readonly entries: readonly Entry[];
  /** What the entries were made from, with the commits that are never compiled. */
  readonly places: readonly Place[];
  readonly placeCount: number;
  readonly annotations: Annotations;
  readonly coverage: Coverage;
}

export const EMPTY_DRAFT: Draft = {
  head: null,
  annotationSequence: 0,
  sealed: null,
  units: [],
  entries: [],
  places: [],
  placeCount: 0,
  annotations: NO_ANNOTATIONS,
  coverage: NO_COVERAGE,
};

/** What happened since a draft. */
export interface News {
  readonly head: Hash | null;
  /** Commits reachable from the new head and not from the draft's. */
  readonly chain: readonly ChainCommit[];
  readonly annotationSequence: number;
  /** Annotations after the draft's sequence, by sequence. */
  readonly annotations: readonly AnnotationRecord[];
  /** All annotations at the new moment, these among them. */
  readonly newest: Annotations;
}

/**
 * The draft of a later point, at the cost of what is new: stages 1 to 6 over the commits that are not sealed.
 *
 * @returns null when the news change something that was sealed; from EMPTY_DRAFT never null.
 */
export function growDraft(draft: Draft, news: News, options: CompileOptions, kit: Kit): Draft | null {
  const { sealed } = draft;
  if (sealed !== null && news.annotations.some(({ commit }) => hasCommit(sealed, commit))) return null;
  const { newest: annotations } = news;
  const order = news.head === null ? [] : linearize(news.chain, news.head);
  if (draft.head !== null && changesCoverage(draft.coverage, order)) return null;
  const edited = applyEdits(order, draft.places, draft.placeCount);
  if (!edited.isComplete && sealed !== null) return null;
  const coverage = draft.head === null ? coverageOf(order) : draft.coverage;
  const places = draft.head === null ? applySummaries(edited.places, coverage) : edited.places;
  const judged = applyAnnotations(places, annotations, options.selection, draft.entries);
  if (sealed !== null && changesNames(sealed, draft.entries, judged)) return null;
  const compiled = judged.filter(({ out }) => out === null);
  const paired = pairTools(compiled, settledIn(sealed));
  if (paired === null) return null;
  const { units, dropped, fixedCount } = applyStrategy(paired, { ...options, count: kit.count });
  const entries =
    dropped.size === 0
      ? judged
      : judged.map((entry) => (dropped.has(entry.hash) ? withOut(entry, "strategy") : entry));
  const grown: Draft = {
    head: news.head,
    annotationSequence: news.annotationSequence,
    sealed,
    units,
    entries,
    places,
    placeCount: draft.placeCount + places.length - draft.places.length,
    annotations,
    coverage,
  };
  return seal(grown, paired, settledCount({ units, paired, fixedCount }));
}

/** True when what came may move or hide what was there, or is hidden itself: then the history is looked at as a whole again. */
export function changesCoverage(coverage: Coverage, order: readonly ChainCommit[]): boolean {
  return order.some((row) => isSummaryRow(row) || coverage.covers.has(row.commit.hash));
}

/** Commits that are in, before a budget. */
export function messageCountOf(draft: Draft): number {
  return draft.units.reduce((sum, unit) => sum + unit.entries.length, draft.sealed?.messageCount ?? 0);
}

/** Moves the first units into a segment. */
function seal(draft: Draft, paired: readonly Unit[], count: number): Draft {
  const next = draft.units[count];
  if (count === 0 || next === undefined) return draft;
  const isSealed = ({ ordinal }: { readonly ordinal: number }): boolean => ordinal < next.first;
  return {
    ...draft,
    sealed: appendSegment(draft.sealed, {
      units: draft.units.slice(0, count),
      entries: draft.entries.filter(isSealed),
      paired: paired.filter((unit) => unit.first < next.first),
    }),
    units: draft.units.slice(count),
    entries: draft.entries.filter((entry) => !isSealed(entry)),
    places: draft.places.filter((place) => !isSealed(place)),
  };
}

function settledIn(sealed: Segment | null): Settled {
  return {
    isOpen: (callId) => someSegment(sealed, (segment) => segment.openCalls.has(callId)),
    isUsed: (id) => someSegment(sealed, (segment) => segment.callIds.has(id)),
    repeatsOf: (plainId) => {
      for (let at = sealed; at !== null; at = at.before) {
        const repeat = at.repeats.get(plainId);
        if (repeat !== undefined) return repeat; // Repeats only rise, so the newest part knows the most.
      }
      return 0;
    },
  };
}

/** True when an instruction in force now stands in the open part and did not before, or the other way round, and its name is sealed too. */
function changesNames(sealed: Segment, before: readonly Entry[], after: readonly Entry[]): boolean {
  const earlier = inForce(before);
  const later = inForce(after);
  const changed = [...new Set([...earlier.keys(), ...later.keys()])].filter(
    (name) => earlier.get(name) !== later.get(name),
  );
  return changed.some((name) => someSegment(sealed, (segment) => segment.names.has(name)));
}

function inForce(entries: readonly Entry[]): ReadonlyMap<string, Hash> {
  const named = namedInstructions(entries).filter(({ out }) => out === null);
  return new Map(named.map(({ head, hash }) => [head.name ?? "", hash]));
}
