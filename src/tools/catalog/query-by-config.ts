/** Tool query_by_config: finds commits by how they were generated (spec 4.5, 8). */
import { z } from "zod";
import {
  type GeneratedEntry,
  type GeneratedPage,
  queryByConfig,
} from "../../engine/history/query-by-config.ts";
import { ENTRY_FIELDS, entryCells, entryOf } from "../entries.ts";
import { camelKeys } from "../names.ts";
import { flag, jsonObject, nextCursor, oneOf, oneOrMore, pageLimit, text } from "../params.ts";
import { answer, columns, count, oneLine, shortHashes } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const conditions = z
  .array(z.strictObject({ field: z.string(), op: z.string(), value: z.unknown().optional() }))
  .meta({ listed: { type: "array", items: { type: "object" } } })
  .optional()
  .describe("{field, op, value}; op: = != > < >= <= in not_in between exists");

export const queryByConfigTool: Tool = defineTool({
  name: "query_by_config",
  title: "Find commits by generation config",
  description: "Find commits by generation_config, such as temperature or extra.key.",
  effect: "read",
  isIdempotent: true,
  input: {
    conditions,
    config: jsonObject,
    ref: text,
    branch: text,
    first_parent: flag,
    operation: oneOf(["append", "edit"]),
    content_type: oneOrMore,
    role: oneOf(["system", "user", "assistant", "tool"]),
    author: oneOf(["user", "agent", "tool", "policy", "import"]),
    since: text,
    until: text,
    limit: pageLimit(20),
    cursor: text,
  },
  hiddenInSelf: [
    "config",
    "ref",
    "first_parent",
    "operation",
    "content_type",
    "role",
    "author",
    "since",
    "until",
    "limit",
  ],
  output: {
    entries: z.array(
      z.strictObject({
        ...ENTRY_FIELDS,
        generation_config: z.unknown(),
        usage: z.strictObject({ prompt_tokens: z.int(), completion_tokens: z.int() }).nullable(),
        ledger_id: z.string().nullable(),
      }),
    ),
    next_cursor: nextCursor,
  },
  run: async ({ engine }, input) => {
    const page = await queryByConfig(engine, camelKeys(input));
    const short = await shortHashes(
      engine,
      page.entries.flatMap((entry) => [entry.hash, entry.editTarget]),
    );
    return {
      structured: { entries: page.entries.map(structuredOf), next_cursor: page.nextCursor },
      text: answer(
        [
          columns(
            page.entries.map((entry) => [...entryCells(entry, short, { branch: true }), configCell(entry)]),
          ),
        ],
        nextStep(page),
      ),
    };
  },
});

function structuredOf(entry: GeneratedEntry): Record<string, unknown> {
  const { usage } = entry;
  return {
    ...entryOf(entry),
    generation_config: entry.generationConfig,
    usage:
      usage === null
        ? null
        : { prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens },
    ledger_id: entry.ledgerId,
  };
}

const CONFIG_CHARS = 120;

function configCell({ generationConfig, usage }: GeneratedEntry): string {
  const used =
    usage === null ? "" : ` (used ${count(usage.promptTokens)} + ${count(usage.completionTokens)} tokens)`;
  return `${oneLine(JSON.stringify(generationConfig), CONFIG_CHARS)}${used}`;
}

function nextStep({ entries, nextCursor: cursor }: GeneratedPage): string {
  if (cursor !== null) return `query_by_config with cursor ${cursor} for older commits.`;
  return entries.length === 0
    ? "query_by_config with fewer conditions; nothing was generated so."
    : "show with a hash gives the content.";
}
