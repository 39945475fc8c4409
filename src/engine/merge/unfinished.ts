/** The error for a merge that was to finish, but has conflicts left (spec 9, 19). */
import { TractError } from "../errors.ts";
import type { Conflict } from "./material.ts";

/** Of one refusal. */
const CONFLICTS_TOLD_MAX = 20;

/** The first targets stand in data; merge without resolutions tells all of them. */
export function unfinished(conflicts: readonly Conflict[]): TractError {
  const told = conflicts.slice(0, CONFLICTS_TOLD_MAX).map(({ kind, target }) => ({ kind, target }));
  const targets = [...new Set(told.map(({ target }) => target))];
  return new TractError(
    "conflicts",
    `${conflicts.length} ${conflicts.length === 1 ? "conflict is" : "conflicts are"} not resolved; nothing was merged`,
    {
      hint: "Resolve these targets too, or give a strategy for the rest: ours, theirs, both, or record to go on and resolve later.",
      data: { targets, conflicts: told, conflict_count: conflicts.length },
    },
  );
}
