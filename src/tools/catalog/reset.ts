/** Tool reset: moves the current branch to another commit (spec 3.2, 8). */
import { z } from "zod";
import { type ResetResult, reset } from "../../engine/history/reset.ts";
import { snakeKeys } from "../names.ts";
import { text, WRITE_FIELDS } from "../params.ts";
import { answer, shortHashes } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const resetTool: Tool = defineTool({
  name: "reset",
  title: "Move the branch",
  description: "Move the branch to a commit. ORIG_HEAD keeps the old place.",
  effect: "write",
  isIdempotent: true,
  input: { ref: z.string(), branch: text },
  output: { ...WRITE_FIELDS, previous: z.string().nullable() },
  run: async ({ engine }, input) => {
    const result = await reset(engine, input);
    const short = await shortHashes(engine, [result.head, result.previous]);
    const what = result.branch ?? "HEAD";
    const where =
      result.operationId === null
        ? `${what} is at ${short(result.head)}.`
        : `${what} moved from ${short(result.previous)} to ${short(result.head)}.`;
    return { structured: snakeKeys(result), text: answer([where], nextStep(result), result.warnings) };
  },
});

function nextStep({ operationId, previous }: ResetResult): string {
  if (operationId === null) return "commit goes on from here.";
  return previous === null
    ? "commit goes on from here; undo takes this back."
    : "commit goes on from here; undo, or reset to ORIG_HEAD, takes this back.";
}
