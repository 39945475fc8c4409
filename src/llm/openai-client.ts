/** The LLM client that Tract makes itself: the openai package against any compatible endpoint, loaded with the first call (spec 5.1). */
import type OpenAI from "openai";
import type { LlmAccess, LlmClient, LlmReply, LlmRequest } from "../engine/llm/llm-client.ts";
import { brokenOff, failureOf, silent } from "./openai-failure.ts";
import type { OpenAiOptions } from "./openai-options.ts";
import { emptyStreamed, readCompletion, streamedReply, takeChunk } from "./openai-reply.ts";

/** null when there is neither a key nor an endpoint: then nothing is configured. */
export function createOpenAiAccess(options: OpenAiOptions): LlmAccess | null {
  if (options.apiKey === null && options.baseUrl === null) return null;
  return { client: createOpenAiClient(options), model: options.model, isOwn: true };
}

const OPENAI_URL = "https://api.openai.com/v1";
const RETRIES_MAX = 2;

function createOpenAiClient(options: OpenAiOptions): LlmClient {
  let loading: Promise<typeof OpenAI> | null = null;
  const closing = new AbortController();
  return {
    close: () => closing.abort(),
    chat: async (request, given) => {
      const signal = AbortSignal.any([given, closing.signal]);
      loading ??= import("openai").then((loaded) => loaded.default);
      const Client = await loading;
      const attempts = { count: 0 };
      const openai = new Client({
        // Everything that the package would take from the environment is given here.
        apiKey: options.apiKey ?? "none",
        adminAPIKey: null,
        baseURL: options.baseUrl ?? OPENAI_URL,
        organization: null,
        project: null,
        webhookSecret: null,
        logLevel: "off",
        maxRetries: RETRIES_MAX,
        timeout: options.timeoutMs,
        fetch: countingFetch(options.apiKey, attempts),
      });
      try {
        const reply =
          request.onDelta === undefined
            ? await complete(openai, request, options, signal)
            : await stream(openai, request, request.onDelta, options, signal);
        return { ...reply, attempts: attempts.count };
      } catch (error) {
        throw failureOf(error, { attempts: Math.max(1, attempts.count), timeoutMs: options.timeoutMs });
      }
    },
  };
}

/** Counts what is really sent, and sends no other headers than these: the package would add some from the environment. */
function countingFetch(apiKey: string | null, attempts: { count: number }): typeof fetch {
  return async (url, init) => {
    attempts.count += 1;
    const given = new Headers(init?.headers);
    const headers = new Headers();
    for (const name of ["accept", "content-type", "user-agent"]) {
      const value = given.get(name);
      if (value !== null) headers.set(name, value);
    }
    if (apiKey !== null) headers.set("authorization", `Bearer ${apiKey}`);
    return await fetch(url, { ...init, headers });
  };
}

async function complete(
  openai: OpenAI,
  request: LlmRequest,
  { baseUrl }: OpenAiOptions,
  signal: AbortSignal,
): Promise<LlmReply> {
  const body = { ...requestBody(request, baseUrl), stream: false as const };
  return readCompletion(await openai.chat.completions.create(body, { signal }));
}

async function stream(
  openai: OpenAI,
  request: LlmRequest,
  onDelta: (text: string) => void,
  { baseUrl, timeoutMs }: OpenAiOptions,
  signal: AbortSignal,
): Promise<LlmReply> {
  const body = {
    ...requestBody(request, baseUrl),
    stream: true as const,
    stream_options: { include_usage: true },
  };
  const silence = createSilenceAlarm(timeoutMs);
  try {
    const either = AbortSignal.any([signal, silence.signal]);
    const chunks = await openai.chat.completions.create(body, { signal: either });
    const reply = emptyStreamed();
    for await (const raw of chunks) {
      silence.heard();
      const told = takeChunk(reply, raw);
      if (told !== "") onDelta(told);
    }
    // The package ends a stream that was aborted as if it were whole.
    either.throwIfAborted();
    if (reply.finishReason === null) throw brokenOff();
    return streamedReply(reply);
  } catch (error) {
    if (silence.signal.aborted && !signal.aborted) throw silent(timeoutMs);
    throw error;
  } finally {
    silence.stop();
  }
}

/** Aborts when nothing is heard for so long: the package's own timeout ends with the first bytes. */
function createSilenceAlarm(timeoutMs: number): {
  readonly signal: AbortSignal;
  readonly heard: () => void;
  readonly stop: () => void;
} {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  const stop = (): void => {
    if (timer !== null) clearTimeout(timer);
  };
  const heard = (): void => {
    stop();
    timer = setTimeout(() => controller.abort(), timeoutMs);
  };
  return { signal: controller.signal, heard, stop };
}

type RequestBody = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, "stream">;

/** What is set, under the names of the chat completions API. Typed fields win over `extra`, and messages and tools over all. */
function requestBody({ config, messages, tools = [] }: LlmRequest, baseUrl: string | null): RequestBody {
  const { extra, stop_sequences, max_tokens, ...same } = config;
  const body = {
    ...extra,
    ...same,
    ...(stop_sequences === undefined ? {} : { stop: stop_sequences }),
    ...(max_tokens === undefined ? {} : { [maxTokensName(baseUrl)]: max_tokens }),
    ...(tools.length === 0
      ? {}
      : { tools: tools.map((tool) => ({ type: "function", function: { ...tool } })) }),
    messages,
  };
  return body as unknown as RequestBody; // The package's types do not know every endpoint's fields, nor readonly lists.
}

/** OpenAI's newer models refuse the older name, which is the one that other endpoints know. */
function maxTokensName(baseUrl: string | null): "max_tokens" | "max_completion_tokens" {
  const host = new URL(baseUrl ?? OPENAI_URL).hostname;
  const isOpenAi = host === "api.openai.com" || host.endsWith(".openai.azure.com");
  return isOpenAi ? "max_completion_tokens" : "max_tokens";
}
