/** What merging takes, tells, and is planned from (spec 3.3, 8). */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { WriteResult } from "../history/commit.ts";
import type { Site } from "../history/snapshot.ts";
import type { Inquiry, InquiryRequest } from "../llm/inquiry.ts";
import type { Pick, Resolution } from "./decisions.ts";
import type { SourceDeletion } from "./delete-source.ts";
import type { Conflict } from "./material.ts";

export type MergeStrategy = "report" | "ours" | "theirs" | "both" | "record" | "llm";

export interface MergeRequest extends InquiryRequest {
  /** Branch, tag or commit that is merged in. */
  readonly source: string;
  /** Branch that is merged into; default: the worktree's. No HEAD moves. */
  readonly into?: string | undefined;
  /** What becomes of conflicts that no resolution names. Default: report them and change nothing. llm: a configured LLM resolves them. */
  readonly strategy?: MergeStrategy | undefined;
  /** Of these conflicts, or of open ones that an earlier merge of this source recorded. */
  readonly resolutions?: readonly Resolution[] | undefined;
  /** Of the merge commit. Default: "Merge <source> into <branch>". */
  readonly message?: string | undefined;
  /** A merge commit also where moving the branch forward would do. */
  readonly noFf?: boolean | undefined;
  /** Deletes the source branch in the same operation; not when nothing was written. */
  readonly deleteSource?: boolean | undefined;
  /** Says all of it and writes nothing; asks no LLM. */
  readonly dryRun?: boolean | undefined;
}

export type MergeKind = "fast_forward" | "clean" | "resolved" | "conflicts" | "recorded" | "up_to_date";

export interface ResolutionEntry {
  readonly kind: Conflict["kind"];
  readonly target: string;
  /** `content`: as the caller gave it. `llm`: a text that the LLM wrote. `record`: left open, on record. */
  readonly by: Pick | "content" | "llm" | "record";
}

export interface MergeResult extends Omit<WriteResult, "operationId"> {
  /** null when nothing was written. */
  readonly operationId: string | null;
  readonly kind: MergeKind;
  readonly dryRun: boolean;
  /** Best common ancestor, the newest of several; null for histories without any. */
  readonly base: Hash | null;
  /** Of kind `conflicts`: those that are not resolved; of `up_to_date`: those that are still open. Else all that there were. */
  readonly conflicts: readonly Conflict[];
  /** How each conflict was resolved. */
  readonly resolutions: readonly ResolutionEntry[];
  readonly mergeCommit: Hash | null;
  /** The commits after the merge commit that show the resolutions. */
  readonly edits: readonly Hash[];
  /** Commits of the source that the branch did not have; the newest few of them. */
  readonly commitsBrought: { readonly count: number; readonly commits: readonly Hash[] };
  /** Compiled size of the branch. */
  readonly tokensBefore: number;
  readonly tokensAfter: number;
}

/** The two ends of a merge. */
export interface MergeEnds {
  /** The branch that is merged into. */
  readonly site: Site;
  readonly branch: string;
  /** Where the worktree's own HEAD is. */
  readonly home: Site;
  /** Tip of the source. */
  readonly theirs: CommitRecord;
  /** null when the source is no branch. */
  readonly sourceBranch: string | null;
  /** The source as messages call it. */
  readonly sourceName: string;
}

/** What every way to merge is planned from. */
export interface MergeParts {
  readonly request: MergeRequest;
  readonly ends: MergeEnds;
  readonly deletion: SourceDeletion;
  readonly inquiry: Inquiry;
}
