/** What an LLM's reply becomes in history: one assistant text, and its tool calls under one message_id (spec 5.3, 1.2). */
import type { JsonObject } from "../../storage/records.ts";
import type { LLMConfig } from "../content/llm-config.ts";
import type { CommitRequestItem } from "../history/commit-items.ts";
import type { CheckedReply } from "../llm/llm-client.ts";

/** Message and metadata of the caller, for the first commit of the reply. */
export interface ReplyNote {
  readonly message?: string | undefined;
  readonly metadata?: object | undefined;
}

/**
 * The commits of a reply: its text, if it has any, then its tool calls.
 *
 * @param messageId Joins them again when they are compiled.
 */
export function replyItems(
  { text, toolCalls }: CheckedReply,
  config: LLMConfig,
  { messageId, note }: { readonly messageId: string; readonly note: ReplyNote },
): readonly CommitRequestItem[] {
  const said: JsonObject = { content_type: "dialogue", role: "assistant", text };
  const calls = toolCalls.map((call) => ({
    content_type: "tool_io",
    tool_name: call.name,
    direction: "call",
    payload: call.arguments,
    call_id: call.id,
  }));
  const contents: readonly JsonObject[] = text === "" ? calls : [said, ...calls];
  const joined = calls.length === 0 ? {} : { message_id: messageId };
  return contents.map((content, index) => ({
    content: { ...content, ...joined },
    generationConfig: config,
    ...(index === 0 ? note : {}),
  }));
}
