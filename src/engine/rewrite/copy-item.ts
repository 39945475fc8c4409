/** Makes a stored commit into one to be made again: everything it says, in another place. Pure. */
import type { ContentRecord, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { type ParsedContent, parseContent, storedContent, storedText } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import type { AnnotationState } from "../history/annotation-state.ts";
import { summaryContentOf } from "../history/coverage.ts";
import { revealItem } from "../history/internal-items.ts";
import type { CommitItem, ContentItem } from "../history/plan-commit.ts";
import { invariant } from "../invariant.ts";

type Rules = Pick<Engine, "contentTypes" | "limits">;

export interface CopyOptions {
  readonly annotation: AnnotationState | null;
  /** Default: the message that it has. */
  readonly message?: string | null;
}

/** A commit without what it points to: an append, or an edit that becomes a message of its own. */
export function appendItem(rules: Rules, row: ChainCommit, options: CopyOptions): ContentItem {
  return { ...contentItem(row, options), operation: "append", content: spokenContent(rules, row) };
}

/** An edit of another target. */
export function editItem(row: ChainCommit, editTarget: Hash, options: CopyOptions): ContentItem {
  return { ...contentItem(row, options), operation: "edit", editTarget };
}

/** A summary of other sources. */
export function summaryCopy(
  rules: Rules,
  row: ChainCommit,
  sources: readonly Hash[],
  options: CopyOptions,
): ContentItem {
  const content = summaryContent(rules, row, sources);
  return { ...contentItem(row, options), operation: "summary", content };
}

/** An edit of a summary says of it what the summary says itself: what it stands for. */
export function summaryEdit(
  rules: Rules,
  row: ChainCommit,
  summary: { readonly editTarget: Hash; readonly sources: readonly Hash[] },
  options: CopyOptions,
): ContentItem {
  const content = summaryContent(rules, row, summary.sources);
  return { ...editItem(row, summary.editTarget, options), content };
}

function summaryContent(
  { contentTypes, limits }: Rules,
  row: ChainCommit,
  sources: readonly Hash[],
): ParsedContent {
  const stored = summaryContentOf(row);
  const isSame =
    stored.sources.length === sources.length && stored.sources.every((source, i) => source === sources[i]);
  if (isSame) return copiedContent(row);
  return parseContent(
    { ...stored, sources },
    { types: contentTypes, limits, path: "summary", internal: true },
  );
}

/** A reveal of another summary. */
export function revealCopy(row: ChainCommit, summary: Hash, options: CopyOptions): CommitItem {
  const { commit } = row;
  const own = revealItem(summary);
  // Its own message names the summary by its hash.
  const isOwnMessage = commit.editTarget !== null && commit.message === revealItem(commit.editTarget).message;
  return {
    ...own,
    ...aboutOf(row, options),
    message: options.message ?? (isOwnMessage ? own.message : commit.message),
  };
}

/** The content as anybody may commit it: the text of a summary is what a user says, never more (spec 9, 14). */
export function spokenContent({ contentTypes, limits }: Rules, row: ChainCommit): ParsedContent {
  if (row.commit.contentType !== "summary") return copiedContent(row);
  const text = storedText(recordOf(row));
  return parseContent(
    { content_type: "dialogue", role: "user", text },
    { types: contentTypes, limits, path: "summary" },
  );
}

function contentItem(row: ChainCommit, options: CopyOptions): ContentItem {
  return {
    ...aboutOf(row, options),
    content: copiedContent(row),
    operation: "append",
    editTarget: null,
    message: options.message ?? row.commit.message,
  };
}

function aboutOf(
  { commit }: ChainCommit,
  { annotation, message }: CopyOptions,
): Pick<ContentItem, "labels" | "metadata" | "generationConfig" | "author" | "annotation" | "origin"> {
  const { labels, metadata, generationConfig, author } = commit;
  const origin = message == null ? "copied" : "reworded";
  return { labels, metadata, generationConfig, author, annotation, origin };
}

function copiedContent(row: ChainCommit): ParsedContent {
  return storedContent(recordOf(row));
}

function recordOf({ commit, body, text }: ChainCommit): ContentRecord {
  const { contentHash, contentType, role, priority } = commit;
  invariant(contentHash !== null && contentType !== null && body !== null, "what is copied has a content");
  return { hash: contentHash, type: contentType, role, priority, body, text };
}
