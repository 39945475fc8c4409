/** What chat and generate take and answer in common. */
import { z } from "zod";
import type { GenerateResult } from "../engine/conversation/commit-reply.ts";
import type { ConversationRequest } from "../engine/conversation/generate.ts";
import type { JsonObject } from "../storage/records.ts";
import { snakeKeys } from "./names.ts";
import { flag, jsonObject, LLM_ARGUMENTS, type Optional, oneOrMore, text, WRITE_FIELDS } from "./params.ts";
import { answer, count, plural } from "./render.ts";
import type { InputShape, ToolContext, ToolResult } from "./tool.ts";

/** Arguments besides what chat says. */
export const CONVERSATION_INPUT: typeof LLM_ARGUMENTS & {
  readonly message: Optional<string>;
  readonly metadata: Optional<JsonObject>;
  readonly prompts_used: Optional<string[]>;
  readonly stream: Optional<boolean>;
  readonly branch: Optional<string>;
} = {
  ...LLM_ARGUMENTS,
  message: text,
  metadata: jsonObject,
  prompts_used: oneOrMore,
  stream: flag,
  branch: text,
};

export const CONVERSATION_OUTPUT: InputShape = {
  text: z.string(),
  usage: z.strictObject({ input_tokens: z.int(), output_tokens: z.int() }).nullable(),
  commit: z.string(),
  generation_config: z.record(z.string(), z.unknown()),
  record_id: z.string(),
  tool_calls: z.array(
    z.strictObject({ id: z.string(), name: z.string(), arguments: z.string(), commit: z.string() }),
  ),
  ...WRITE_FIELDS,
};

/** How a call is told of while it runs: its steps, or with `stream` the characters that have come. */
export function followed(
  { signal, progress }: Pick<ToolContext, "signal" | "progress">,
  stream: boolean | undefined,
): Pick<ConversationRequest, "signal" | "progress" | "onDelta"> {
  if (stream !== true) return { signal, progress };
  let chars = 0;
  return {
    signal,
    onDelta: (delta) => {
      chars += delta.length;
      progress(chars, null, `${plural(chars, "character")} of the reply`);
    },
  };
}

export function presentReply(result: GenerateResult): ToolResult {
  const { text: said, usage, generationConfig, toolCalls, branch } = result;
  const cost =
    usage === null
      ? "usage not reported"
      : `${count(usage.inputTokens)} tokens in, ${count(usage.outputTokens)} out`;
  const calls = toolCalls.map(({ id, name }) => `Asks for tool ${name} (call ${id}).`);
  const next =
    toolCalls.length === 0
      ? "chat goes on; undo takes the reply back."
      : "commit each tool_io result with its call_id, then generate.";
  return {
    structured: { ...snakeKeys(result), generation_config: generationConfig },
    text: answer(
      [said, ...calls, `(${generationConfig.model ?? "the LLM"}, ${cost}, on ${branch})`],
      next,
      result.warnings,
    ),
  };
}
