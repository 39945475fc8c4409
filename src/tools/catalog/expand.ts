/** Tool expand: gives back the originals behind a summary or a receipt, for this once or for good (spec 3.5, 8). */
import { z } from "zod";
import { fenced } from "../../engine/compile/formats/markdown-guard.ts";
import { type Expanded, type ExpandedCommit, expand } from "../../engine/compress/expand.ts";
import type { Uncompressed } from "../../engine/compress/uncompress.ts";
import { isBuiltIn } from "../../engine/content/content-types.ts";
import { payloadText, plainText } from "../../engine/content/plain-text.ts";
import type { Engine } from "../../engine/engine.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { flag, MAYBE_WRITE_FIELDS, text, tokens } from "../params.ts";
import { answer, count, plural, shortHashes, shortTime } from "../render.ts";
import { defineTool, type Tool, type ToolResult } from "../tool.ts";

export const expandTool: Tool = defineTool({
  name: "expand",
  title: "Expand a summary",
  description:
    "Read the originals behind a summary or masked tool result, best for query first; restore puts them back in the context.",
  effect: "write",
  isIdempotent: true,
  input: {
    summary: z.string(),
    query: text,
    budget_tokens: tokens,
    restore: flag,
    branch: text,
  },
  output: {
    kind: z.string(),
    summary: z.string(),
    tract: z.string().optional(),
    commits: z
      .array(
        z.strictObject({
          hash: z.string(),
          shows: z.string(),
          role: z.string().nullable(),
          content_type: z.string(),
          message: z.string(),
          tokens: z.int(),
          created_at: z.string(),
          content: z.unknown(),
        }),
      )
      .optional(),
    tokens: z.int().optional(),
    budget_tokens: z.int().optional(),
    left_out: z.strictObject({ commits: z.int(), tokens: z.int(), hashes: z.array(z.string()) }).optional(),
    can_restore: z.boolean().optional(),
    restored: z.array(z.string()).optional(),
    restored_count: z.int().optional(),
    context_tokens_before: z.int().optional(),
    context_tokens: z.int().optional(),
    ...MAYBE_WRITE_FIELDS,
  },
  readsOnly: ({ restore }) => restore !== true,
  run: async ({ engine }, input) => {
    const result = await expand(engine, camelKeys(input));
    return result.kind === "expanded"
      ? await presentExpanded(engine, result, input.query !== undefined)
      : await presentRestored(engine, result);
  },
});

async function presentExpanded(engine: Engine, result: Expanded, isQuery: boolean): Promise<ToolResult> {
  const { commits, leftOut } = result;
  const short = await shortHashes(engine, [
    result.summary,
    ...commits.map(({ hash }) => hash),
    ...leftOut.hashes.slice(0, LEFT_TOLD),
  ]);
  const elsewhere = result.tract === engine.scope.tract ? "" : ` with tract ${JSON.stringify(result.tract)}`;
  const told = `${plural(commits.length, "original")} of ${short(result.summary)}, ${count(result.tokens)} of ${count(result.budgetTokens)} tokens:`;
  const left =
    leftOut.commits === 0
      ? null
      : `Left out: ${plural(leftOut.commits, "message")}, ${count(leftOut.tokens)} tokens: show ${leftOut.hashes.slice(0, LEFT_TOLD).map(short).join(" ")}${leftOut.commits > LEFT_TOLD ? " …" : ""}${elsewhere}`;
  const none = commits.length === 0 && isQuery ? "No original has a word of the query." : null;
  return {
    structured: snakeKeys(result),
    text: answer(
      [told, none, ...commits.map((commit) => block(commit, short)), left],
      `${leftOut.commits === 0 ? "go on" : "expand with another query or a larger budget_tokens gives others"}${result.canRestore ? "; expand with restore true shows all in the context again" : ""}.`,
    ),
  };
}

const LEFT_TOLD = 6;

function block(commit: ExpandedCommit, short: (hash: ExpandedCommit["hash"]) => string): string {
  const { hash, role, contentType, tokens: size, createdAt, content } = commit;
  const words =
    isBuiltIn(content) && content.content_type === "tool_io"
      ? `${content.tool_name} (${content.direction}): ${payloadText(content)}`
      : plainText(content);
  return `${short(hash)} ${contentType} ${role ?? "-"}, ${plural(size, "token")}, ${shortTime(createdAt)}\n${fenced(words, "")}`;
}

async function presentRestored(engine: Engine, result: Uncompressed): Promise<ToolResult> {
  const short = await shortHashes(engine, [result.summary, result.head]);
  return {
    structured: {
      ...snakeKeys({ ...result, restored: result.restored.slice(0, RESTORED_LISTED) }),
      restored_count: result.restored.length,
    },
    text: answer(
      [
        `${plural(result.restored.length, "message")} show again in place of ${short(result.summary)}.`,
        `Context of ${result.branch}: ${count(result.contextTokens)} tokens, before ${count(result.contextTokensBefore)}.`,
      ],
      "compile shows them; undo takes this back.",
      result.warnings,
    ),
  };
}

/** In the result; a summary may stand for thousands. */
const RESTORED_LISTED = 500;
