/** Which priority and labels are in force for a commit, from its content and annotations (spec 1.6). Pure. */
import type { AnnotationRecord, CommitRecord, Priority } from "../../storage/records.ts";

/** A commit's own priorities. */
export interface Judged {
  /** Default priority of its content. */
  readonly byDefault: Priority;
  /** Of its newest annotation; null when that states none, or there is none. */
  readonly annotated: Priority | null;
}

/** The priority in force. An edit has its target's, unless it is annotated itself; `target` is null for all but edits. */
export function effectivePriority(commit: Judged, target: Judged | null): Priority {
  return commit.annotated ?? target?.annotated ?? (target ?? commit).byDefault;
}

/** What `effectivePriority` needs of a commit and its newest annotation. */
export function judged(
  commit: Pick<CommitRecord, "priority">,
  annotation: Pick<AnnotationRecord, "priority"> | null | undefined,
): Judged {
  return { byDefault: commit.priority, annotated: annotation?.priority ?? null };
}

/** Labels given at commit time, then those given later. */
export function effectiveLabels(
  commit: Pick<CommitRecord, "labels">,
  annotation: Pick<AnnotationRecord, "labels"> | null | undefined,
): readonly string[] {
  return annotation == null || annotation.labels.length === 0
    ? commit.labels
    : [...new Set([...commit.labels, ...annotation.labels])];
}
