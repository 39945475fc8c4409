/** The state that annotations give a commit: how a change and an undo lead from one state to the next. Pure. */
import type { AnnotationRecord, CommitRecord, JsonObject, Priority } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";

/** What one annotation row says; the newest row of a commit counts alone. */
export type AnnotationState = Pick<AnnotationRecord, "priority" | "retain" | "labels">;

/** Of a commit without a row; a row of this state means the same. */
export const NO_ANNOTATION: AnnotationState = { priority: null, retain: null, labels: [] };

/** What a caller wants to be different; undefined: as it is. */
export interface AnnotationChange {
  readonly priority: Priority | null | undefined;
  readonly retain: JsonObject | null | undefined;
  readonly addLabels: readonly string[];
  readonly removeLabels: readonly string[];
}

/** The state after a change. What has no effect leaves it as it is: a label of commit time again, the default priority stated. */
export function annotatedState(
  state: AnnotationState,
  commit: Pick<CommitRecord, "labels" | "priority" | "editTarget">,
  change: AnnotationChange,
): AnnotationState {
  const added = change.addLabels.filter((label) => !commit.labels.includes(label));
  const labels = [...new Set([...state.labels, ...added])].filter(
    (label) => !change.removeLabels.includes(label),
  );
  // Of an edit the default is what its target has, now or later: stating it is a change.
  const isDefault =
    commit.editTarget === null && state.priority === null && change.priority === commit.priority;
  return {
    priority: change.priority === undefined || isDefault ? state.priority : change.priority,
    retain: change.retain === undefined ? state.retain : change.retain,
    labels,
  };
}

/** `current` without what led from `before` to `made`; what was changed since then by others stays. */
export function revertedState(
  before: AnnotationState,
  made: AnnotationState,
  current: AnnotationState,
): AnnotationState {
  if (sameState(made, current)) return before;
  const added = made.labels.filter((label) => !before.labels.includes(label));
  const removed = before.labels.filter((label) => !made.labels.includes(label));
  const kept = current.labels.filter((label) => !added.includes(label));
  return {
    priority: before.priority === made.priority ? current.priority : before.priority,
    retain: sameRetain(before.retain, made.retain) ? current.retain : before.retain,
    labels: [...new Set([...kept, ...removed])],
  };
}

export function sameState(a: AnnotationState, b: AnnotationState): boolean {
  return (
    a.priority === b.priority &&
    sameRetain(a.retain, b.retain) &&
    a.labels.length === b.labels.length &&
    a.labels.every((label, i) => label === b.labels[i])
  );
}

function sameRetain(a: JsonObject | null, b: JsonObject | null): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}
