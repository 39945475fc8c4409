/** Real clients for tests: the official ones of both lines and both eras, over streams or a process, and one that writes bytes. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import {
  Client as ClientV2,
  type ElicitRequestFormParams,
  type ElicitResult,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { CHILD_ENV } from "./child-env.ts";

/** How a client speaks: the v2 client in either era, or the v1 client, which knows only the older one. */
export const DIALECTS = ["v1", "v2-2025", "v2-2026"] as const;
export type Dialect = (typeof DIALECTS)[number];

/** What both clients can do, as far as tests use it. */
export type TestClient = Pick<
  ClientV2,
  | "callTool"
  | "listTools"
  | "readResource"
  | "listResources"
  | "listResourceTemplates"
  | "listPrompts"
  | "getPrompt"
  | "complete"
  | "close"
  | "getInstructions"
  | "setNotificationHandler"
>;

export const REPOSITORY: string = new URL("../..", import.meta.url).pathname;

export interface ServerProcess {
  readonly process: ChildProcessWithoutNullStreams;
  /** What it wrote to stderr so far. */
  readonly log: () => string;
  /** Resolves to exit code or signal. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

export interface ServerOptions {
  readonly store: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts the server as a host does. The environment of the tests does not reach it. */
export function startServer({ store, args = [], env = {}, cwd }: ServerOptions): ServerProcess {
  const main = join(REPOSITORY, "src/server/main.ts");
  const child = spawn(process.execPath, [main, "serve", "--stdio", "--store", `sqlite:${store}`, ...args], {
    cwd: cwd ?? tmpdir(),
    env: { ...CHILD_ENV, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
  return { process: child, log: () => log, exited };
}

/** A folder of its own for one test's store. */
export async function makeFolder(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "tract-mcp-test-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Servers of one test, on a store of their own. */
export interface TestServers {
  readonly folder: string;
  readonly start: (args?: readonly string[], env?: Readonly<Record<string, string>>) => ServerProcess;
  /** With a client that has shaken hands in the older era. */
  readonly startRaw: (
    args?: readonly string[],
  ) => Promise<{ readonly server: ServerProcess; readonly client: RawClient }>;
  /** On any store. */
  readonly startOn: (store: string) => ServerProcess;
  readonly close: () => Promise<void>;
}

export async function makeServers(): Promise<TestServers> {
  const folder = await makeFolder();
  const started: ServerProcess[] = [];
  const begin = (options: ServerOptions): ServerProcess => {
    const server = startServer(options);
    started.push(server);
    return server;
  };
  const start: TestServers["start"] = (args = [], env = {}) =>
    begin({ store: `${folder.path}/test.db`, args: ["--tract", "demo", ...args], env });
  return {
    folder: folder.path,
    start,
    startRaw: async (args) => {
      const server = start(args);
      const client = createRawClient(wireOf(server));
      await client.initialize();
      return { server, client };
    },
    startOn: (store) => begin({ store }),
    close: async () => {
      for (const server of started) server.process.stdin.end();
      for (const server of started) await server.exited;
      await folder.remove();
    },
  };
}

interface Wire {
  readonly input: Writable;
  readonly output: Readable;
}

export function wireOf({ process: child }: ServerProcess): Wire {
  return { input: child.stdin, output: child.stdout };
}

/** What the human at the client answers to a form. */
export type Human = (
  params: Pick<ElicitRequestFormParams, "message">,
) => ElicitResult | Promise<ElicitResult>;

/** With `human`, the client offers elicitation. */
export async function connectClient(dialect: Dialect, wire: Wire, human?: Human): Promise<TestClient> {
  const info = { name: "test-client", version: "1.0.0" };
  const transport = createStreamTransport(wire);
  const capabilities = human === undefined ? {} : { elicitation: { form: {} } };
  if (dialect === "v1") {
    const client = new ClientV1(info, { capabilities });
    if (human !== undefined)
      client.setRequestHandler(ElicitRequestSchema, async ({ params }) => await human(params));
    await client.connect(transport as Parameters<ClientV1["connect"]>[0]); // The two lines type the same few methods apart.
    return client as unknown as TestClient; // The methods that tests use take and give the same on the wire.
  }
  const versionNegotiation = {
    mode: dialect === "v2-2026" ? ({ pin: "2026-07-28" } as const) : ("legacy" as const),
  };
  const client = new ClientV2(info, { versionNegotiation, capabilities });
  if (human !== undefined)
    client.setRequestHandler("elicitation/create", async ({ params }) => await human(params));
  await client.connect(transport);
  return client;
}

type ClientTransport = Parameters<ClientV2["connect"]>[0];

function createStreamTransport({ input, output }: Wire): ClientTransport {
  let rest = "";
  const transport: ClientTransport = {
    start: async () => {
      output.setEncoding("utf8");
      output.on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) transport.onmessage?.(JSON.parse(line));
      });
      output.on("end", () => transport.onclose?.());
    },
    send: async (message) => void input.write(`${JSON.stringify(message)}\n`),
    close: async () => {
      input.end();
      transport.onclose?.();
    },
  };
  return transport;
}

/** One who speaks lines, to send what no client would. */
export interface RawClient {
  readonly write: (bytes: string | Buffer) => Promise<void>;
  /** The next message that `matches`; earlier ones are kept for later. */
  readonly next: (matches: (message: RawMessage) => boolean) => Promise<RawMessage>;
  readonly request: (method: string, params: unknown) => Promise<RawMessage>;
  readonly initialize: () => Promise<void>;
}
export interface RawMessage {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of every shape.
  readonly result?: any;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: Readonly<Record<string, unknown>>;
  };
}

export function createRawClient({ input, output }: Wire): RawClient {
  let rest = "";
  let id = 0;
  const kept: RawMessage[] = [];
  const waiting: {
    readonly matches: (message: RawMessage) => boolean;
    readonly resolve: (message: RawMessage) => void;
  }[] = [];
  output.on("data", (chunk: Buffer | string) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(JSON.parse(line));
  });

  function take(message: RawMessage): void {
    const at = waiting.findIndex(({ matches }) => matches(message));
    if (at === -1) kept.push(message);
    else waiting.splice(at, 1)[0]?.resolve(message);
  }

  const client: RawClient = {
    write: async (bytes) => {
      if (!input.write(bytes)) await new Promise<void>((resolve) => input.once("drain", () => resolve()));
    },
    next: async (matches) => {
      const at = kept.findIndex(matches);
      const [message] = at === -1 ? [] : kept.splice(at, 1);
      return message ?? (await new Promise<RawMessage>((resolve) => waiting.push({ matches, resolve })));
    },
    request: async (method, params) => {
      const own = ++id;
      await client.write(`${JSON.stringify({ jsonrpc: "2.0", id: own, method, params })}\n`);
      return await client.next((message) => message.id === own && message.method === undefined);
    },
    initialize: async () => {
      const clientInfo = { name: "raw-client", version: "1.0.0" };
      await client.request("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
      await client.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
    },
  };
  return client;
}
