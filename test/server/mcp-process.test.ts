/** The server as a process: what it does at start, and how it ends. */
import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROFILES } from "../../src/tools/profiles.ts";
import {
  connectClient,
  createRawClient,
  makeServers,
  type RawClient,
  type ServerProcess,
  type TestServers,
  wireOf,
} from "../support/mcp-client.ts";

let servers: TestServers;
beforeEach(async () => {
  servers = await makeServers();
});
afterEach(async () => await servers.close());

const call = (client: RawClient, name: string, args: unknown) =>
  client.request("tools/call", { name, arguments: args });

/** The promise is one second; a busy machine may take its time to say that a process has gone. */
const EXIT_MS_MAX = 2_500;

/** Milliseconds from `end` until the process is gone. */
async function timeToExit(server: ServerProcess, end: () => void): Promise<number> {
  const from = performance.now();
  end();
  await server.exited;
  return performance.now() - from;
}

describe("start", () => {
  it("makes no file before the first call that needs the store, for probes and listings alike", async () => {
    for (const dialect of ["v1", "v2-2026"] as const) {
      const client = await connectClient(dialect, wireOf(servers.start()));
      await client.listTools();
      await client.listPrompts();
      await client.listResourceTemplates();
      await client.listResources();
      const ref = { type: "ref/prompt", name: "resume" } as const;
      await client.complete({ ref, argument: { name: "branch", value: "" } });
      await client.close();
    }
    expect(await readdir(servers.folder)).toEqual([]);
  });

  it("answers a probe and then the older handshake on the same connection", async () => {
    const client = createRawClient(wireOf(servers.start()));
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "probe", version: "1" },
    };
    expect((await client.request("server/discover", { _meta })).result).toMatchObject({
      supportedVersions: expect.arrayContaining(["2026-07-28"]),
    });
    await client.initialize();
    expect((await call(client, "status", {})).result.structuredContent).toMatchObject({
      tract: "demo",
      head: null,
    });
  });

  it("speaks every revision that a client may ask for", async () => {
    for (const protocolVersion of ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
      const client = createRawClient(wireOf(servers.start()));
      const { result } = await client.request("initialize", {
        protocolVersion,
        capabilities: {},
        clientInfo: { name: "x", version: "1" },
      });
      expect(result).toMatchObject({
        protocolVersion,
        instructions: expect.stringContaining("compile"),
        serverInfo: { name: "tract" },
      });
      await call(client, "commit", { content: "x" });
      const kinds = (await call(client, "compile", {})).result.content.map(
        ({ type }: { readonly type: string }) => type,
      );
      expect(kinds.includes("resource_link"), protocolVersion).toBe(protocolVersion >= "2025-06-18");
    }
  });

  it("offers and enforces the profile of flag and environment", async () => {
    const self = await servers.startRaw();
    expect((await self.client.request("tools/list", {})).result.tools).toHaveLength(PROFILES.self.length);
    expect((await call(self.client, "verify", {})).result.structuredContent.error).toMatchObject({
      code: "not-allowed",
    });
    const observer = createRawClient(wireOf(servers.start([], { TRACT_PROFILE: "observer" })));
    await observer.initialize();
    expect((await observer.request("tools/list", {})).result.tools).toHaveLength(PROFILES.observer.length);
    const refused = await call(observer, "branch", { action: "create", name: "idea" });
    expect(refused.result.structuredContent.error).toMatchObject({ code: "not-allowed" });
  });
});

describe("the end", () => {
  it("comes within a second of stdin closing, of SIGTERM and of SIGINT, with nothing lost", async () => {
    for (const [i, end] of [
      (s: ServerProcess) => s.process.stdin.end(),
      (s: ServerProcess) => s.process.kill("SIGTERM"),
      (s: ServerProcess) => s.process.kill("SIGINT"),
    ].entries()) {
      const { server, client } = await servers.startRaw();
      await call(client, "commit", { content: `before end ${i}` });
      expect(await timeToExit(server, () => end(server))).toBeLessThan(EXIT_MS_MAX);
      expect(await server.exited).toBe(0);
    }
    const { client } = await servers.startRaw();
    expect((await call(client, "status", {})).result.structuredContent.commits).toBe(3);
  });

  it("comes also while a client watches and a call is under way, and when the client breaks off", async () => {
    const { server, client } = await servers.startRaw();
    await call(client, "commit", { content: "x" });
    await client.request("resources/subscribe", { uri: "tract://demo/status" });
    await client.write(
      `${JSON.stringify({ jsonrpc: "2.0", id: 99, method: "tools/call", params: { name: "compile", arguments: {} } })}\n`,
    );
    const breakOff = (): void => {
      server.process.stdout.destroy();
      server.process.stdin.destroy();
    };
    expect(await timeToExit(server, breakOff)).toBeLessThan(EXIT_MS_MAX);
  });

  it("comes also when nobody reads what the server wrote", async () => {
    for (const end of [
      (s: ServerProcess) => s.process.stdin.end(),
      (s: ServerProcess) => s.process.kill("SIGTERM"),
    ]) {
      const { server, client } = await servers.startRaw();
      await call(client, "commit", { content: "two megabytes ".repeat(150_000) });
      server.process.stdout.pause();
      await client.write(
        `${JSON.stringify({ jsonrpc: "2.0", id: 99, method: "tools/call", params: { name: "show", arguments: { refs: ["HEAD"] } } })}\n`,
      );
      // The first bytes of the answer are there: the rest waits in the server.
      await new Promise((resolve) => server.process.stdout.once("readable", resolve));
      expect(await timeToExit(server, () => end(server))).toBeLessThan(EXIT_MS_MAX);
    }
  });

  it("does not come because nobody reads the log any more", async () => {
    const server = servers.start(["--log-level", "debug"]);
    const client = createRawClient(wireOf(server));
    server.process.stderr.destroy();
    await client.initialize();
    await call(client, "commit", { content: "one" });
    await client.write("no message\n".repeat(3));
    expect((await call(client, "log", {})).result.structuredContent.entries).toHaveLength(1);
    server.process.stdin.end();
    expect(await server.exited).toBe(0);
  });

  it("comes also while many large calls are queued, of which none is begun after the time for answers", async () => {
    const { server, client } = await servers.startRaw();
    const content = "a large commit ".repeat(300_000);
    for (let id = 100; id < 110; id++)
      await client.write(
        `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "commit", arguments: { content } } })}\n`,
      );
    expect(await timeToExit(server, () => server.process.stdin.end())).toBeLessThan(EXIT_MS_MAX);
    expect(await server.exited).toBe(0);
  });

  it("answers what was piped in before it ends", async () => {
    const server = servers.start();
    const client = createRawClient(wireOf(server));
    const lines = [
      {
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: {
          protocolVersion: "2025-06-18",
          capabilities: {},
          clientInfo: { name: "pipe", version: "1" },
        },
      },
      { jsonrpc: "2.0", method: "notifications/initialized" },
      {
        jsonrpc: "2.0",
        id: 2,
        method: "tools/call",
        params: { name: "commit", arguments: { content: "piped" } },
      },
    ];
    server.process.stdin.end(lines.map((line) => JSON.stringify(line)).join("\n"));
    expect((await client.next(({ id }) => id === 2)).result.structuredContent.commits).toHaveLength(1);
    expect(await server.exited).toBe(0);
  });
});
