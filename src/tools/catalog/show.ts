/** Tool show: gives commits whole, or a long text piece by piece (spec 3.1, 8). */
import { z } from "zod";
import { fenced } from "../../engine/compile/formats/markdown-guard.ts";
import type { AnyContent } from "../../engine/content/content-types.ts";
import { isBuiltIn } from "../../engine/content/content-types.ts";
import { payloadText, plainText } from "../../engine/content/plain-text.ts";
import { boundary } from "../../engine/cut-text.ts";
import type { Engine } from "../../engine/engine.ts";
import { type ShownCommit, type ShowResult, show } from "../../engine/history/show.ts";
import type { Hash } from "../../storage/records.ts";
import { ENTRY_FIELDS, entryOf } from "../entries.ts";
import { snakeKeys } from "../names.ts";
import { refs, text } from "../params.ts";
import { answer, authorName, count, oneLine, plural, shortHashes, shortTime } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const annotation = z.strictObject({
  sequence: z.int(),
  commit: z.string(),
  priority: z.string().nullable(),
  retain: z.unknown(),
  labels: z.array(z.string()),
  reason: z.string().nullable(),
  author: ENTRY_FIELDS.author ?? z.unknown(),
  created_at: z.string(),
  branch: z.string(),
});

export const showTool: Tool = defineTool({
  name: "show",
  title: "Show commits",
  description: "Show commits in full. A stub's range a..b brings back what a budget left out.",
  effect: "read",
  isIdempotent: true,
  input: {
    refs: refs.describe("Or one a..b"),
    offset: z.int().min(0).optional().describe("Characters; of a range, commits"),
    limit: z.int().min(1).optional(),
    branch: text,
  },
  output: {
    commits: z.array(
      z.strictObject({
        ...ENTRY_FIELDS,
        content: z.unknown(),
        part: z.strictObject({ text: z.string(), offset: z.int(), total_chars: z.int() }).nullable(),
        content_hash: z.string().nullable(),
        metadata: z.unknown(),
        generation_config: z.unknown(),
        annotations: z.array(annotation),
        edits: z.array(z.strictObject(ENTRY_FIELDS)),
        covered_by: z.string().nullable(),
        made_by: z.strictObject({ id: z.string(), type: z.string() }).nullable(),
        ledger_id: z.string().nullable(),
      }),
    ),
    total: z.int(),
    next_offset: z.int().nullable(),
  },
  run: async ({ engine }, input) => {
    const result = await show(engine, input);
    return { structured: structured(result), text: await described(engine, result) };
  },
});

function structured(result: ShowResult): Record<string, unknown> {
  const commits = result.commits.map((commit) => ({
    ...entryOf(commit),
    content: commit.content,
    part: commit.part === null ? null : snakeKeys(commit.part),
    content_hash: commit.contentHash,
    metadata: commit.metadata,
    generation_config: commit.generationConfig,
    annotations: commit.annotations.map(snakeKeys),
    edits: commit.edits.map(entryOf),
    covered_by: commit.coveredBy,
    made_by: commit.madeBy,
    ledger_id: commit.ledgerId,
  }));
  return { commits, total: result.total, next_offset: result.nextOffset };
}

async function described(engine: Engine, result: ShowResult): Promise<string> {
  const named = result.commits.flatMap((commit) => [
    commit.hash,
    commit.editTarget,
    commit.coveredBy,
    ...commit.edits.map((edit) => edit.hash),
    ...(commit.operation === "merge" ? commit.parents : []),
    ...sourcesOf(commit).slice(0, SOURCES_TOLD),
  ]);
  const short = await shortHashes(engine, named);
  const blocks = result.commits.map((commit) => block(commit, short));
  return answer(blocks, nextStep(result));
}

/** A heading of facts, then the text in a fence that no stored text can end. */
function block(commit: ShownCommit, short: (hash: ShownCommit["hash"]) => string): string {
  const {
    hash,
    createdAt,
    role,
    contentType,
    operation,
    tokens,
    author,
    priority,
    labels,
    message,
    edits,
    part,
  } = commit;
  const facts = [
    `${short(hash)} ${contentType ?? operation} ${role ?? "-"}, ${plural(tokens, "token")}, ${shortTime(createdAt)}, by ${authorName(author)}`,
    `message: ${oneLine(message, MESSAGE_CHARS)}`,
    priority === "normal" ? "" : `priority: ${priority}`,
    labels.length === 0 ? "" : `labels: ${labels.join(", ")}`,
    ...linksOf(commit, short),
    edits.length === 0
      ? ""
      : `edited by: ${edits.map((edit) => short(edit.hash)).join(", ")} (compile shows the last)`,
    part === null
      ? ""
      : `characters ${count(part.offset)} to ${count(part.offset + part.text.length)} of ${count(part.totalChars)}`,
  ];
  const whole = part?.text ?? (commit.content === null ? "" : shownText(commit.content));
  const text = whole.slice(0, boundary(whole, Math.min(whole.length, TEXT_CHARS_MAX)));
  const cut =
    text.length === whole.length
      ? ""
      : `… cut after ${count(text.length)} of ${count(whole.length)} characters; show ${short(hash)} with offset ${(part?.offset ?? 0) + text.length} and limit ${TEXT_CHARS_MAX} goes on. The structured result has all of it.`;
  const body = contentType === null ? "" : fenced(text, "");
  return [...facts, body, cut].filter((line) => line !== "").join("\n");
}

/** The other commits that it is about: joined, edited, ended, summarised, or standing in its place. */
function linksOf(commit: ShownCommit, short: (hash: ShownCommit["hash"]) => string): readonly string[] {
  const { operation, parents, editTarget, coveredBy } = commit;
  const sources = sourcesOf(commit);
  const told = sources.slice(0, SOURCES_TOLD).map(short).join(", ");
  const conflicts = operation === "merge" ? conflictKinds(commit) : [];
  return [
    operation === "merge" ? `joins: ${parents.map(short).join(", ")}` : "",
    conflicts.length === 0 ? "" : `recorded conflicts: ${conflicts.length} (${conflicts.join(", ")})`,
    editTarget === null ? "" : `${operation === "reveal" ? "ends" : "edit of"}: ${short(editTarget)}`,
    sources.length === 0
      ? ""
      : `stands for ${plural(sources.length, "commit")}: ${told}${sources.length > SOURCES_TOLD ? ", …" : ""}`,
    coveredBy === null ? "" : `covered by summary: ${short(coveredBy)}`,
  ];
}

/** Of the commits behind a summary. */
const SOURCES_TOLD = 10;

/** A part of a long text comes without its content, and so without its sources. */
function sourcesOf({ content }: ShownCommit): readonly Hash[] {
  if (content === null || !isBuiltIn(content) || content.content_type !== "summary") return [];
  return content.sources as readonly Hash[]; // The schema of the content type says so.
}

const recorded = z.looseObject({ conflicts: z.array(z.looseObject({ kind: z.string() })) });

function conflictKinds({ metadata }: ShownCommit): readonly string[] {
  const parsed = recorded.safeParse(metadata);
  return parsed.success ? parsed.data.conflicts.map(({ kind }) => kind) : [];
}

const MESSAGE_CHARS = 200;
/** Of one commit's text in the answer to a model; more would push everything else out of its sight. */
const TEXT_CHARS_MAX = 100_000;

function shownText(content: AnyContent): string {
  if (isBuiltIn(content) && content.content_type === "tool_io")
    return `${content.tool_name} (${content.direction}): ${payloadText(content)}`;
  return plainText(content);
}

const SHORT_CHARS = 12;

function nextStep({ nextOffset, commits }: ShowResult): string {
  if (nextOffset !== null) return `show the same with offset ${nextOffset} for the rest.`;
  const [first] = commits;
  if (first !== undefined && commits.every(({ contentType }) => contentType === null))
    return `log with ref ${first.hash.slice(0, SHORT_CHARS)} and first_parent false lists what is behind it.`;
  return commits.some((commit) => commit.edits.length > 0)
    ? "show an edit to see what compile uses."
    : "commit with edit_target corrects it; annotate pins or skips it.";
}
