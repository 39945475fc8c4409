/** What a caller should know of commits that are made again elsewhere, each with a kind to act on (spec 3.4). */
import type { Hash } from "../../storage/records.ts";
import { TractError } from "../errors.ts";

export type RewriteWarningKind =
  /** An edit whose target is not there any more; commits: the edit, its target. Refused without `force` and `onMissingTarget`. */
  | "missing-target"
  /** An edit, or a reveal, that would come before its target; commits: the edit, its target. Refused likewise. */
  | "edit-before-target"
  /** An edit of a commit that a summary stands for on the new base; commits: the edit, its target. Refused likewise; with force it stays, unseen. */
  | "covered-target"
  /** A summary that would come before some of what it stands for; with force it no longer stands for those. Refused without `force`. */
  | "source-after-summary"
  /** A tool call without its result, or the reverse; commits: the call and the result, or the one of them. reorganize refuses it without `force`. */
  | "splits-pair"
  /** A summary stands for fewer commits; commits: the summary, then those that were left out. */
  | "summary-sources"
  /** A summary went with the last commit that it stood for. */
  | "summary-dropped"
  /** A reveal went with its summary. */
  | "reveal-dropped"
  /** Merges became plain history: what they joined stands in one line. */
  | "merge-flattened"
  /** Open conflicts that such merges had recorded: they show where they were marked, and status lists them no longer. */
  | "conflicts-untracked"
  /** `from` was merged in: what stood before it and is not behind it comes after it now; commits: `from`. */
  | "reordered"
  /** Commits between onto and from: neither is behind the other, so the branch has them no longer. */
  | "left-out"
  /** A summary that came as a plain message, because what it stands for is not here. */
  | "summary-as-message"
  | "over-budget";

export interface RewriteWarning {
  readonly kind: RewriteWarningKind;
  readonly message: string;
  /** What it is about. */
  readonly commits: readonly Hash[];
}

export function warn(
  kind: RewriteWarningKind,
  message: string,
  commits: readonly Hash[] = [],
): RewriteWarning {
  return { kind, message, commits };
}

/** What an edit becomes whose target is not there (spec 9, 34). */
export type OnMissingTarget = "error" | "as_append" | "with_target" | "drop";

/** Of one refusal. */
const WARNINGS_TOLD_MAX = 20;

const EDIT_KINDS: ReadonlySet<RewriteWarningKind> = new Set([
  "missing-target",
  "edit-before-target",
  "covered-target",
]);

/** The refusal of a reorganize that would break something; `warnings` are only those that refuse; the first of them are told. */
export function refusalOf(warnings: readonly RewriteWarning[]): TractError {
  const edits = warnings.filter(({ kind }) => EDIT_KINDS.has(kind));
  const [first] = edits.length > 0 ? edits : warnings;
  const more = warnings.length > 1 ? ` (and ${warnings.length - 1} more like it)` : "";
  return new TractError(
    edits.length > 0 ? "edit-target" : "invalid-argument",
    `${first?.message ?? "commits would lose what they belong to"}${more}; nothing was changed`,
    {
      hint:
        edits.length > 0
          ? "Choose with on_missing_target: as_append keeps the edit as a message of its own, with_target brings its target along, drop leaves the edit out; or pass force true."
          : "Name the belonging commits too, keep them in their order, or pass force true.",
      data: { warnings: warnings.slice(0, WARNINGS_TOLD_MAX), warning_count: warnings.length },
    },
  );
}

/** Hashes in sentences. */
export function short(hash: Hash): string {
  return hash.slice(0, 12);
}
