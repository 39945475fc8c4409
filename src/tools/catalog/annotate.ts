/** Tool annotate: judges commits after the fact: priority, labels, what a summary must keep (spec 1.6, 8). */
import { z } from "zod";
import { annotate } from "../../engine/history/annotate.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { priority, refs, stringList, text, WRITE_FIELDS } from "../params.ts";
import { answer, columns, count, shortHashes } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const retain = z
  .strictObject({ instructions: text, patterns: stringList, mode: z.enum(["substring", "regex"]).optional() })
  .meta({ listed: { type: "object" } })
  .optional()
  .describe("For summaries: {instructions, patterns, mode}");

/** In the text; the structure has all of them. */
const COMMITS_SHOWN = 20;

export const annotateTool: Tool = defineTool({
  name: "annotate",
  title: "Annotate commits",
  description:
    "Judge commits: pinned is always compiled, important kept longer, skip never compiled. Or label them.",
  effect: "write",
  isIdempotent: true,
  input: {
    refs,
    priority,
    retain,
    add_labels: stringList,
    remove_labels: stringList,
    reason: text,
    branch: text,
  },
  hiddenInSelf: ["retain"],
  output: {
    annotated: z.array(
      z.strictObject({
        hash: z.string(),
        priority: z.string(),
        labels: z.array(z.string()),
        retain: z.unknown(),
      }),
    ),
    context_tokens: z.int(),
    ...WRITE_FIELDS,
  },
  run: async ({ engine }, input) => {
    const result = await annotate(engine, camelKeys(input));
    const shown = result.annotated.slice(0, COMMITS_SHOWN);
    const more = result.annotated.length - shown.length;
    const short = await shortHashes(
      engine,
      shown.map(({ hash }) => hash),
    );
    const rows = shown.map((commit) => [
      short(commit.hash),
      commit.priority,
      commit.labels.map((label) => `#${label}`).join(" "),
    ]);
    return {
      structured: snakeKeys(result),
      text: answer(
        [
          "Annotated:",
          columns(rows),
          more > 0 ? `… and ${count(more)} more` : null,
          `Context now: ${count(result.contextTokens)} tokens.`,
        ],
        "compile shows the effect; undo takes it back.",
        result.warnings,
      ),
    };
  },
});
