/** Tool chat: commits a user message and the LLM's reply to it (spec 5.3, 8). */
import { z } from "zod";
import { chat } from "../../engine/conversation/chat.ts";
import { CONVERSATION_INPUT, CONVERSATION_OUTPUT, followed, presentReply } from "../conversation-result.ts";
import { camelKeys } from "../names.ts";
import { text } from "../params.ts";
import { defineTool, type Tool } from "../tool.ts";

export const chatTool: Tool = defineTool({
  name: "chat",
  title: "Chat with the configured LLM",
  description: "Commit a user message and the configured LLM's reply. If the LLM fails, generate continues.",
  effect: "write",
  isIdempotent: false,
  reachesOut: true,
  input: { text: z.string(), name: text, ...CONVERSATION_INPUT },
  output: CONVERSATION_OUTPUT,
  run: async (context, { stream, ...input }) =>
    presentReply(await chat(context.engine, { ...camelKeys(input), ...followed(context, stream) })),
});
