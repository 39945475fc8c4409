/** HTTP servers for tests, as a process or in this one, and real clients of both lines, both eras and both transports. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import {
  Client as ClientV2,
  SSEClientTransport as SseV2,
  StreamableHTTPClientTransport as StreamableV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as SseV1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as StreamableV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { type ConfigInputs, resolveConfig } from "../../src/server/config.ts";
import { HTTP_LIMITS, type HttpLimits } from "../../src/server/http/http-limits.ts";
import type { HttpServer } from "../../src/server/http/http-server.ts";
import { createMcpServer } from "../../src/server/mcp/create-server.ts";
import { openHttp } from "../../src/server/serve-http.ts";
import { CHILD_ENV } from "./child-env.ts";
import { type Dialect, REPOSITORY, type TestClient } from "./mcp-client.ts";

export interface HttpProcess {
  readonly process: ChildProcessByStdio<null, null, Readable>;
  /** What it wrote to stderr so far. */
  readonly log: () => string;
  /** Resolves to exit code or signal. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

/** Starts `tract serve --http` as a person does. The environment of the tests does not reach it. */
export function startHttpProcess(
  store: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): HttpProcess {
  const main = join(REPOSITORY, "src/server/main.ts");
  const given = ["serve", "--http", "--port", "0", "--store", `sqlite:${store}`, "--tract", "demo", ...args];
  const child = spawn(process.execPath, [main, ...given], {
    cwd: tmpdir(),
    env: { ...CHILD_ENV, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  return { process: child, log: () => log, exited };
}

/** Its address, once it listens. */
export async function addressOf(server: HttpProcess): Promise<string> {
  for (;;) {
    const [, address] = /MCP at (http:\S+)\/mcp/.exec(server.log()) ?? [];
    if (address !== undefined) return address;
    const more = new Promise<null>((resolve) => server.process.stderr.once("data", () => resolve(null)));
    const ended = await Promise.race([more, server.exited]);
    if (ended !== null) throw new Error(`the server ended with ${ended}: ${server.log()}`);
  }
}

/** A server in this process: quick to start, with limits of a test's own. */
export interface LocalHttp {
  readonly server: HttpServer;
  readonly address: string;
  readonly log: () => string;
}

export async function startLocalHttp(
  folder: string,
  flags: ConfigInputs["flags"] = {},
  limits: Partial<HttpLimits> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<LocalHttp> {
  let log = "";
  const config = resolveConfig({
    flags: {
      "http.port": "0",
      store: `sqlite:${folder}/test.db`,
      tract: "demo",
      log_level: "info",
      ...flags,
    },
    env,
    cwd: folder,
    homedir: folder,
    platform: process.platform,
    exists: existsSync,
    readFile: (path) => (existsSync(path) ? readFileSync(path, "utf8") : null),
  });
  const server = await openHttp(config, {
    writeLine: (line) => {
      log += line;
    },
    limits: { ...HTTP_LIMITS, ...limits },
    makeServer: createMcpServer,
  });
  return { server, address: `http://127.0.0.1:${server.port}`, log: () => log };
}

export type Over = "http" | "sse";

/** A client that counts what it is told of. */
export interface HttpClient {
  readonly client: TestClient;
  /** Asks to be told of a resource. */
  readonly watch: (uri: string) => Promise<void>;
  /** Resolves at the next notification of a resource, or one that was not asked for yet. */
  readonly updated: (uri: string) => Promise<void>;
}

export async function connectHttp(
  dialect: Dialect,
  over: Over,
  address: string,
  { name = "test-client", token }: { readonly name?: string; readonly token?: string } = {},
): Promise<HttpClient> {
  const info = { name, version: "1.0.0" };
  const url = new URL(over === "http" ? "/mcp" : "/sse", address);
  const requestInit = { headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } };
  const told = createMailbox();
  if (dialect === "v1") {
    const client = new ClientV1(info);
    client.fallbackNotificationHandler = async (note) => told.put(note);
    const transport =
      over === "http" ? new StreamableV1(url, { requestInit }) : new SseV1(url, { requestInit });
    await client.connect(transport as Parameters<ClientV1["connect"]>[0]); // Its own types differ under exactOptionalPropertyTypes.
    return {
      client: client as unknown as TestClient, // The methods that tests use take and give the same on the wire.
      watch: async (uri) => void (await client.subscribeResource({ uri })),
      updated: told.take,
    };
  }
  const isNew = dialect === "v2-2026";
  const versionNegotiation = { mode: isNew ? ({ pin: "2026-07-28" } as const) : ("legacy" as const) };
  const client = new ClientV2(info, { versionNegotiation });
  client.fallbackNotificationHandler = async (note) => told.put(note);
  await client.connect(
    over === "http" ? new StreamableV2(url, { requestInit }) : new SseV2(url, { requestInit }),
  );
  return {
    client,
    watch: async (uri) => {
      await (isNew ? client.listen({ resourceSubscriptions: [uri] }) : client.subscribeResource({ uri }));
    },
    updated: told.take,
  };
}

interface Mailbox {
  readonly put: (note: {
    readonly method: string;
    readonly params?: Record<string, unknown> | undefined;
  }) => void;
  readonly take: (uri: string) => Promise<void>;
}

function createMailbox(): Mailbox {
  const kept: unknown[] = [];
  let waiting: { readonly uri: string; readonly resolve: () => void }[] = [];
  return {
    put: ({ method, params }) => {
      if (method !== "notifications/resources/updated") return;
      const uri = params?.uri;
      const wanted = waiting.filter((each) => each.uri === uri);
      waiting = waiting.filter((each) => each.uri !== uri);
      for (const { resolve } of wanted) resolve();
      if (wanted.length === 0) kept.push(uri);
    },
    take: async (uri) => {
      const at = kept.indexOf(uri);
      if (at >= 0) kept.splice(at, 1);
      else await new Promise<void>((resolve) => waiting.push({ uri, resolve }));
    },
  };
}

export const JSON_HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "application/json",
  Accept: "application/json, text/event-stream",
};

/** A request of revision 2026-07-28, as its clients write it. */
export function modernRequest(
  method: string,
  params: Readonly<Record<string, unknown>>,
  { name = "raw", ...headers }: Readonly<Record<string, string>> = {},
): RequestInit & { readonly headers: Record<string, string> } {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": { name, version: "1" },
  };
  const named = params.name ?? params.uri;
  return {
    method: "POST",
    headers: {
      ...JSON_HEADERS,
      "MCP-Protocol-Version": "2026-07-28",
      "Mcp-Method": method,
      ...(typeof named === "string" ? { "Mcp-Name": named } : {}),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  };
}

/** The result of a tool, called in revision 2026-07-28 by a client without memory. */
export async function callOnce(
  address: string,
  name: string,
  args: unknown,
  headers: Readonly<Record<string, string>> = {},
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of every shape.
): Promise<any> {
  const request = modernRequest("tools/call", { name, arguments: args }, headers);
  const answer = (await (await fetch(`${address}/mcp`, request)).json()) as {
    readonly result: { readonly structuredContent: unknown };
  };
  return answer.result.structuredContent;
}

/** A connection that writes what no client would. */
export function openSocket(address: string): {
  readonly socket: Socket;
  /** All that came until the other side closed. */
  readonly all: Promise<string>;
} {
  const { hostname, port } = new URL(address);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on("error", () => undefined);
  return { socket, all: new Promise((resolve) => socket.once("close", () => resolve(text))) };
}
