/** The client over HTTP: what is sent, what is read, what is tried again, and what failures become. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LLMConfig } from "../../src/engine/content/llm-config.ts";
import { TractError } from "../../src/engine/errors.ts";
import type { LlmReply } from "../../src/engine/llm/llm-client.ts";
import { createOpenAiAccess } from "../../src/llm/openai-client.ts";
import type { OpenAiOptions } from "../../src/llm/openai-options.ts";
import { type LlmServer, type ScriptStep, startLlmServer } from "../support/llm-server.ts";

const KEY = "sk-secret-9d8c7b6a";
const messages = [{ role: "user", content: "private words" }] as const;
const soon = { "retry-after-ms": "1" };

let server: LlmServer;
beforeEach(async () => {
  server = await startLlmServer({ apiKey: KEY });
});
afterEach(async () => await server.close());

interface Asked {
  readonly config?: LLMConfig;
  readonly options?: Partial<OpenAiOptions>;
  readonly signal?: AbortSignal;
  readonly onDelta?: (text: string) => void;
}

async function chat(asked: Asked = {}): Promise<LlmReply> {
  const access = createOpenAiAccess({
    apiKey: KEY,
    model: null,
    baseUrl: server.baseUrl,
    timeoutMs: 5_000,
    ...asked.options,
  });
  if (access === null) throw new Error("there is a client");
  const request = { messages, config: { model: "m", ...asked.config } };
  return await access.client.chat(
    asked.onDelta === undefined ? request : { ...request, onDelta: asked.onDelta },
    asked.signal ?? new AbortController().signal,
  );
}

async function failure(steps: readonly ScriptStep[], asked: Asked = {}): Promise<TractError> {
  server.script(...steps);
  const error: unknown = await chat(asked).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TractError)) throw error ?? new Error("the call did not fail");
  const told = JSON.stringify([error.message, error.hint, error.data, String(error.cause), error.stack]);
  expect(told).not.toContain(KEY);
  expect(told).not.toContain("private words");
  expect(told).not.toContain("scripted");
  expect(error.hint).not.toBe("");
  return error;
}

describe("a request", () => {
  test("has what is set, 0 among it, and nothing else", async () => {
    server.script("hello");
    await chat({
      config: {
        temperature: 0,
        max_tokens: 5,
        stop_sequences: ["end"],
        top_k: 3,
        seed: 0,
        extra: { min_p: 0.1, temperature: 9, messages: "no", stream: true },
      },
    });
    expect(server.requests[0]?.body).toEqual({
      model: "m",
      messages,
      stream: false,
      temperature: 0,
      max_tokens: 5,
      stop: ["end"],
      top_k: 3,
      seed: 0,
      min_p: 0.1,
    });
  });

  test("says nothing of fields that are not set", async () => {
    server.script("hello");
    await chat();
    expect(server.requests[0]?.body).toEqual({ model: "m", messages, stream: false });
  });

  test("has no headers but those that it needs, whatever the environment says", async () => {
    vi.stubEnv("OPENAI_API_KEY", "sk-environment");
    vi.stubEnv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
    vi.stubEnv("OPENAI_ORG_ID", "org-environment");
    vi.stubEnv("OPENAI_CUSTOM_HEADERS", "x-environment: yes");
    server.script("hello");
    await chat();
    vi.unstubAllEnvs();
    const headers = server.requests[0]?.headers ?? {};
    expect(headers.authorization).toBe(`Bearer ${KEY}`);
    expect(JSON.stringify(headers)).not.toMatch(/environment|stainless/);
  });

  test("has no key where the endpoint takes none", async () => {
    const open = await startLlmServer();
    open.script("hello");
    await chat({ options: { apiKey: null, baseUrl: open.baseUrl } });
    expect(open.requests[0]?.headers.authorization).toBeUndefined();
    await open.close();
  });
});

describe("a reply", () => {
  test("has text, model, reason and usage as reported", async () => {
    server.script({ text: "hello", model: "m-2026", usage: { prompt_tokens: 3, completion_tokens: 1 } });
    expect(await chat()).toEqual({
      text: "hello",
      toolCalls: [],
      model: "m-2026",
      finishReason: "stop",
      usage: { inputTokens: 3, outputTokens: 1 },
      cost: null,
      attempts: 1,
    });
  });

  test.each([false, true])("has its cost where the provider tells it (streamed: %s)", async (streamed) => {
    const usage = { prompt_tokens: 3, completion_tokens: 1 };
    server.script(
      { text: "hello", usage: { ...usage, cost: 0.0125 } },
      { text: "hello", usage: { ...usage, cost: -1 } },
    );
    const ask = () => chat(streamed ? { onDelta: () => undefined } : {});
    expect(await ask()).toMatchObject({ cost: 0.0125, usage: { inputTokens: 3, outputTokens: 1 } });
    expect(await ask()).toMatchObject({ cost: null, usage: { inputTokens: 3, outputTokens: 1 } });
  });

  test("without usage has null for it", async () => {
    server.script({ text: "hello", usage: null });
    expect((await chat()).usage).toBeNull();
  });

  test.each([false, true])(
    "gives tool calls with arguments byte for byte (streamed: %s)",
    async (streamed) => {
      server.script({
        text: null,
        toolCalls: [
          { id: "call_a", name: "look", arguments: '{ "at":  1.0 }' },
          { name: "wait", arguments: "" },
        ],
      });
      const reply = await chat(streamed ? { onDelta: () => undefined } : {});
      expect(reply).toMatchObject({
        text: "",
        finishReason: "tool_calls",
        toolCalls: [
          { id: "call_a", name: "look", arguments: '{ "at":  1.0 }' },
          { id: "call_2", name: "wait", arguments: "" },
        ],
      });
    },
  );

  test("that is streamed comes in pieces, and is the same as a whole one", async () => {
    server.script("one two  three", "one two  three");
    const pieces: string[] = [];
    const streamed = await chat({ onDelta: (piece) => pieces.push(piece) });
    expect(pieces).toEqual(["one ", "two  ", "three"]);
    expect(streamed).toEqual(await chat());
    expect(server.requests[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });
});

describe("what passes is tried three times", () => {
  test.each([408, 409, 429, 500, 503])("%s, then an answer", async (status) => {
    const step = { kind: "status", status, headers: soon } as const;
    server.script(step, step, "at last");
    expect(await chat()).toMatchObject({ text: "at last", attempts: 3 });
  });

  test("a dropped connection", async () => {
    server.script({ kind: "drop" }, "at last");
    expect(await chat()).toMatchObject({ text: "at last", attempts: 2 });
  });

  test("and no sooner than the endpoint says", async () => {
    server.script({ kind: "status", status: 429, headers: { "retry-after": "1" } }, "at last");
    const startedAt = performance.now();
    await chat();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(950);
  });

  test.each([
    [429, "llm-rate-limited"],
    [503, "llm-unavailable"],
  ])("%s to the end is %s", async (status, code) => {
    const step = { kind: "status", status, headers: soon } as const;
    const error = await failure([step, step, step]);
    expect(error).toMatchObject({ code, data: { status, attempts: 3 } });
    expect(server.requests).toHaveLength(3);
  });
});

describe("what does not pass is asked once", () => {
  test("a wrong key is llm-auth", async () => {
    const error = await failure([], { options: { apiKey: "sk-wrong-key-1234" } });
    expect(error).toMatchObject({ code: "llm-auth", data: { status: 401, attempts: 1 } });
    expect(JSON.stringify(error)).not.toContain("sk-wrong-key");
  });

  test.each([
    [400, "llm-unavailable"],
    [403, "llm-auth"],
    [404, "llm-unavailable"],
    [422, "llm-unavailable"],
  ])("%s is %s", async (status, code) => {
    expect(await failure([{ kind: "status", status }])).toMatchObject({
      code,
      data: { status, attempts: 1 },
    });
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ["no JSON", { kind: "raw", body: "{ not json" }],
    ["a page", { kind: "raw", body: "<html>", contentType: "text/html" }],
    ["no choices", { kind: "raw", body: '{"choices":[]}' }],
    ["nothing", { kind: "raw", body: "" }],
    ["null", { kind: "raw", body: "null" }],
    ["a list for a text", { kind: "raw", body: '{"choices":[{"message":{"content":[1]}}]}' }],
  ] as const)("%s is llm-bad-response", async (_, step) => {
    expect((await failure([step])).code).toBe("llm-bad-response");
  });

  test("a chunk that is none is llm-bad-response", async () => {
    const step = { kind: "raw", body: "data: {oops\n\n", contentType: "text/event-stream" } as const;
    expect((await failure([step], { onDelta: () => undefined })).code).toBe("llm-bad-response");
    const other = { kind: "raw", body: 'data: {"choices":7}\n\n', contentType: "text/event-stream" } as const;
    expect((await failure([other], { onDelta: () => undefined })).code).toBe("llm-bad-response");
  });
});

describe("a stream", () => {
  const chunk = (delta: object): string =>
    `data: ${JSON.stringify({ choices: [{ delta, finish_reason: null }] })}\n\n`;
  const streamed = (...deltas: readonly object[]): ScriptStep => ({
    kind: "raw",
    body: `${deltas.map(chunk).join("")}data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n`,
    contentType: "text/event-stream",
  });
  const part = (name: string | null, given: string, id?: string): object => ({
    tool_calls: [{ ...(id === undefined ? {} : { id }), function: { name, arguments: given } }],
  });

  test.each([
    ["ids", streamed(part("a", "{}", "1"), part("b", '{"x":', "2"), part(null, "1}", "2"))],
    ["ids at the beginning", streamed(part("a", "{}", "1"), part("b", '{"x":', "2"), part(null, "1}"))],
    ["names alone", streamed(part("a", "{}"), part("b", '{"x":'), part(null, "1}"))],
  ])("that numbers no calls has them apart by their %s", async (_, step) => {
    server.script(step);
    const { toolCalls } = await chat({ onDelta: () => undefined });
    expect(toolCalls?.map(({ name, arguments: given }) => [name, given])).toEqual([
      ["a", "{}"],
      ["b", '{"x":1}'],
    ]);
  });

  test.each([
    ["arguments", streamed(...Array<object>(9).fill(part("a", "x".repeat(2 * 1024 * 1024))))],
    [
      "calls",
      streamed({
        tool_calls: Array.from({ length: 10_001 }, (_, index) => ({ index, function: { name: "a" } })),
      }),
    ],
  ])("whose %s have no end is llm-bad-response", async (_, step) => {
    expect((await failure([step], { onDelta: () => undefined })).code).toBe("llm-bad-response");
  });
});

describe("an LLM that does not answer", () => {
  test("is given up after three times the timeout", async () => {
    const steps = [{ kind: "silence" }, { kind: "silence" }, { kind: "silence" }] as const;
    const error = await failure(steps, { options: { timeoutMs: 20 } });
    expect(error).toMatchObject({ code: "llm-unavailable", data: { timeout_ms: 20, attempts: 3 } });
  });

  test("is given up when it falls silent in a stream", async () => {
    const pieces: string[] = [];
    const error = await failure([{ kind: "stall", text: "half" }], {
      options: { timeoutMs: 60 },
      onDelta: (piece) => pieces.push(piece),
    });
    expect(error).toMatchObject({ code: "llm-unavailable", data: { timeout_ms: 60 } });
    expect(pieces).toEqual(["half"]);
  });

  test("is given up when it breaks off", async () => {
    const error = await failure([{ kind: "drop", text: "half" }], { onDelta: () => undefined });
    expect(error.code).toBe("llm-unavailable");
  });

  test("is left when the caller cancels, before, while waiting and in a stream", async () => {
    const gone = AbortSignal.abort();
    await expect(chat({ signal: gone })).rejects.toBeDefined();
    expect(server.requests).toHaveLength(0);
    for (const step of [{ kind: "silence" }, { kind: "stall", text: "half" }] as const) {
      const controller = new AbortController();
      server.script(step);
      const arrived = server.nextRequest();
      const asked = chat({ signal: controller.signal, onDelta: () => controller.abort() });
      await arrived;
      if (step.kind === "silence") controller.abort();
      await expect(asked).rejects.toBeDefined();
    }
    expect(server.requests).toHaveLength(2);
  });

  test("is not there at all", async () => {
    const error = await failure([], { options: { baseUrl: "http://127.0.0.1:1/v1" } });
    expect(error.code).toBe("llm-unavailable");
  });
});
