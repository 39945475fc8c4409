/** What chat, generate and configure take in the library, and the option that leads to their LLM (spec 5.2, 5.3). */
import { z } from "zod";
import { callback, client, dictionary, signal, text, texts } from "./shape-words.ts";

export type ConversationShape = "generate" | "chat" | "configure";

/** What an LLM is asked with; `llmConfig` is checked where it is resolved. */
const asked = {
  model: text,
  temperature: z.number().optional(),
  maxTokens: z.int().optional(),
  llmConfig: dictionary.optional(),
};
const conversation = {
  ...asked,
  message: text,
  metadata: dictionary.optional(),
  promptsUsed: texts,
  branch: text,
  signal: signal.optional(),
  onDelta: callback.optional(),
  progress: callback.optional(),
};

export const CONVERSATION_SHAPES: Readonly<Record<ConversationShape, z.ZodType>> = {
  generate: z.strictObject(conversation),
  chat: z.strictObject({ ...conversation, name: text }),
  configure: z.strictObject({
    get: texts,
    set: dictionary.optional(),
    unset: texts,
    operation: text,
    branch: text,
  }),
};

/** What operations take besides whose strategy llm asks an LLM. */
export const INQUIRY_SHAPE: Readonly<Record<string, z.ZodType>> = {
  ...asked,
  signal: signal.optional(),
  progress: callback.optional(),
};

export const llmOption: z.ZodType = z.strictObject({
  apiKey: text,
  model: z.string().min(1).optional(),
  baseUrl: text,
  timeoutMs: z.int().min(1).optional(),
  client: client.optional(),
});
