/** Tool generate: asks the LLM to go on from the compiled context, and commits its reply (spec 5.3, 8). */
import { generate } from "../../engine/conversation/generate.ts";
import { CONVERSATION_INPUT, CONVERSATION_OUTPUT, followed, presentReply } from "../conversation-result.ts";
import { camelKeys } from "../names.ts";
import { defineTool, type Tool } from "../tool.ts";

export const generateTool: Tool = defineTool({
  name: "generate",
  title: "Let the configured LLM go on",
  description: "Commit the configured LLM's answer to the context as it is.",
  effect: "write",
  isIdempotent: false,
  reachesOut: true,
  input: CONVERSATION_INPUT,
  output: CONVERSATION_OUTPUT,
  run: async (context, { stream, ...input }) =>
    presentReply(await generate(context.engine, { ...camelKeys(input), ...followed(context, stream) })),
});
