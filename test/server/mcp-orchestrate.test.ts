/** The orchestrator as an agent's host has it: results that fit their schema, progress, cancellation, and a server that goes when it is told. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LlmServer, startLlmServer } from "../support/llm-server.ts";
import {
  connectClient,
  createRawClient,
  DIALECTS,
  makeServers,
  type RawClient,
  type ServerProcess,
  type TestServers,
  wireOf,
} from "../support/mcp-client.ts";

let servers: TestServers;
let llm: LlmServer;
beforeEach(async () => {
  servers = await makeServers();
  llm = await startLlmServer();
});
afterEach(async () => {
  await servers.close();
  await llm.close();
});

function start(env: Readonly<Record<string, string>> = {}): ServerProcess {
  return servers.start(["--profile", "full"], {
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

const settings = (more: object): Record<string, unknown> => ({
  content: { content_type: "config", settings: more },
});
const LONG = "We looked at several ways to do this and talked about each of them at some length. ".repeat(12);
const STATUS = { toolCalls: [{ id: "s", name: "status", arguments: "{}" }] };

describe.each(DIALECTS)("a client that speaks %s", (dialect) => {
  it("gets runs of both minds as their schema says", async () => {
    const client = await connectClient(dialect, wireOf(start()));
    await client.listTools();
    await client.callTool({
      name: "commit",
      arguments: settings({ budget: { max_tokens: 300, action: "warn" } }),
    });
    for (let turn = 0; turn < 3; turn++)
      await client.callTool({ name: "commit", arguments: { content: `${turn} ${LONG}` } });
    const rules = await client.callTool({
      name: "orchestrate",
      arguments: { mind: "rules", autonomy: "autonomous" },
    });
    expect(rules.structuredContent).toMatchObject({ state: "healthy", steps: [{ outcome: "done" }] });
    llm.script(STATUS, "Nothing to do.");
    const asked = await client.callTool({ name: "orchestrate", arguments: { goal: "Look around." } });
    expect(asked.structuredContent).toMatchObject({
      mind: "llm",
      state: "healthy",
      answer: "Nothing to do.",
      usage: { input_tokens: 22, output_tokens: 14 },
    });
    await client.close();
  });
});

it("tells of each step, and of a run that is cancelled only whole steps are left", async () => {
  const client = await rawClient(start());
  await call(client, "commit", { content: "hello" });
  llm.script(STATUS, { kind: "silence" });
  const params = {
    name: "orchestrate",
    arguments: { autonomy: "autonomous" },
    _meta: { progressToken: "steps" },
  };
  const first = llm.nextRequest();
  await client.write(`${JSON.stringify({ jsonrpc: "2.0", id: "run", method: "tools/call", params })}\n`);
  await first;
  const told = await client.next(({ method }) => method === "notifications/progress");
  expect(told.params).toMatchObject({ progressToken: "steps", progress: 1, total: 10 });
  await client.write(
    `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "run" } })}\n`,
  );
  await expect
    .poll(async () => {
      const { entries } = await call(client, "query_ledger", { event_type: "ORCHESTRATION" });
      return entries[0].decision;
    })
    .toBe("CANCELLED");
  expect((await call(client, "status", {})).commits).toBe(1);
  expect((await call(client, "verify", {})).ok).toBe(true);
});

it("runs what commits set off after the call, and the next call finds it done", async () => {
  const client = await rawClient(start({ TRACT_LLM_BASE_URL: "" }));
  await call(
    client,
    "commit",
    settings({
      budget: { max_tokens: 300, action: "warn" },
      orchestrate: { triggers: { budget_fraction: 1 }, autonomy: "autonomous" },
    }),
  );
  const committed = await call(client, "commit", {
    items: [{ content: LONG }, { content: LONG }, { content: "Go." }],
  });
  expect(committed.commits).toHaveLength(3);
  await expect.poll(async () => (await call(client, "status", {})).budget.used).toBeLessThanOrEqual(300);
});

it("goes at once when it is told to, though a run waits for its LLM", async () => {
  const server = start();
  const client = await rawClient(server);
  llm.script({ kind: "silence" }, { kind: "silence" });
  const arrived = llm.nextRequest();
  const triggers = { every_commits: 1, session_end: true };
  await call(client, "commit", settings({ orchestrate: { triggers, mind: "llm" } }));
  await arrived;
  const askedAt = performance.now();
  server.process.kill("SIGTERM");
  expect(await server.exited).toBe(0);
  expect(performance.now() - askedAt).toBeLessThan(5_000); // Far below the LLM's own time limit; the machine may be busy.
  const again = await rawClient(start());
  const { entries } = await call(again, "query_ledger", { event_type: "ORCHESTRATION", limit: 50 });
  const of = (decision: string): number =>
    entries.filter((entry: { decision: string }) => entry.decision === decision).length;
  expect(of("STARTED")).toBe(of("CANCELLED") + of("STOPPED"));
  expect((await call(again, "verify", {})).ok).toBe(true);
});
