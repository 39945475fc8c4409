/** Tool restore: puts an earlier state back by a new operation on top (spec 3.7, 8). */
import { z } from "zod";
import { RESTORABLE, restore } from "../../engine/rewrite/restore.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { text, WRITE_FIELDS } from "../params.ts";
import { answer, plural, shortHashes } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const restoreTool: Tool = defineTool({
  name: "restore",
  title: "Restore an earlier state",
  description: "Put an earlier state back on top; what came since is set aside, not lost.",
  effect: "write",
  isIdempotent: false,
  input: {
    ref: z.string().describe("Or @{n}"),
    only: z.enum(RESTORABLE).optional(),
    branch: text,
  },
  output: {
    restored: z.string(),
    commits: z.array(z.string()),
    set_aside: z.array(z.string()),
    annotated: z.array(z.string()),
    tokens_before: z.int(),
    tokens_after: z.int(),
    ...WRITE_FIELDS,
  },
  run: async ({ engine }, input) => {
    const result = await restore(engine, camelKeys(input));
    const short = await shortHashes(engine, [result.restored, result.head]);
    const done = [
      `set aside ${plural(result.setAside.length, "message")}`,
      `made ${plural(result.commits.length, "commit")}`,
      `put back ${plural(result.annotated.length, "annotation")}`,
    ];
    return {
      structured: snakeKeys(result),
      text: answer(
        [
          `Restored ${short(result.restored)} on ${result.branch}: ${done.join(", ")}.`,
          `${result.branch} is at ${short(result.head)}, ${result.tokensBefore} → ${result.tokensAfter} tokens.`,
        ],
        "undo takes it back.",
        result.warnings,
      ),
    };
  },
});
