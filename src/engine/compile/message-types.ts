/** The messages that compile gives, in the shapes that callers and providers know them by (spec 2.4, 2.5). */
import type { JsonObject, Role } from "../../storage/records.ts";

/** Format `messages`. */
export interface PlainMessage {
  readonly role: Role;
  readonly content: string;
  readonly name?: string;
  /** Of tool messages: the call that was made or answered; null when the commit names none. */
  readonly call_id?: string | null;
  readonly direction?: "call" | "result";
}

export interface OpenAiTextPart {
  readonly type: "text";
  readonly text: string;
}
export interface OpenAiToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}
/** Format `openai`: a message of the chat completions API. */
export type OpenAiMessage =
  | {
      readonly role: "system" | "developer" | "user";
      readonly content: string | readonly OpenAiTextPart[];
      readonly name?: string;
    }
  | {
      readonly role: "assistant";
      /** null only beside tool calls. */
      readonly content: string | readonly OpenAiTextPart[] | null;
      readonly name?: string;
      readonly tool_calls?: readonly OpenAiToolCall[];
    }
  | {
      readonly role: "tool";
      readonly tool_call_id: string;
      readonly name?: string;
      readonly content: string | readonly OpenAiTextPart[];
    };

export type AnthropicBlock =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: JsonObject }
  | {
      readonly type: "tool_result";
      readonly tool_use_id: string;
      /** Left out when the tool said nothing. */
      readonly content?: string;
      readonly is_error?: true;
    };
/** Format `anthropic`: a turn of the messages API; a turn of text alone is a string. */
export interface AnthropicMessage {
  readonly role: "user" | "assistant";
  readonly content: string | readonly AnthropicBlock[];
}

export type CompiledMessage = PlainMessage | OpenAiMessage | AnthropicMessage;

/** The same for whoever sends it: clients of providers take lists that they could change. */
export type Sendable<Value> = Value extends readonly (infer Item)[]
  ? Sendable<Item>[]
  : Value extends object
    ? { -readonly [Key in keyof Value]: Sendable<Value[Key]> }
    : Value;
