/** Sessions of real servers: ended when they go, abandoned when they are killed, and what calls leave in the ledger. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore, type Tract, type TractStore } from "../../src/index.ts";
import { makeServers, type RawClient, type ServerProcess, type TestServers } from "../support/mcp-client.ts";

let servers: TestServers;
let store: TractStore | null = null;
beforeEach(async () => {
  servers = await makeServers();
});
afterEach(async () => {
  await store?.close();
  store = null;
  await servers.close();
});

const call = async (client: RawClient, name: string, args: unknown = {}) =>
  (await client.request("tools/call", { name, arguments: args })).result.structuredContent;

async function look(): Promise<Tract> {
  store ??= await openStore(`${servers.folder}/test.db`);
  return await store.tract("demo");
}

async function end(server: ServerProcess, signal: NodeJS.Signals | null): Promise<void> {
  if (signal === null) server.process.stdin.end();
  else server.process.kill(signal);
  await server.exited;
}

describe("a server's session", () => {
  it.each([null, "SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "is ended when the server is ended by %s",
    async (signal) => {
      const { server, client } = await servers.startRaw();
      const turn = await call(client, "record_turn", { user_message: "hi", response: "ho" });
      await end(server, signal);
      const { sessions } = await (await look()).sessions();
      expect(sessions).toMatchObject([
        { id: turn.session_id, state: "ended", turns: 1, toolCalls: 1, preview: "hi" },
      ]);
      expect((await (await look()).verify()).problems).toEqual([]);
    },
  );

  it("is warned when another one has moved the HEAD of its worktree", async () => {
    const [one, two] = [await servers.startRaw(), await servers.startRaw()];
    await call(one.client, "commit", { content: "here" });
    await call(two.client, "branch", { action: "create", name: "aside", switch: true });
    const { warnings } = await call(one.client, "commit", { content: "there" });
    expect(warnings).toEqual([expect.stringContaining("another session (raw-client) moved HEAD")]);
    expect((await call(one.client, "commit", { content: "there, too" })).warnings).toEqual([]);
  });

  it("leaves nothing when it only read", async () => {
    const { server, client } = await servers.startRaw();
    await call(client, "commit", { content: "x" });
    await end(server, null);
    const reader = await servers.startRaw();
    await call(reader.client, "status");
    await call(reader.client, "compile");
    await end(reader.server, "SIGTERM");
    expect((await (await look()).sessions()).sessions).toHaveLength(1);
  });

  it("that was killed is abandoned by the next one's first write, with all that it came to, and can go on", async () => {
    const killed = await servers.startRaw();
    const living = await servers.startRaw();
    await call(living.client, "commit", { content: "of a living server" });
    const usage = { prompt_tokens: 7, completion_tokens: 3 };
    const { session_id } = await call(killed.client, "record_turn", {
      user_message: "before",
      response: "the end",
      usage,
    });
    await end(killed.server, "SIGKILL");
    const tract = await look();
    const stateOf = async (): Promise<unknown> =>
      (await tract.sessions()).sessions?.map(({ id, state }) => [id === session_id, state]);
    // Whoever looks sees it; nothing is written by looking.
    expect(await stateOf()).toEqual([
      [true, "abandoned"],
      [false, "active"],
    ]);
    expect((await tract.queryLedger({ eventType: "SESSION_END" })).count).toBe(0);
    const next = await servers.startRaw();
    const turn = await call(next.client, "record_turn", {
      user_message: "after",
      response: "the kill",
      session: session_id,
    });
    expect(turn).toMatchObject({ turn_number: 2, session_id });
    await call(next.client, "commit", { content: "own work" });
    const { entries } = await tract.queryLedger({ session: session_id, order: "asc", metadata: "full" });
    expect(entries.map(({ eventType, decision }) => `${eventType} ${decision}`)).toEqual([
      "SESSION_START STARTED",
      "OPERATION commit",
      "TURN_RECORDED RECORDED",
      "SESSION_START RESUMED",
      "OPERATION commit",
      "TURN_RECORDED RECORDED",
    ]);
    await end(next.server, "SIGKILL");
    const last = await servers.startRaw();
    await call(last.client, "commit", { content: "finds them" });
    expect(await tract.queryLedger({ eventType: "SESSION_END", metadata: "full" })).toMatchObject({
      count: 2,
      entries: expect.arrayContaining([
        expect.objectContaining({
          submissionId: session_id,
          decision: "ABANDONED",
          metadata: expect.objectContaining({
            turn_count: 2,
            total_cost: expect.objectContaining({ total_tokens: 10, tool_calls: 2 }),
          }),
        }),
      ]),
    });
    expect((await tract.sessions()).sessions?.filter(({ state }) => state === "active")).toHaveLength(2);
    expect((await tract.verify()).problems).toEqual([]);
  });
});

describe("calls", () => {
  it("that fail are in the ledger with tool, short arguments and code; those that read are not", async () => {
    const { server, client } = await servers.startRaw();
    await call(client, "commit", { content: "x" });
    await call(client, "log");
    await call(client, "show", { refs: ["nope"] });
    await call(client, "commit", { content: "y", colour: "red" });
    await call(client, "compress", { dry_run: true });
    await end(server, null);
    const { entries } = await (await look()).queryLedger({
      eventType: "TOOL_CALL",
      metadata: "full",
      order: "asc",
    });
    expect(entries).toMatchObject([
      {
        decision: "ERROR",
        reason: "show failed: not-found",
        metadata: { tool: "show", arguments: "refs: nope", error_code: "not-found" },
      },
      {
        decision: "ERROR",
        metadata: {
          tool: "commit",
          arguments_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
          error_code: "invalid-argument",
        },
      },
      { decision: "ERROR", metadata: { tool: "compress" } },
    ]);
    const session = (await (await look()).sessions()).sessions?.[0];
    expect(session?.toolCalls).toBe(4);
  });

  it("that read are there when it is configured", async () => {
    const server = servers.start(["--ledger-tool-reads", "true"]);
    const { createRawClient, wireOf } = await import("../support/mcp-client.ts");
    const client = createRawClient(wireOf(server));
    await client.initialize();
    await call(client, "commit", { content: "x" });
    await call(client, "log");
    await end(server, null);
    const { entries } = await (await look()).queryLedger({ tool: "log", metadata: "full" });
    expect(entries).toMatchObject([
      { eventType: "TOOL_CALL", decision: "OK", metadata: { result_chars: expect.any(Number) } },
    ]);
  });

  it("that fail before anything was written make neither store nor tract", async () => {
    const { client } = await servers.startRaw();
    await call(client, "show", { colour: "red" });
    const status = await call(client, "status");
    expect(status).toMatchObject({ head: null });
    await call(client, "show", { refs: ["nope"] });
    expect((await (await look()).queryLedger({})).count).toBe(0);
  });
});
