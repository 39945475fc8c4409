/** Tool send: leaves a message in another agent's inbox (spec 3.6, 8). */
import { z } from "zod";
import { send } from "../../engine/agents/send.ts";
import { isJsonObject } from "../../engine/content/json-rules.ts";
import { snakeKeys } from "../names.ts";
import { WRITE_FIELDS } from "../params.ts";
import { answer } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const content = z
  .custom<unknown>((value) => typeof value === "string" || isJsonObject(value), {
    error: "expected a text, or a content object",
  })
  .meta({ listed: { type: "string" } });

export const sendTool: Tool = defineTool({
  name: "send",
  title: "Send a message",
  description: "Commit a message to another agent's inbox; its status counts it as unread.",
  effect: "write",
  isIdempotent: false,
  input: { to: z.string().describe("Worktree, tract, or tract:worktree"), content },
  contentArguments: ["content"],
  output: {
    to: z.strictObject({ tract: z.string(), worktree: z.string() }),
    commit: z.string(),
    ...WRITE_FIELDS,
  },
  run: async ({ engine }, input) => {
    const result = await send(engine, input);
    const { tract, worktree } = result.to;
    return {
      structured: snakeKeys(result),
      text: answer(
        [`Sent to worktree ${worktree} of tract ${tract}, on its branch ${result.branch}.`],
        "status shows answers as unread.",
        result.warnings,
      ),
    };
  },
});
