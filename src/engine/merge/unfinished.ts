/** The error for a merge that was to finish, but has conflicts left (spec 9, 19). */
import { TractError } from "../errors.ts";
import type { Conflict } from "./material.ts";

export function unfinished(conflicts: readonly Conflict[]): TractError {
  const targets = [...new Set(conflicts.map(({ target }) => target))];
  return new TractError(
    "conflicts",
    `${conflicts.length} ${conflicts.length === 1 ? "conflict is" : "conflicts are"} not resolved; nothing was merged`,
    {
      hint: "Resolve these targets too, or give a strategy for the rest: ours, theirs, both, or record to go on and resolve later.",
      data: { targets, conflicts: conflicts.map(({ kind, target }) => ({ kind, target })) },
    },
  );
}
