/** Resolves conflicts about priorities: skip against edit, skip against pin (spec 3.3; table in docs/decisions/0008). Pure. */
import type { Hash, Priority } from "../../storage/records.ts";
import { type AnnotationState, NO_ANNOTATION } from "../history/annotation-state.ts";
import type { RecordedConflict, Side } from "../history/open-conflicts.ts";
import type { CommitItem } from "../history/plan-commit.ts";
import { commitTarget, type Decided, type Decision } from "./decisions.ts";
import { contentOf } from "./material.ts";
import {
  keptContent,
  markedContent,
  markingEdit,
  named,
  type ResolveContext,
  resolvingEdit,
} from "./resolution-items.ts";

/** An annotation to be written. */
export interface JudgedState {
  readonly commit: Hash;
  readonly state: AnnotationState;
  readonly kind: RecordedConflict["kind"];
}

/** @param textTargets commits whose text is resolved besides: no other edit may come after that. */
export function resolveJudgements(
  context: ResolveContext,
  decided: readonly Decided[],
  textTargets: ReadonlySet<string>,
): { readonly items: readonly CommitItem[]; readonly states: readonly JudgedState[] } {
  return {
    items: decided.flatMap((one) =>
      textTargets.has(one.conflict.target) ? [] : (editFor(context, one) ?? []),
    ),
    states: decided.flatMap((one) => statesFor(context, one)),
  };
}

/** The priority that the target has from now on. */
function priorityFor({ kind, base, ours, theirs }: RecordedConflict, decision: Decision): Priority | null {
  const before = base.priority === "skip" ? null : base.priority;
  const shown = kind === "priority" ? "pinned" : before;
  // Of what is pinned on one side the mark shows even where it was summarised.
  if (decision.kind !== "pick" || decision.pick === "both") return shown;
  if (decision.pick === "base") return base.priority;
  const side = decision.pick === "ours" ? ours : theirs;
  return side.priority === "skip" ? "skip" : shown;
}

/** An edit annotated itself does not follow its target, so it is put back to doing so. */
function statesFor({ material }: ResolveContext, { conflict, decision }: Decided): readonly JudgedState[] {
  const target = commitTarget(conflict);
  const wanted = priorityFor(conflict, decision);
  const edits = [conflict.base, conflict.ours, conflict.theirs].flatMap((side) => side.commits.at(-1) ?? []);
  const changes = new Map<Hash, Priority | null>(edits.map((edit) => [edit, null]));
  changes.set(target, wanted);
  return [...changes].flatMap(([commit, priority]) => {
    const state = material.states.get(commit) ?? NO_ANNOTATION;
    if (state.priority === priority) return [];
    const { retain, labels } = state;
    return [{ commit, state: { priority, retain, labels }, kind: conflict.kind }];
  });
}

/** null when what shows already is right. */
function editFor(context: ResolveContext, { conflict, decision }: Decided): CommitItem | null {
  const { base, ours, theirs } = conflict;
  const target = commitTarget(conflict);
  const shown = theirs.hash === base.hash ? ours : theirs;
  if (decision.kind === "record") {
    const record = (side: Side, hash: Hash | null) =>
      named(context, side, contentOf(context.material, hash), `: ${conflict[side].priority ?? "edited"}`);
    return markingEdit(
      target,
      [conflict],
      markedContent(context, record("ours", ours.hash), record("theirs", theirs.hash)),
    );
  }
  if (decision.kind === "content")
    return resolvingEdit(context, { target, conflict, content: decision.content, by: "content" });
  if (decision.kind !== "pick") return null;
  const by = decision.pick;
  const side = by === "base" ? base : shown;
  // Of a fresh merge the right text shows by itself, unless the edit is to go.
  if (!context.isLater && (by !== "base" || base.hash === shown.hash)) return null;
  const content = keptContent(context, side.hash);
  return resolvingEdit(context, { target, conflict, content, by, like: side.commits.at(-1) });
}
