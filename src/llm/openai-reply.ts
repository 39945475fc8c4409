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
  /** Of text and calls together. */
  chars: number;
  readonly calls: Map<number, { id: string; name: string; arguments: string }>;
  model: string | null;
  finishReason: string | null;
  usage: LlmReply["usage"];
  cost: LlmReply["cost"];
}

export function emptyStreamed(): Streamed {
  return { text: "", chars: 0, calls: new Map(), model: null, finishReason: null, usage: null, cost: null };
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
  for (const part of choice.delta?.tool_calls ?? []) takeCallPart(reply, part);
  const text = choice.delta?.content ?? choice.delta?.refusal ?? "";
  reply.text += text;
  reply.chars += text.length;
  if (reply.chars > STREAM_CHARS_MAX || reply.calls.size > STREAM_CALLS_MAX)
    throw badResponse("the LLM's answer has no end", {});
  return text;
}

/** Characters of text and calls; no content can be as long. */
const STREAM_CHARS_MAX = 16 * 1024 * 1024;
const STREAM_CALLS_MAX = 10_000;

type CallPart = NonNullable<
  NonNullable<z.infer<typeof CHUNK>["choices"][number]["delta"]>["tool_calls"]
>[number];

function takeCallPart(reply: Streamed, { index, id, function: called }: CallPart): void {
  const [name, given] = [called?.name ?? "", called?.arguments ?? ""];
  const at = index ?? placeOf(reply, { id: id ?? "", name });
  const call = reply.calls.get(at) ?? { id: "", name: "", arguments: "" };
  if (call.id === "") call.id = id ?? "";
  call.name += name;
  call.arguments += given;
  reply.calls.set(at, call);
  reply.chars += name.length + given.length;
}

/** Some endpoints number no calls, and send each whole: another id, or without ids another name, begins the next one. */
function placeOf({ calls }: Streamed, part: { readonly id: string; readonly name: string }): number {
  const last = Math.max(0, ...calls.keys());
  const before = calls.get(last);
  if (before === undefined) return last;
  const isNext = part.id === "" ? part.name !== "" && before.name !== "" : part.id !== before.id;
  return isNext ? last + 1 : last;
}

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
