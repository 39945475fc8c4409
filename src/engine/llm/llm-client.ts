/** What the engine asks of an LLM, and gets: the port behind which any client stands (spec 5.1; spec 9, 27). */
import { z } from "zod";
import type { JsonObject } from "../../storage/records.ts";
import type { OpenAiMessage } from "../compile/message-types.ts";
import type { LLMConfig } from "../content/llm-config.ts";
import { TractError } from "../errors.ts";

/** A tool that the LLM may call. */
export interface LlmTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly parameters: JsonObject;
}

export interface LlmRequest {
  readonly messages: readonly OpenAiMessage[];
  /** Left out: it can only answer with text. */
  readonly tools?: readonly LlmTool[];
  /** Only what is set; what is absent is not sent, 0 is. */
  readonly config: LLMConfig;
  /** Given: the reply is to be streamed, and each piece of its text told as it comes. */
  readonly onDelta?: (text: string) => void;
}

export interface LlmToolCall {
  readonly id: string;
  readonly name: string;
  /** As the LLM wrote them: usually JSON. */
  readonly arguments: string;
}

export interface LlmUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface LlmReply {
  /** "" when the reply is tool calls alone. */
  readonly text: string;
  readonly toolCalls?: readonly LlmToolCall[] | undefined;
  /** The model as the response names it. */
  readonly model?: string | null | undefined;
  readonly finishReason?: string | null | undefined;
  /** null: not reported. */
  readonly usage?: LlmUsage | null | undefined;
  /** What the call cost, in whatever currency the provider counts. Default: not reported. */
  readonly cost?: number | null | undefined;
  /** How often it was asked until it answered. Default: 1. */
  readonly attempts?: number | undefined;
}

/**
 * Asks an LLM. `chat` rejects when the signal is aborted; a TractError it throws is passed on with its code, whatever else it throws is told as
 * `llm-unavailable` without its words, which may quote keys or stored text.
 */
export interface LlmClient {
  readonly chat: (request: LlmRequest, signal: AbortSignal) => Promise<LlmReply>;
  /** Called only for a client that Tract made itself. */
  readonly close?: () => Promise<void> | void;
}

/** The LLM that an engine may ask. */
export interface LlmAccess {
  readonly client: LlmClient;
  /** From settings or the open options; ranks below what the tract itself says (spec 9, 26). */
  readonly model: string | null;
  /** Made by Tract: it needs a model, and is closed with its store. One of the caller's may choose a model by itself. */
  readonly isOwn: boolean;
}

/** Ends what is being asked; only of a client that Tract made (spec 9, 27). */
export async function closeLlm(llm: LlmAccess | null): Promise<void> {
  if (llm?.isOwn === true) await llm.client.close?.();
}

const REPLY: z.ZodType<LlmReply> = z.object({
  text: z.string(),
  toolCalls: z.array(z.object({ id: z.string(), name: z.string().min(1), arguments: z.string() })).optional(),
  model: z.string().nullish(),
  finishReason: z.string().nullish(),
  usage: z.object({ inputTokens: z.int().min(0), outputTokens: z.int().min(0) }).nullish(),
  cost: z.number().min(0).nullish(),
  attempts: z.int().min(1).optional(),
});

/** A reply as the rest of the engine sees it: nothing is open any more. */
export interface CheckedReply {
  readonly text: string;
  readonly toolCalls: readonly LlmToolCall[];
  readonly model: string | null;
  readonly finishReason: string | null;
  readonly usage: LlmUsage | null;
  readonly cost: number | null;
  readonly attempts: number;
}

/** @throws TractError `llm-bad-response` for what is no reply at all. */
export function readReply(given: unknown): LlmReply {
  const parsed = REPLY.safeParse(given);
  if (!parsed.success) throw badResponse("the LLM's answer is no chat completion", {});
  return parsed.data;
}

/**
 * Checks what a client gave.
 *
 * @param charsMax Characters that text and arguments together may have.
 * @throws TractError `llm-bad-response`: neither text nor a tool call, or larger than what can be stored.
 */
export function checkReply(reply: LlmReply, charsMax: number): CheckedReply {
  const { text, toolCalls = [], model, finishReason, usage, cost, attempts = 1 } = reply;
  const reason = wordOf(finishReason);
  const facts = { attempts, finish_reason: reason };
  if (text.trim() === "" && toolCalls.length === 0)
    throw badResponse("the LLM answered with neither text nor a tool call", facts);
  const chars = toolCalls.reduce((sum, call) => sum + call.arguments.length, text.length);
  if (chars > charsMax) throw badResponse("the LLM's answer is too long to be stored", { ...facts, chars });
  return {
    // Half of a surrogate pair cannot be stored, and a paid answer should not be lost for it.
    text: text.toWellFormed(),
    toolCalls: toolCalls.map((call) => ({
      id: call.id.toWellFormed(),
      name: call.name.toWellFormed(),
      arguments: call.arguments.toWellFormed(),
    })),
    model: model ? model.slice(0, MODEL_CHARS_MAX).toWellFormed() : null,
    finishReason: reason,
    usage: usage ?? null,
    cost: cost ?? null,
    attempts,
  };
}

const MODEL_CHARS_MAX = 200;

/** A word of choice as the ledger and errors may repeat it; anything longer is not one. */
function wordOf(given: string | null | undefined): string | null {
  return given != null && /^[\w.-]{1,64}$/.test(given) ? given : null;
}

/** @param facts Numbers and the provider's own words of choice, like a finish reason. */
export function badResponse(message: string, facts: Readonly<Record<string, unknown>>): TractError {
  return new TractError("llm-bad-response", message, {
    hint: "Ask again; if it stays so, check max_tokens, the model's name and that llm.base_url leads to a chat completions endpoint.",
    data: facts,
  });
}
