/** Tool blame: says where a piece of compiled text comes from (spec 3.1, 8). */
import { z } from "zod";
import { type BlameResult, blame, type Origin } from "../../engine/compare/blame.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Hash } from "../../storage/records.ts";
import { ENTRY_FIELDS } from "../entries.ts";
import { snakeKeys } from "../names.ts";
import { text } from "../params.ts";
import { answer, authorName, oneLine, plural, shortHashes, shortTime } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const blameTool: Tool = defineTool({
  name: "blame",
  title: "Find the origin",
  description: "Tell which commits a piece of compiled text, or ref, comes from, and who made them.",
  effect: "read",
  isIdempotent: true,
  input: { text: text, ref: text, branch: text },
  output: {
    origins: z.array(
      z.strictObject({
        commit: z.string(),
        commit_operation: z.string(),
        edit_target: z.string().nullable(),
        content_type: z.string().nullable(),
        role: z.string().nullable(),
        message: z.string(),
        operation: z.strictObject({ id: z.string(), type: z.string() }).nullable(),
        author: ENTRY_FIELDS.author ?? z.unknown(),
        generation_config: z.unknown(),
        ledger_id: z.string().nullable(),
        branch: z.string(),
        created_at: z.string(),
        sources: z.array(z.string()),
        source_count: z.int(),
        shown: z.boolean(),
        message_index: z.int().nullable(),
        reason: z.string().nullable(),
        shown_instead: z.string().nullable(),
      }),
    ),
    total: z.int(),
    match: z.enum(["exact", "folded", "commit"]),
  },
  run: async ({ engine }, input) => {
    const result = await blame(engine, input);
    return { structured: snakeKeys(result), text: await described(engine, result) };
  },
});

async function described(engine: Engine, { origins, total, match }: BlameResult): Promise<string> {
  const named = origins.flatMap((origin) => [
    origin.commit,
    origin.editTarget,
    origin.shownInstead,
    ...origin.sources.slice(0, SOURCES_TOLD),
  ]);
  const short = await shortHashes(engine, named);
  const left = total - origins.length;
  return answer(
    [
      match === "folded" ? "Found with white space taken as equal." : null,
      ...origins.map((origin) => block(origin, short)),
      left > 0 ? `… ${plural(left, "older origin")} more; a longer piece of text finds fewer.` : null,
    ],
    "show with a commit gives it whole; query_ledger with its hash tells what else happened.",
  );
}

/** Of the commits behind a summary. */
const SOURCES_TOLD = 5;
const MESSAGE_CHARS = 100;

function block(origin: Origin, short: (hash: Hash | null) => string): string {
  const { commit, commitOperation, role, branch, author, createdAt, operation, ledgerId } = origin;
  const made = [
    operation === null ? null : `by operation ${operation.type} ${operation.id}`,
    ledgerId === null ? null : `ledger ${ledgerId}`,
  ].filter((part) => part !== null);
  return [
    `${short(commit)} ${commitOperation} ${role ?? "-"} on ${branch}, ${shortTime(createdAt)}, by ${authorName(author)}: ${oneLine(origin.message, MESSAGE_CHARS)}`,
    made.length === 0 ? "" : `  made ${made.join(", ")}`,
    origin.editTarget === null ? "" : `  target: ${short(origin.editTarget)}`,
    origin.generationConfig === null ? "" : `  generated with ${JSON.stringify(origin.generationConfig)}`,
    sourcesOf(origin, short),
    origin.shown ? "" : `  does not show: ${origin.reason}${instead(origin, short)}`,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function sourcesOf({ sources, sourceCount }: Origin, short: (hash: Hash | null) => string): string {
  if (sourceCount === 0) return "";
  const told = sources.slice(0, SOURCES_TOLD).map(short).join(", ");
  return `  stands for ${plural(sourceCount, "commit")}: ${told}${sourceCount > SOURCES_TOLD ? ", …" : ""}`;
}

function instead({ shownInstead }: Origin, short: (hash: Hash | null) => string): string {
  return shownInstead === null ? "" : ` (${short(shownInstead)})`;
}
