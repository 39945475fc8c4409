/** Tool record_usage: keeps what an LLM's API reported for a head (spec 1.7, 8). */
import { z } from "zod";
import { recordUsage } from "../../engine/history/record-usage.ts";
import { snakeKeys } from "../names.ts";
import { text } from "../params.ts";
import { answer, count } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const tokens = z.int().min(0);
const usage = z
  .union([
    z.looseObject({ prompt_tokens: tokens, completion_tokens: tokens }),
    z.looseObject({ input_tokens: tokens, output_tokens: tokens }),
  ])
  .meta({ listed: { type: "object" } });

export const recordUsageTool: Tool = defineTool({
  name: "record_usage",
  title: "Record token usage",
  description: "Store the usage an LLM API reported for the reply at head.",
  effect: "write",
  isIdempotent: true,
  input: { usage, head: text, branch: text },
  output: { head: z.string(), token_count: z.int(), token_source: z.string() },
  run: async ({ engine }, input) => {
    const result = await recordUsage(engine, input);
    const { tokenCount, tokenSource } = result;
    return {
      structured: snakeKeys(result),
      text: answer(
        [`The context at this head has ${count(tokenCount)} tokens (${tokenSource}).`],
        "status shows the budget by it.",
      ),
    };
  },
});
