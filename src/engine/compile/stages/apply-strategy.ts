/** Stage 6 of compile: which units stay whole and which stand as an outline of commit messages (spec 2.1, 2.2). */
import type { Hash } from "../../../storage/records.ts";
import type { Entry } from "../entry.ts";
import type { Strategy } from "../options.ts";
import { type Unit, unitBase } from "../unit.ts";

export interface StrategyOptions {
  readonly strategy: Strategy;
  readonly recent: number;
  /** Tokens of a text. */
  readonly count: (text: string) => number;
}

export interface Outlined {
  readonly units: readonly Unit[];
  /** Commits that have an empty message and so no line in the outline. */
  readonly dropped: ReadonlySet<Hash>;
  /** Units before this index keep their form whatever is appended. */
  readonly fixedCount: number;
}

/**
 * `full` changes nothing, `outline` shows every commit by its message. `adaptive` keeps the newest `recent` messages whole, with the rest of
 * their unit, and pinned units wherever they stand: an instruction cut to its first words would be worse than none.
 */
export function applyStrategy(units: readonly Unit[], options: StrategyOptions): Outlined {
  if (options.strategy === "full") return { units, dropped: NONE_DROPPED, fixedCount: units.length };
  const recentFrom = options.strategy === "outline" ? units.length : recentStart(units, options.recent);
  const dropped = new Set<Hash>();
  const shown: Unit[] = [];
  let fixedCount = 0;
  for (const [index, unit] of units.entries()) {
    const staysWhole = index >= recentFrom || (options.strategy === "adaptive" && unit.priority === "pinned");
    const formed = staysWhole ? unit : outline(unit, options.count, dropped);
    if (formed !== null) shown.push(formed);
    if (index < recentFrom) fixedCount = shown.length;
  }
  return { units: shown, dropped, fixedCount };
}

const NONE_DROPPED: ReadonlySet<Hash> = new Set();

/** Index of the first unit that has one of the newest `recent` messages. */
function recentStart(units: readonly Unit[], recent: number): number {
  let left = recent;
  let index = units.length;
  for (; index > 0 && left > 0; index--) left -= units[index - 1]?.entries.length ?? 0;
  return index;
}

/** null when none of its commits has a message. */
function outline(unit: Unit, count: (text: string) => number, dropped: Set<Hash>): Unit | null {
  const isTold = (entry: Entry): boolean => outlineTextOf(entry) !== "";
  for (const entry of unit.entries) if (!isTold(entry)) dropped.add(entry.hash);
  const entries = unit.entries.filter(isTold);
  if (entries.length === 0) return null;
  const messageTokens = entries.map((entry) => count(outlineTextOf(entry)));
  return { kind: "outline", ...unitBase(entries, unit.begin), messageTokens };
}

/** The line by which an outline shows a commit: the message of what is shown there. */
export function outlineTextOf(entry: Entry): string {
  return entry.place.shown.commit.message;
}
