/** Stage 3 of compile: a summary stands where its originals stood, and they are marked as covered (spec 2.2; spec 3.5). */
import type { Hash } from "../../../storage/records.ts";
import type { SummaryContent } from "../../content/content-types.ts";
import { type Coverage, NO_COVERAGE } from "../../history/coverage.ts";
import type { Place } from "../entry.ts";

/**
 * Moves each summary to its first original and marks what is covered. A summary whose originals are not in this history stays where it was
 * made; one without text (restore) has no place.
 *
 * @param places in linear order, from the beginning of the history; their ordinals are given anew.
 */
export function applySummaries(places: readonly Place[], coverage: Coverage): readonly Place[] {
  if (coverage === NO_COVERAGE) return places;
  const spans = spansOf(places, coverage);
  const silent = new Set(
    coverage.summaries.flatMap(({ hash, content }) => (content.text === "" ? hash : [])),
  );
  const inEffect = new Set(coverage.summaries.map(({ hash }) => hash));
  const moved = new Map<number, Place[]>();
  const stays: boolean[] = [];
  for (const [index, place] of places.entries()) {
    const { hash, operation } = place.commit;
    const isGone = operation === "summary" && (silent.has(hash) || !inEffect.has(hash));
    const span = operation === "summary" ? spans.get(hash) : undefined;
    stays[index] = !isGone && span === undefined;
    if (isGone || span === undefined) continue;
    const at = moved.get(span.first);
    const standing = { ...place, span: { from: span.from, to: span.to } };
    if (at === undefined) moved.set(span.first, [standing]);
    else at.push(standing);
  }
  const ordered: Place[] = [];
  const add = (place: Place): void => {
    const cover = coverage.covers.get(place.commit.hash) ?? null;
    const { commit, shown, span } = place;
    ordered.push({ ordinal: ordered.length, commit, shown, cover, span });
  };
  for (const [index, place] of places.entries()) {
    for (const summary of moved.get(index) ?? []) add(summary);
    if (stays[index]) add(place);
  }
  return ordered;
}

/** Where the originals of a summary stand: index of the first, and the hashes of the first and the last. */
interface Span {
  readonly first: number;
  readonly from: Hash;
  readonly to: Hash;
}

/** By summary; those without originals here have none. Commits that are summaries themselves are looked through to their originals. */
function spansOf(places: readonly Place[], { summaries, contents }: Coverage): ReadonlyMap<Hash, Span> {
  const indexes = new Map(places.map(({ commit }, index) => [commit.hash, index]));
  const ends = new Map<Hash, Ends>();
  // Each is looked through once: summaries of summaries grow long chains. Nearly all sources stand before, so this goes hardly ever deep.
  const endsOf = (summary: Hash, sources: readonly Hash[]): Ends => {
    const known = ends.get(summary);
    if (known !== undefined) return known;
    let [first, last] = NOWHERE;
    for (const source of sources) {
      const inner = contents.get(source);
      const index = inner === undefined ? indexes.get(source) : undefined;
      const [from, to] = inner === undefined ? endsAt(index) : endsOf(source, sourcesOf(inner));
      first = Math.min(first, from);
      last = Math.max(last, to);
    }
    ends.set(summary, [first, last]);
    return [first, last];
  };
  for (const [hash, content] of contents) endsOf(hash, sourcesOf(content));
  return new Map(
    summaries.flatMap(({ hash }) => {
      const [first, last] = ends.get(hash) ?? NOWHERE;
      const from = places[first]?.commit.hash;
      const to = places[last]?.commit.hash;
      return from === undefined || to === undefined ? [] : [[hash, { first, from, to }] as const];
    }),
  );
}

/** Indexes of the first and the last original. */
type Ends = readonly [first: number, last: number];
const NOWHERE: Ends = [Number.POSITIVE_INFINITY, -1];

function endsAt(index: number | undefined): Ends {
  return index === undefined ? NOWHERE : [index, index];
}

function sourcesOf({ sources }: SummaryContent): readonly Hash[] {
  return sources as readonly Hash[]; // The schema of the content type says so.
}
