/** chat, generate and configure as an agent's host has them: a real server process, a real client, and a scripted LLM over HTTP. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LlmServer, startLlmServer } from "../support/llm-server.ts";
import {
  connectClient,
  createRawClient,
  DIALECTS,
  makeServers,
  type RawClient,
  type RawMessage,
  type ServerProcess,
  type TestServers,
  wireOf,
} from "../support/mcp-client.ts";

const KEY = "sk-secret-server-7731";
let servers: TestServers;
let llm: LlmServer;
beforeEach(async () => {
  servers = await makeServers();
  llm = await startLlmServer({ apiKey: KEY });
});
afterEach(async () => {
  await servers.close();
  await llm.close();
});

function start(env: Readonly<Record<string, string>> = {}): ServerProcess {
  return servers.start(["--profile", "full", "--log-level", "debug"], {
    TRACT_LLM_API_KEY: KEY,
    TRACT_LLM_BASE_URL: llm.baseUrl,
    TRACT_LLM_MODEL: "test-model",
    ...env,
  });
}

async function rawClient(server: ServerProcess): Promise<RawClient> {
  const client = createRawClient(wireOf(server));
  await client.initialize();
  return client;
}

// biome-ignore lint/suspicious/noExplicitAny: results of every shape.
async function call(client: RawClient, name: string, args: object): Promise<any> {
  return (await client.request("tools/call", { name, arguments: args })).result.structuredContent;
}

/** The key must be nowhere that outlives the process. */
function expectNoKey(...logs: readonly string[]): void {
  const files = readdirSync(servers.folder).map((name) => readFileSync(join(servers.folder, name)));
  expect(files.length).toBeGreaterThan(0);
  for (const bytes of [...files, ...logs.map((text) => Buffer.from(text))])
    expect(bytes.includes(KEY)).toBe(false);
}

describe.each(DIALECTS)("a client that speaks %s", (dialect) => {
  it("talks, and gets results that fit their schema", async () => {
    const client = await connectClient(dialect, wireOf(start()));
    await client.listTools();
    llm.script(
      { text: "Hello.", usage: { prompt_tokens: 8, completion_tokens: 2 } },
      { text: null, usage: null, toolCalls: [{ id: "c1", name: "look", arguments: "{}" }] },
    );
    const said = await client.callTool({ name: "chat", arguments: { text: "Hi.", temperature: 0 } });
    expect(said.structuredContent).toMatchObject({
      text: "Hello.",
      usage: { input_tokens: 8, output_tokens: 2 },
      generation_config: { model: "test-model", temperature: 0 },
      record_id: expect.any(String),
      tool_calls: [],
      branch: "main",
    });
    const more = await client.callTool({ name: "generate", arguments: { stream: true } });
    expect(more.structuredContent).toMatchObject({
      text: "",
      usage: null,
      tool_calls: [{ id: "c1", name: "look" }],
    });
    const kept = await client.callTool({
      name: "configure",
      arguments: { set: { max_tokens: 5, extra: { minP: 1 } } },
    });
    expect(kept.structuredContent).toMatchObject({
      resolved: { max_tokens: { value: 5, from: "default" }, "extra.minP": { value: 1, from: "default" } },
    });
    const wrong = await client.callTool({ name: "configure", arguments: { set: { modle: "x" } } });
    expect(wrong).toMatchObject({
      isError: true,
      structuredContent: { error: { code: "invalid-argument" } },
    });
    await client.close();
  });
});

it("a conversation of ten turns that is killed in the middle goes on where it was", async () => {
  const first = start();
  const client = await rawClient(first);
  for (let turn = 1; turn <= 5; turn++) {
    llm.script(`answer ${turn}`);
    await call(client, "chat", { text: `question ${turn}` });
  }
  llm.script({ kind: "silence" });
  const arrived = llm.nextRequest();
  void call(client, "chat", { text: "question 6" });
  await arrived;
  first.process.kill("SIGKILL");
  await first.exited;

  const second = start();
  const again = await rawClient(second);
  llm.script("answer 6");
  await call(again, "generate", {});
  for (let turn = 7; turn <= 10; turn++) {
    llm.script(`answer ${turn}`);
    await call(again, "chat", { text: `question ${turn}` });
  }
  const { messages } = await call(again, "compile", { format: "openai", budget_tokens: 8_000 });
  expect(messages.map(({ content }: { content: string }) => content)).toEqual(
    Array.from({ length: 10 }, (_, i) => [`question ${i + 1}`, `answer ${i + 1}`]).flat(),
  );
  const { entries } = await call(again, "query_ledger", {
    event_type: "LLM_CALL",
    metadata: "full",
    order: "asc",
    limit: 50,
  });
  expect(entries).toHaveLength(10);
  const sent = llm.requests.filter((_, index) => index !== 5).map(({ body }) => body.messages);
  for (const [index, { metadata }] of entries.entries()) {
    const rebuilt = await call(again, "compile", { record_id: metadata.compile_record });
    expect(rebuilt).toMatchObject({ messages: sent[index], digest: metadata.digest });
  }
  const total = (key: string): number =>
    entries.reduce(
      (sum: number, { metadata }: { metadata: Record<string, number> }) => sum + (metadata[key] ?? 0),
      0,
    );
  expect({ prompt: total("input_tokens"), completion: total("output_tokens") }).toEqual(llm.reported());
  expect((await call(again, "verify", {})).ok).toBe(true);
  expectNoKey(first.log(), second.log());
});

it("a wrong key is told without the key, and nothing of it stays", async () => {
  const server = start({ TRACT_LLM_API_KEY: "sk-wrong-but-secret" });
  const client = await rawClient(server);
  const { result } = await client.request("tools/call", { name: "chat", arguments: { text: "hi" } });
  expect(result.structuredContent.error).toMatchObject({ code: "llm-auth", data: { status: 401 } });
  const kept = readdirSync(servers.folder).map((name) => readFileSync(join(servers.folder, name)));
  for (const bytes of [...kept, Buffer.from(server.log()), Buffer.from(JSON.stringify(result))])
    expect(bytes.includes("sk-wrong-but-secret")).toBe(false);
});

it("a call that is cancelled leaves the message alone, and the server lives", async () => {
  const client = await rawClient(start());
  llm.script({ kind: "silence" }, "answer");
  const arrived = llm.nextRequest();
  const params = { name: "chat", arguments: { text: "question" } };
  await client.write(`${JSON.stringify({ jsonrpc: "2.0", id: "chat-1", method: "tools/call", params })}\n`);
  await arrived;
  await client.write(
    `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "chat-1" } })}\n`,
  );
  const continued = await call(client, "generate", {});
  expect(continued.text).toBe("answer");
  expect((await call(client, "status", {})).commits).toBe(2);
});

it("progress is told step by step, or as the reply grows", async () => {
  const client = await rawClient(start());
  llm.script("one two three", "four five six");
  const seen: RawMessage[] = [];
  for (const stream of [false, true]) {
    const progressToken = `p-${stream}`;
    const answer = client.request("tools/call", {
      name: "chat",
      arguments: { text: "Count.", stream },
      _meta: { progressToken },
    });
    seen.push(await client.next(({ params }) => params?.progressToken === progressToken));
    expect((await answer).result.isError).toBeUndefined();
  }
  expect(seen[0]?.params).toMatchObject({ progressToken: "p-false", progress: 0, total: 3 });
  expect(seen[1]?.params).toMatchObject({
    progressToken: "p-true",
    message: expect.stringContaining("character"),
  });
});

it("without an LLM the refusal says what to do, and nothing is stored", async () => {
  const client = await rawClient(
    start({ TRACT_LLM_API_KEY: "", TRACT_LLM_BASE_URL: "", OPENAI_API_KEY: KEY }),
  );
  const { error } = await call(client, "chat", { text: "hi" });
  expect(error).toMatchObject({
    code: "llm-not-configured",
    hint: expect.stringContaining("TRACT_LLM_API_KEY"),
  });
  expect((await call(client, "status", {})).commits).toBe(0);
});

it.each(["SIGTERM", "end of input"])("a server that waits for its LLM goes at once on %s", async (how) => {
  const server = start();
  const client = await rawClient(server);
  llm.script({ kind: "silence" });
  const arrived = llm.nextRequest();
  const params = { name: "chat", arguments: { text: "question" } };
  await client.write(`${JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call", params })}\n`);
  await arrived;
  const askedAt = performance.now();
  if (how === "SIGTERM") server.process.kill("SIGTERM");
  else server.process.stdin.end();
  expect(await server.exited).toBe(0);
  expect(performance.now() - askedAt).toBeLessThan(5_000); // Far below the LLM's own time limit; the machine may be busy.
  const again = await rawClient(start());
  const { entries } = await call(again, "query_ledger", { event_type: "LLM_CALL" });
  expect(entries).toMatchObject([{ decision: "ERROR" }]);
  expect((await call(again, "verify", {})).ok).toBe(true);
});
