/** What gc keeps, as times and types of operations (docs/decisions/0013). Pure. */
import type { GarbageRule } from "../../storage/garbage.ts";
import { TractError } from "../errors.ts";
import { KEEPING_ENTRIES } from "../ledger/kept-texts.ts";

export interface GcDays {
  /** Younger commits stay whatever leads to them. Default 30. */
  readonly olderThanDays?: number | undefined;
  /** How far back undo and `as_of` find everything. Default 90. */
  readonly keepOperationsDays?: number | undefined;
  /** What older merges, compressions and the like replaced or brought in goes too. Default: it stays for good. */
  readonly releaseSourcesOlderThanDays?: number | undefined;
}

/** The days that hold, in the words of the ledger. */
export interface GcTerms {
  readonly older_than_days: number;
  readonly keep_operations_days: number;
  readonly release_sources_older_than_days: number | null;
}

/** @throws TractError `invalid-argument` for what is no number of days. */
export function gcTerms(request: GcDays): GcTerms {
  return {
    older_than_days: daysOf("older_than_days", request.olderThanDays, 30),
    keep_operations_days: daysOf("keep_operations_days", request.keepOperationsDays, 90),
    release_sources_older_than_days: daysOf(
      "release_sources_older_than_days",
      request.releaseSourcesOlderThanDays,
      null,
    ),
  };
}

/** @param now milliseconds. */
export function gcRule(terms: GcTerms, now: number): GarbageRule {
  const daysAgo = (days: number): string => new Date(now - days * DAY_MS).toISOString();
  const released = terms.release_sources_older_than_days;
  return {
    commitsSince: daysAgo(terms.older_than_days),
    operationsSince: daysAgo(terms.keep_operations_days),
    relatingTypes: RELATING_TYPES,
    relatingSince: released === null ? null : daysAgo(released),
    plainTypes: PLAIN_TYPES,
    keepingEntries: KEEPING_ENTRIES,
  };
}

/** Operations that rewrite history or tie it to other history: what they took and made says where something comes from. */
const RELATING_TYPES: readonly string[] = [
  "merge",
  "compress",
  "uncompress",
  "reorganize",
  "import_commit",
  "restore",
  "spawn",
  "collapse",
  "send",
  "import",
];

/** A commit moves its branch from the first parent of what it makes to the last of it. */
const PLAIN_TYPES: readonly string[] = ["commit"];

const DAY_MS = 86_400_000;
const DAYS_MAX = 36_500;

function daysOf<Default extends number | null>(
  name: keyof GcTerms,
  days: number | undefined,
  usual: Default,
): number | Default {
  if (days === undefined) return usual;
  if (days >= 0 && days <= DAYS_MAX) return days;
  const expected = `a number of days from 0 to ${DAYS_MAX}`;
  throw new TractError("invalid-argument", `${name}: expected ${expected}`, {
    hint: "Leave it out for the usual time; a dry run shows what any number of days would do.",
    data: { path: name, expected },
  });
}
