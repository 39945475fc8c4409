/** The commits that resolutions are made of, and the marked ones that stand for what is still open (spec 3.3). */
import type { ContentRecord, Hash, JsonObject } from "../../storage/records.ts";
import { type ParsedContent, parseContent, storedContent, storedText } from "../content/parse-content.ts";
import { cutText } from "../cut-text.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { type RecordedConflict, type Side, shortTarget } from "../history/open-conflicts.ts";
import { type ContentItem, PLAIN_ITEM } from "../history/plan-commit.ts";
import { markContents, type NamedContent } from "./join-contents.ts";
import { contentOf, type Material } from "./material.ts";

/** What all resolutions of one merge share. */
export interface ResolveContext {
  readonly engine: Engine;
  readonly material: Material;
  /** How the sides are called: branch or ref. */
  readonly names: Readonly<Record<Side, string>>;
  /** True when conflicts of an earlier merge are resolved: their marked edits stand now. */
  readonly isLater: boolean;
  /** False: the summary was ended before, so its originals show. */
  readonly isInEffect: (summary: Hash) => boolean;
}

export interface EditInput {
  readonly target: Hash;
  readonly conflict: RecordedConflict;
  readonly content: ParsedContent;
  /** How it was resolved, in a word. */
  readonly by: string;
  /** The commit whose generation config and labels it keeps. */
  readonly like?: Hash | undefined;
  readonly generationConfig?: JsonObject | undefined;
}

/** The edit that shows how a conflict was resolved. */
export function resolvingEdit({ material }: ResolveContext, input: EditInput): ContentItem {
  const { target, conflict, content, by, like, generationConfig } = input;
  const model = like === undefined ? undefined : material.commits.get(like);
  const isEdit = model?.operation === "edit";
  return {
    ...PLAIN_ITEM,
    content,
    operation: "edit",
    editTarget: target,
    message: `Resolve ${conflict.kind} of ${shortTarget(conflict.target)}: ${by}`,
    metadata: { resolves: conflict.kind, by },
    generationConfig: generationConfig ?? (isEdit ? model.generationConfig : null),
    labels: isEdit ? model.labels : [],
    ...(GIVEN.has(by) ? {} : { origin: "derived" as const }),
  };
}

/** Words for resolutions that somebody has written. */
const GIVEN: ReadonlySet<string> = new Set(["content", "llm"]);

/** The edit that shows conflicts of one commit as open, until another edit takes its place. */
export function markingEdit(
  target: Hash,
  conflicts: readonly RecordedConflict[],
  content: ParsedContent,
): ContentItem {
  const [first] = conflicts;
  const kind = first?.kind ?? "both_edit";
  return {
    ...PLAIN_ITEM,
    content,
    operation: "edit",
    editTarget: target,
    message: `Conflict ${kind} of ${shortTarget(first?.target ?? target)}`,
    metadata: { conflict: kind, targets: conflicts.map((conflict) => conflict.target) },
    origin: "derived",
  };
}

/** A stored content as it is. */
export function keptContent({ material }: ResolveContext, hash: Hash | null): ParsedContent {
  return storedContent(contentOf(material, hash));
}

/** @throws TractError `content-too-large`. */
export function madeContent({ engine }: ResolveContext, content: JsonObject): ParsedContent {
  const { contentTypes, limits } = engine;
  return parseContent(content, { types: contentTypes, limits, path: "merge", internal: true });
}

/** Both contents, marked. */
export function markedContent(
  context: ResolveContext,
  ours: NamedContent,
  theirs: NamedContent,
): ParsedContent {
  const cutTo = (side: NamedContent, cut: Cut): NamedContent =>
    cut === WHOLE ? side : { ...side, text: cut(storedText(side.record)) };
  return fitted((cut) => madeContent(context, markContents(cutTo(ours, cut), cutTo(theirs, cut))));
}

type Cut = (text: string) => string;
const WHOLE: Cut = (text) => text;
const LONG_TEXT_CHARS = 10_000;

/** A record is never refused: texts that are too long together are cut; they stand whole in their own commits. */
export function fitted(make: (cut: Cut) => ParsedContent): ParsedContent {
  try {
    return make(WHOLE);
  } catch (error) {
    if (!(error instanceof TractError) || error.code !== "content-too-large") throw error;
    return make((text) => cutText(text, LONG_TEXT_CHARS, "… (show has the rest)"));
  }
}

/** `ours (main)` */
export function labelOf({ names }: ResolveContext, side: Side): string {
  return `${side} (${names[side]})`;
}

export function named(context: ResolveContext, side: Side, record: ContentRecord, note = ""): NamedContent {
  return { record, label: `${labelOf(context, side)}${note}` };
}
