/** Decides how many units may be sealed: those that nothing but an edit, an annotation or a very late result can change (spec 2.8). */
import { openCallIds } from "./stages/pair-tools.ts";
import type { Unit } from "./unit.ts";

/** Units are sealed this many at a time, so that a commit does not pay for it. */
const SEALED_AT_ONCE_MIN = 32;
/** The last units stay open: the next commit may belong to the same message. */
const KEPT_OPEN = 2;
/** A call without result keeps this many units behind it open; after that its result, should it come, costs one cold compile. */
const OPEN_CALL_REACH = 64;

/** @param fixedCount units before this index keep the form that the strategy gave them. */
export function settledCount(units: readonly Unit[], fixedCount: number): number {
  const limit = Math.min(fixedCount, units.length - KEPT_OPEN, firstOpenCall(units));
  if (limit < SEALED_AT_ONCE_MIN) return 0;
  let settled = 0;
  let lastOrdinal = -1;
  for (let count = 1; count <= limit; count++) {
    lastOrdinal = Math.max(lastOrdinal, units[count - 1]?.last ?? 0);
    const next = units[count];
    // A result that moved up over other units keeps them with its own.
    if (next !== undefined && lastOrdinal < next.first) settled = count;
  }
  return settled < SEALED_AT_ONCE_MIN ? 0 : settled;
}

/** Index of the first call that a result may still reach. */
function firstOpenCall(units: readonly Unit[]): number {
  const from = Math.max(0, units.length - OPEN_CALL_REACH);
  const position = units.slice(from).findIndex((unit) => openCallIds([unit]).length > 0);
  return position === -1 ? units.length : from + position;
}
