/** Resolves conflicts between a summary and an edit of what it stands for (spec 3.3; table in docs/decisions/0008). Pure but for parsing. */
import type { Hash } from "../../storage/records.ts";
import type { SummaryContent } from "../content/content-types.ts";
import { readContent, storedText } from "../content/parse-content.ts";
import { revealItem } from "../history/internal-items.ts";
import { markedCommit, type RecordedConflict, type Side } from "../history/open-conflicts.ts";
import type { CommitItem } from "../history/plan-commit.ts";
import { invariant } from "../invariant.ts";
import { commitTarget, type Decided, type Decision } from "./decisions.ts";
import { headedText, joinContents, markedText } from "./join-contents.ts";
import { contentOf, pickedSide } from "./material.ts";
import {
  fitted,
  keptContent,
  labelOf,
  madeContent,
  markedContent,
  markingEdit,
  named,
  type ResolveContext,
  resolvingEdit,
} from "./resolution-items.ts";

/** A summary either shows or its originals do, so what stands under one summary is resolved together. */
export function resolveCompressed(
  context: ResolveContext,
  decided: readonly Decided[],
): { readonly items: readonly CommitItem[] } {
  const groups = new Map<Hash, Decided[]>();
  for (const one of decided) {
    const summary = markedCommit(one.conflict);
    invariant(summary !== null, "what was compressed has a summary");
    groups.set(summary, [...(groups.get(summary) ?? []), one]);
  }
  const isRevealed = new Set<Hash>();
  const items = [...groups].flatMap(([summary, group]): readonly CommitItem[] => {
    const revealing = group.filter((one) => reveals(context, one));
    if (revealing.length === 0 && context.isInEffect(summary)) return editOfSummary(context, summary, group);
    const ended = revealing.flatMap(({ conflict }) => sides(conflict).compressed.commits);
    const isSummary = (hash: Hash): boolean => context.material.commits.get(hash)?.operation !== "edit";
    const fresh = [...new Set(ended)].filter(
      (hash) => isSummary(hash) && context.isInEffect(hash) && !isRevealed.has(hash),
    );
    for (const hash of fresh) isRevealed.add(hash);
    return [...fresh.map(revealItem), ...group.flatMap((one) => editOfOriginal(context, one))];
  });
  return { items };
}

function sides(conflict: RecordedConflict): {
  readonly compressor: Side;
  readonly editor: Side;
  readonly compressed: RecordedConflict[Side];
  readonly edited: RecordedConflict[Side];
} {
  const compressor = conflict.compressedBy ?? "ours";
  const editor = compressor === "ours" ? "theirs" : "ours";
  return { compressor, editor, compressed: conflict[compressor], edited: conflict[editor] };
}

/** True when the originals must show for what was decided. What restore hides behind has no text that could show anything else. */
function reveals(context: ResolveContext, { conflict, decision }: Decided): boolean {
  const { compressor, editor, compressed } = sides(conflict);
  if (decision.kind === "content") return true;
  if (decision.kind === "pick" && (decision.pick === "base" || decision.pick === editor)) return true;
  if (decision.kind === "pick" && decision.pick === compressor) return false;
  return storedText(contentOf(context.material, compressed.hash)) === "";
}

/** The summary stays: with the edited texts below its own, or marked against them. */
function editOfSummary(
  context: ResolveContext,
  summary: Hash,
  group: readonly Decided[],
): readonly CommitItem[] {
  const [first] = group;
  invariant(first, "a group has a conflict");
  const { compressor, compressed } = sides(first.conflict);
  const textsOf = (wanted: (decision: Decision) => boolean) =>
    group
      .filter(({ decision }) => wanted(decision))
      .map(({ conflict }) => {
        const { editor, edited } = sides(conflict);
        const label = `${labelOf(context, editor)}: ${conflict.target.slice(0, 12)}`;
        return { conflict, label, text: storedText(contentOf(context.material, edited.hash)) };
      });
  const added = textsOf((decision) => decision.kind === "pick" && decision.pick === "both");
  const open = textsOf((decision) => decision.kind === "record");
  const picked = pickedSide(context.material, compressed);
  if (added.length + open.length === 0 && !context.isLater && picked === compressed) return [];
  const { hash } = open.length > 0 ? compressed : picked;
  const own = readContent(contentOf(context.material, hash)) as SummaryContent; // A summary is edited by text alone.
  const whole = [own.text, ...(added.length === 0 ? [] : [headedText(added)])].join("\n\n");
  if (open.length > 0) {
    const edited = open.length === 1 ? (open[0]?.text ?? "") : headedText(open);
    const [our, their] = compressor === "ours" ? [whole, edited] : [edited, whole];
    const content = fitted((cut) =>
      madeContent(context, {
        ...own,
        text: markedText(
          { label: labelOf(context, "ours"), text: cut(our) },
          { label: labelOf(context, "theirs"), text: cut(their) },
        ),
      }),
    );
    const conflicts = open.map(({ conflict }) => conflict);
    return [markingEdit(summary, conflicts, content)];
  }
  const content = madeContent(context, { ...own, text: whole });
  const by = added.length > 0 ? "both" : compressor;
  return [resolvingEdit(context, { target: summary, conflict: first.conflict, content, by })];
}

/** The originals show again, so each target says what was decided of it. */
function editOfOriginal(context: ResolveContext, { conflict, decision }: Decided): readonly CommitItem[] {
  const target = commitTarget(conflict);
  const { compressor, editor, edited } = sides(conflict);
  const texts = {
    [compressor]: named(context, compressor, contentOf(context.material, conflict.coveredHash)),
    [editor]: named(context, editor, contentOf(context.material, edited.hash)),
  };
  const { ours, theirs } = texts;
  invariant(ours !== undefined && theirs !== undefined, "a conflict has two sides");
  if (decision.kind === "record")
    return [markingEdit(target, [conflict], markedContent(context, ours, theirs))];
  if (decision.kind === "content")
    return [resolvingEdit(context, { target, conflict, content: decision.content, by: "content" })];
  if (decision.kind !== "pick") return [];
  const by = decision.pick;
  if (by === "both") {
    const joined = joinContents(ours, theirs);
    const content = joined === null ? keptContent(context, edited.hash) : madeContent(context, joined);
    return [resolvingEdit(context, { target, conflict, content, by })];
  }
  if (by === editor) {
    const content = keptContent(context, edited.hash);
    return [resolvingEdit(context, { target, conflict, content, by, like: edited.commits.at(-1) })];
  }
  const content = keptContent(context, by === "base" ? conflict.base.hash : conflict.coveredHash);
  return [resolvingEdit(context, { target, conflict, content, by })];
}
