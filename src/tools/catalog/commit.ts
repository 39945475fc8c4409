/** Tool commit: stores contents on a branch, one or a batch (spec 1.4, 1.5, 8). */
import { z } from "zod";
import { isJsonObject } from "../../engine/content/json-rules.ts";
import { type CommitResult, commit } from "../../engine/history/commit.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { dialogueRole, jsonObject, priority, stringList, text, WRITE_FIELDS } from "../params.ts";
import { wrongArgument, wrongContent } from "../parse-arguments.ts";
import { answer, count, oneLine, plural } from "../render.ts";
import { defineTool, type Tool, type ToolResult } from "../tool.ts";

const content = z
  .custom<unknown>((value) => typeof value === "string" || isJsonObject(value), {
    error: "expected a text, or a content object",
  })
  .meta({ listed: { anyOf: [{ type: "string" }, { type: "object" }] } });

const ITEM = {
  role: dialogueRole,
  content_type: text,
  name: text,
  message: text,
  // Listed without its two words: the instructions have them, and an edit_target alone makes an edit.
  operation: z
    .enum(["append", "edit"])
    .optional()
    .meta({ listed: { type: "string" } }),
  edit_target: text,
  labels: stringList,
  metadata: jsonObject,
  generation_config: jsonObject,
  priority,
};
const items = z
  .array(z.strictObject({ content, ...ITEM }))
  .meta({ listed: { type: "array", items: { type: "object" } } })
  .optional()
  .describe("Batch");

export const commitTool: Tool = defineTool({
  name: "commit",
  title: "Commit to the context",
  description:
    "Store what must survive: text, or an object by content_type: instruction{text} tool_io{tool_name,direction,payload,call_id} artifact{artifact_type,content,path} session{session_type,summary} config{settings}.",
  effect: "write",
  isIdempotent: false,
  input: {
    content: content.optional(),
    ...ITEM,
    items,
    expected_head: text,
    idempotency_key: text,
    branch: text,
  },
  contentArguments: ["content"],
  hiddenInSelf: ["name", "metadata", "generation_config", "expected_head"],
  output: {
    commits: z.array(
      z.strictObject({ hash: z.string(), message: z.string(), content_type: z.string(), tokens: z.int() }),
    ),
    context_tokens: z.int().nullable(),
    budget: z.strictObject({ max_tokens: z.int(), used: z.int(), action: z.string() }).optional(),
    ...WRITE_FIELDS,
  },
  run: async ({ engine }, { items: several, branch, expected_head, idempotency_key, ...one }) => {
    const isOne = Object.values(one).some((value) => value !== undefined);
    if (several !== undefined && isOne)
      throw wrongArgument("items", "expected alone; what is common goes into each item");
    if (several === undefined && one.content === undefined)
      throw wrongContent("content", "expected a text, or a content object, got nothing");
    if (expected_head !== undefined && WHEREVER_HEAD_IS.test(expected_head))
      throw wrongArgument("expected_head", "expected a hash, or a ref other than HEAD, which guards nothing");
    const result = await commit(engine, {
      items: (several ?? [one]).map((item) => ({ ...camelKeys(item), content: item.content })),
      branch,
      expectedHead: expected_head,
      idempotencyKey: idempotency_key,
      contextTokens: true,
    });
    return present(result);
  },
});

/** Spellings of HEAD itself: what the branch is compared with would be the branch. */
const WHEREVER_HEAD_IS = /^(?:(?:HEAD|@)(?:~0+)?|~0+)$/;

/** Written out by hand and without reading the store again: this is the answer that is given most often. */
function present(result: CommitResult): ToolResult {
  const { commits, contextTokens, budget, branch, warnings } = result;
  const lines = commits.slice(0, COMMITS_SHOWN).map(shownLine);
  const more = commits.length > lines.length ? `… and ${count(commits.length - lines.length)} more` : null;
  const limit = budget === null ? "" : ` of a budget of ${count(budget.maxTokens)}`;
  // The first result of a repeated key knows nothing of the context of now; a warning tells so.
  const size =
    contextTokens === null ? null : `Context of ${branch}: ${count(contextTokens)} tokens${limit}.`;
  return {
    structured: {
      commits: commits.map(({ hash, message, contentType, tokens }) => ({
        hash,
        message,
        content_type: contentType,
        tokens,
      })),
      context_tokens: contextTokens,
      ...(budget === null ? {} : { budget: snakeKeys(budget) }),
      operation_id: result.operationId,
      branch,
      head: result.head,
      warnings,
    },
    text: answer([`Committed to ${branch}:`, ...lines, more, size], nextStep(result), warnings),
  };
}

const COMMITS_SHOWN = 20;
const MESSAGE_CHARS = 100;
/** As in stubs of compile: long enough to be unique without asking the store. */
const HASH_CHARS = 12;

function shownLine({ hash, message, tokens }: CommitResult["commits"][number]): string {
  return `${hash.slice(0, HASH_CHARS)} ${oneLine(message, MESSAGE_CHARS)} (${plural(tokens, "token")})`;
}

function nextStep({ budget }: CommitResult): string {
  const isTight = budget !== null && budget.used > budget.maxTokens;
  return isTight
    ? "compress makes room; annotate with priority skip takes out what is no longer needed."
    : "go on; undo takes this back.";
}
