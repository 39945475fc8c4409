/** Decides how many units may be sealed: those that nothing but an edit, an annotation or a very late result can change (spec 2.8). */
import { openCallIds } from "./stages/pair-tools.ts";
import type { Unit } from "./unit.ts";

/** Units are sealed this many at a time, so that a commit does not pay for it. */
const SEALED_AT_ONCE_MIN = 32;
/** The last units stay open: the next commit may belong to the same message. */
const KEPT_OPEN = 2;
/** A call without result keeps this many units behind it open; after that its result, should it come, costs one cold compile. */
const OPEN_CALL_REACH = 64;

export interface Settling {
  /** In the form that the strategy gave them. */
  readonly units: readonly Unit[];
  /** As they were paired, before the strategy. */
  readonly paired: readonly Unit[];
  /** Units before this index keep their form. */
  readonly fixedCount: number;
}

export function settledCount({ units, paired, fixedCount }: Settling): number {
  const limit = Math.min(fixedCount, units.length - KEPT_OPEN);
  if (limit < SEALED_AT_ONCE_MIN) return 0;
  const openFrom = firstOpenCall(paired);
  let settled = 0;
  let lastOrdinal = -1;
  for (let count = 1; count <= limit; count++) {
    lastOrdinal = Math.max(lastOrdinal, units[count - 1]?.last ?? 0);
    const next = units[count];
    if (next === undefined || next.first > openFrom) break;
    // A result that moved up over other units keeps them with its own.
    if (lastOrdinal < next.first) settled = count;
  }
  return settled < SEALED_AT_ONCE_MIN ? 0 : settled;
}

/** Ordinal of the first call that a result may still reach. */
function firstOpenCall(paired: readonly Unit[]): number {
  const near = paired.slice(-OPEN_CALL_REACH);
  return near.find((unit) => openCallIds([unit]).length > 0)?.first ?? Number.POSITIVE_INFINITY;
}
