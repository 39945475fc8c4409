/** Stage 3 of compile: a summary stands where its originals stood, and they are marked as covered (spec 2.2; spec 3.5). */
import type { Hash } from "../../../storage/records.ts";
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
  const isSummary = (index: number): boolean => places[index]?.commit.operation === "summary";
  const spans = new Map<Hash, Span>();
  for (const { hash, content } of summaries) {
    let first = Number.POSITIVE_INFINITY;
    let last = -1;
    const waiting = [...content.sources] as Hash[]; // The schema of the content type says so.
    const seen = new Set<Hash>();
    for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
      if (seen.has(source)) continue;
      seen.add(source);
      waiting.push(...((contents.get(source)?.sources ?? []) as Hash[]));
      const index = indexes.get(source);
      if (index === undefined || isSummary(index)) continue;
      first = Math.min(first, index);
      last = Math.max(last, index);
    }
    const from = places[first]?.commit.hash;
    const to = places[last]?.commit.hash;
    if (from !== undefined && to !== undefined) spans.set(hash, { first, from, to });
  }
  return spans;
}
