/** Stage 2 of compile: the last edit in linear order speaks in the place of its target; edits, merges and reveals never appear (spec 2.2). */
import type { Hash } from "../../../storage/records.ts";
import type { ChainCommit } from "../../../storage/store.ts";
import type { Place } from "../entry.ts";

export interface EditedPlaces {
  /** The places given and the new ones, in linear order. */
  readonly places: readonly Place[];
  /** False: an edit's target is none of these places. */
  readonly isComplete: boolean;
}

/**
 * @param order commits in linear order.
 * @param before places that these commits come after; an edit may replace what they show.
 */
export function applyEdits(
  order: readonly ChainCommit[],
  before: readonly Place[],
  firstOrdinal: number,
): EditedPlaces {
  const places: Place[] = [...before];
  const edits = new Map<Hash, ChainCommit>();
  let ordinal = firstOrdinal;
  for (const row of order) {
    const { commit } = row;
    if (commit.operation === "append" || commit.operation === "summary")
      places.push({ ordinal: ordinal++, commit, shown: row, cover: null, span: null });
    else if (commit.operation === "edit" && commit.editTarget !== null) edits.set(commit.editTarget, row);
  }
  if (edits.size === 0) return { places, isComplete: true };
  let applied = 0;
  const edited = places.map((place) => {
    const edit = edits.get(place.commit.hash);
    if (edit === undefined) return place;
    applied += 1;
    return { ...place, shown: edit };
  });
  return { places: edited, isComplete: applied === edits.size };
}
