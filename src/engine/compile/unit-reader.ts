/** Reads the units of a draft by position, over the sealed segments and the open ones behind them. */
import { invariant } from "../invariant.ts";
import type { Draft } from "./draft.ts";
import { segmentsOf } from "./segment.ts";
import type { Unit } from "./unit.ts";

export interface UnitReader {
  readonly count: number;
  /** @param index from 0, oldest first; in any order, quickest when neighbours are read one after the other. */
  readonly unitAt: (index: number) => Unit;
}

export function unitReader(draft: Draft): UnitReader {
  const parts: (readonly Unit[])[] = [];
  const starts: number[] = [];
  let count = 0;
  for (const units of [...segmentsOf(draft.sealed).map((segment) => segment.units), draft.units]) {
    parts.push(units);
    starts.push(count);
    count += units.length;
  }
  let part = 0;
  const unitAt = (index: number): Unit => {
    while (part > 0 && index < (starts[part] ?? 0)) part -= 1;
    while (part + 1 < parts.length && index >= (starts[part + 1] ?? count)) part += 1;
    const unit = parts[part]?.[index - (starts[part] ?? 0)];
    invariant(unit !== undefined, "units are read within their number");
    return unit;
  };
  return { count, unitAt };
}
