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
  const borders = bordersOf(paired);
  let settled = limit;
  while (settled >= SEALED_AT_ONCE_MIN && !borders.has(units[settled]?.first ?? -1)) settled -= 1;
  return settled < SEALED_AT_ONCE_MIN ? 0 : settled;
}

/**
 * Ordinals of units before which the history may be cut: no result moved up over the place, no message goes on behind it, and no call before
 * it waits for a result that is likely to come.
 */
function bordersOf(paired: readonly Unit[]): ReadonlySet<number> {
  const openFrom = firstOpenCall(paired);
  const borders = new Set<number>();
  let last = -1;
  for (const unit of paired) {
    if (unit.first > openFrom) break;
    if (last < unit.first && unit.begin === unit.first) borders.add(unit.first);
    last = Math.max(last, unit.last);
  }
  return borders;
}

/** Where the message of the first call begins that a result may still reach. */
function firstOpenCall(paired: readonly Unit[]): number {
  const near = paired.slice(-OPEN_CALL_REACH);
  return near.find((unit) => openCallIds([unit]).length > 0)?.begin ?? Number.POSITIVE_INFINITY;
}
