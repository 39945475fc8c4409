/** Reads what a chat completions endpoint answers, whole or in chunks; whatever does not fit is `llm-bad-response`. */
import { z } from "zod";
import { badResponse, type LlmReply, type LlmToolCall } from "../engine/llm/llm-client.ts";

/** Reads a whole answer. */
export function readCompletion(answer: unknown): LlmReply {
  const { data } = COMPLETION.safeParse(answer);
  const choice = data?.choices[0];
  if (data === undefined || choice === undefined)
    throw badResponse("the LLM's answer is no chat completion", {});
  const { content, refusal, tool_calls } = choice.message;
  return {
    text: content ?? refusal ?? "",
    toolCalls: (tool_calls ?? []).map((call, index) => toolCall(call.id, call.function, index)),
    model: data.model ?? null,
    finishReason: choice.finish_reason ?? null,
    ...usageOf(data.usage),
  };
}

/** What came of a stream so far. */
export interface Streamed {
  text: string;
  readonly calls: Map<number, { id: string; name: string; arguments: string }>;
  model: string | null;
  finishReason: string | null;
  usage: LlmReply["usage"];
  cost: LlmReply["cost"];
}

export function emptyStreamed(): Streamed {
  return { text: "", calls: new Map(), model: null, finishReason: null, usage: null, cost: null };
}

/** Adds a chunk to what came before, and gives the text that is new. */
export function takeChunk(reply: Streamed, raw: unknown): string {
  const parsed = CHUNK.safeParse(raw);
  if (!parsed.success) throw badResponse("a part of the LLM's answer is no chat completion chunk", {});
  const { model, choices, usage } = parsed.data;
  reply.model ??= model ?? null;
  const told = usageOf(usage);
  reply.usage = told.usage ?? reply.usage;
  reply.cost = told.cost ?? reply.cost;
  const [choice] = choices;
  if (choice === undefined) return "";
  reply.finishReason = choice.finish_reason ?? reply.finishReason;
  for (const [place, part] of (choice.delta?.tool_calls ?? []).entries()) {
    const index = part.index ?? place;
    const call = reply.calls.get(index) ?? { id: "", name: "", arguments: "" };
    call.id += part.id != null && call.id === "" ? part.id : "";
    call.name += part.function?.name ?? "";
    call.arguments += part.function?.arguments ?? "";
    reply.calls.set(index, call);
  }
  const text = choice.delta?.content ?? choice.delta?.refusal ?? "";
  reply.text += text;
  if (reply.text.length > STREAM_CHARS_MAX) throw badResponse("the LLM's answer has no end", {});
  return text;
}

/** No content can be as long. */
const STREAM_CHARS_MAX = 16 * 1024 * 1024;

/** The whole of a stream that has ended. */
export function streamedReply({ text, calls, model, finishReason, usage, cost }: Streamed): LlmReply {
  const inOrder = [...calls.entries()].sort(([a], [b]) => a - b);
  return {
    text,
    toolCalls: inOrder.map(([index, call]) => toolCall(call.id, call, index)),
    model,
    finishReason,
    usage,
    cost,
  };
}

const COMPLETION = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z
            .array(
              z.object({
                id: z.string().nullish(),
                function: z.object({ name: z.string(), arguments: z.string().nullish() }),
              }),
            )
            .nullish(),
        }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z.unknown().optional(),
});
const USAGE = z.object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0) });
/** Told by some, OpenRouter among them. */
const COST = z.object({ cost: z.number().min(0) });

const CHUNK = z.object({
  model: z.string().nullish(),
  choices: z.array(
    z.object({
      delta: z
        .object({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z
            .array(
              z.object({
                index: z.int().min(0).nullish(),
                id: z.string().nullish(),
                function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
              }),
            )
            .nullish(),
        })
        .nullish(),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: z.unknown().optional(),
});

function toolCall(
  id: string | null | undefined,
  called: { readonly name: string; readonly arguments?: string | null | undefined },
  index: number,
): LlmToolCall {
  // Some endpoints name their calls not at all; a result must be able to name its call.
  return { id: id || `call_${index + 1}`, name: called.name, arguments: called.arguments ?? "" };
}

function usageOf(reported: unknown): {
  readonly usage: NonNullable<LlmReply["usage"]> | null;
  readonly cost: number | null;
} {
  const { data } = USAGE.safeParse(reported);
  return {
    usage:
      data === undefined ? null : { inputTokens: data.prompt_tokens, outputTokens: data.completion_tokens },
    cost: COST.safeParse(reported).data?.cost ?? null,
  };
}
