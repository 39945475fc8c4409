/** Tool checkout: moves HEAD of the worktree (spec 3.2, 8). */
import { z } from "zod";
import { checkout } from "../../engine/history/checkout.ts";
import { snakeKeys } from "../names.ts";
import { WRITE_FIELDS } from "../params.ts";
import { answer, shortHashes } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const checkoutTool: Tool = defineTool({
  name: "checkout",
  title: "Move HEAD",
  description: "Move HEAD to a branch, or, to look (detached), to a tag or commit. - goes back.",
  effect: "write",
  isIdempotent: false,
  input: { ref: z.string() },
  output: { ...WRITE_FIELDS, detached: z.boolean() },
  run: async ({ engine }, input) => {
    const result = await checkout(engine, input);
    const short = await shortHashes(engine, [result.head]);
    const place = result.detached
      ? `HEAD is detached at ${short(result.head)}.`
      : `HEAD is on branch ${result.branch}, at ${short(result.head)}.`;
    const next = result.detached
      ? "branch with action create and switch true to commit from here; checkout - goes back."
      : "compile reads the context here.";
    return { structured: snakeKeys(result), text: answer([place], next, result.warnings) };
  },
});
