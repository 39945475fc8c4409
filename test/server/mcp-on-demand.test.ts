/** A server that shakes hands before engine and tools are there: what comes early waits for them, in its order. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createServices, type Services } from "../../src/server/compose.ts";
import { resolveConfig } from "../../src/server/config.ts";
import { createLog } from "../../src/server/log.ts";
import { type StdioServer, serveMcpOnDemand } from "../../src/server/mcp/stdio.ts";
import { createRawClient, type RawClient } from "../support/mcp-client.ts";

let folder: string;
let services: Services;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-demand-"));
  const config = resolveConfig({
    flags: {},
    env: {},
    cwd: folder,
    homedir: folder,
    platform: "linux",
    readFile: () => null,
    exists: () => false,
  });
  services = createServices(config, { authorKind: "agent", writeLog: () => undefined, files: "import_root" });
});
afterEach(async () => {
  await services.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Started {
  readonly server: StdioServer;
  readonly client: RawClient;
  readonly stdin: PassThrough;
  readonly loads: () => number;
}

/** Loading lasts until `loaded` is settled. */
function start(loaded: Promise<unknown>): Started {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  let loads = 0;
  const load = async (): Promise<Services> => {
    loads++;
    await loaded;
    return services;
  };
  const server = serveMcpOnDemand({ log: createLog("silent", () => undefined), load }, { stdin, stdout });
  return { server, stdin, client: createRawClient({ input: stdin, output: stdout }), loads: () => loads };
}

const HELLO = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "x", version: "1" } };

it("answers handshake and ping without loading anything", async () => {
  const { client, server, loads } = start(new Promise(() => undefined));
  const { result } = await client.request("initialize", HELLO);
  expect(result).toMatchObject({
    serverInfo: { name: "tract" },
    capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
    instructions: expect.stringContaining("compile"),
  });
  expect((await client.request("ping", {})).result).toEqual({});
  expect(loads()).toBe(0);
  await server.close();
});

it("answers what came while it was loading, in the order in which it came, and loads once", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { client, server, loads } = start(promise);
  await client.request("initialize", HELLO);
  const commit = (content: string) =>
    client.request("tools/call", { name: "commit", arguments: { content } });
  const early = [
    commit("one"),
    commit("two"),
    client.request("prompts/list", {}),
    client.request("ping", {}),
  ];
  expect(readdirSync(folder)).toEqual([]);
  resolve();
  const [, , prompts, ping] = await Promise.all(early);
  expect(prompts?.result.prompts.length).toBeGreaterThan(0);
  expect(ping?.result).toEqual({});
  const log = await client.request("tools/call", { name: "log", arguments: {} });
  expect(log.result.structuredContent.entries.map((entry: { message: string }) => entry.message)).toEqual([
    "dialogue: two",
    "dialogue: one",
  ]);
  expect(loads()).toBe(1);
  await server.close();
});

it("ends at once when the client goes while it is loading", async () => {
  const { client, server, stdin } = start(new Promise(() => undefined));
  await client.request("initialize", HELLO);
  await client.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
  stdin.end();
  await server.closed;
});

it("ends with the reason when the rest cannot be loaded", async () => {
  const { client, server } = start(Promise.reject(new Error("a chunk is missing")));
  await client.request("initialize", HELLO);
  void client.request("tools/list", {});
  await expect(server.closed).rejects.toThrow("a chunk is missing");
});
