/** Serves MCP over stdin and stdout until the client goes away, in the protocol eras of 2025 and 2026 alike. */
import type { Readable, Writable } from "node:stream";
import type { JSONRPCMessage, Server } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { parseResourceUri } from "../../tools/resource-uris.ts";
import type { Log } from "../log.ts";
import { createBareServer } from "./bare-server.ts";
import { type ChangeWatcher, createChangeWatcher, type Watch } from "./change-watcher.ts";
import { CHANGE_POLL_MS, DRAIN_MS_MAX, MESSAGE_BYTES_MAX, SUBSCRIPTIONS_MAX } from "./limits.ts";
import type { McpServices } from "./services.ts";
import { StdioTransport } from "./stdio-transport.ts";

export interface StdioStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

export interface StdioServer {
  /** Resolves when the connection has ended; the caller then closes its services and exits. */
  readonly closed: Promise<void>;
  /** Ends the connection, as on SIGTERM. */
  readonly close: () => Promise<void>;
}

/** Serves what is there already. */
export function serveMcpOverStdio(services: McpServices, streams: StdioStreams): StdioServer {
  return serveMcpOnDemand({ log: services.log, load: async () => services }, streams);
}

export interface ServicesOnDemand {
  readonly log: Log;
  /** Called once, when a client asks for more than the handshake. */
  readonly load: () => Promise<McpServices>;
}

/** Shakes hands at once, and loads engine and tools for what comes after that: hosts start servers only to see whether they answer. */
export function serveMcpOnDemand({ log, load }: ServicesOnDemand, streams: StdioStreams): StdioServer {
  const demand = createDemand(load);
  const watcher = createChangeWatcher({
    engineFor: async (site) => await (await demand.services()).storedEngine(site),
    pollMs: CHANGE_POLL_MS,
    log,
  });
  const transport = new StdioTransport({
    ...streams,
    messageBytesMax: MESSAGE_BYTES_MAX,
    drainMsMax: DRAIN_MS_MAX,
    log,
    prepare: (message) => (isHandshake(message) ? null : prepared(message)),
    onInbound: (message) => {
      if ("method" in message && message.method === "notifications/cancelled")
        watcher.unwatch(listenKey(message.params?.requestId));
    },
  });
  const handle = serveStdio(() => demand.complete(createBareServer(), watcher), {
    transport,
    // The SDK's messages may quote what was sent; what stands before the first colon is its own.
    onerror: (error) => log.debug("protocol error", { error: error.message.split(":", 1)[0] ?? error.name }),
  });
  let failure: unknown = null;
  const met = (): Promise<void> | null =>
    demand.isMet()
      ? null
      : demand.meet().catch((error: unknown) => {
          // Without the rest of the installation there is nothing to serve.
          failure = error;
          void handle.close();
        });
  const prepared = (message: JSONRPCMessage): Promise<void> | null => {
    const listening = listeningOf(message);
    if (listening === null) return met();
    const { key, wanted } = listening;
    // Acknowledged only when the state of now is known, so that whatever is written after it shows.
    return (met() ?? Promise.resolve()).then(async () => void (await watcher.watch(key, wanted)));
  };
  const closed = transport.closed.then(() => {
    watcher.close();
    if (failure !== null) throw failure;
  });
  return { closed, close: () => handle.close() };
}

/** Loads engine and tools once, and gives them to the servers that were made before and are made afterwards. */
function createDemand(load: () => Promise<McpServices>): {
  readonly services: () => Promise<McpServices>;
  readonly isMet: () => boolean;
  readonly meet: () => Promise<void>;
  readonly complete: (server: Server, watcher: ChangeWatcher) => Server;
} {
  let services: Promise<McpServices> | null = null;
  let meeting: Promise<void> | null = null;
  let offer: ((server: Server, watcher: ChangeWatcher) => void) | null = null;
  const bare: { readonly server: Server; readonly watcher: ChangeWatcher }[] = [];
  const loaded = (): Promise<McpServices> => {
    services ??= load();
    return services;
  };
  return {
    services: loaded,
    isMet: () => offer !== null,
    meet: () => {
      meeting ??= Promise.all([import("./create-server.ts"), loaded()]).then(([{ offerAll }, given]) => {
        offer = (server, watcher) => offerAll(server, given, watcher);
        for (const { server, watcher } of bare) offer(server, watcher);
      });
      return meeting;
    },
    complete: (server, watcher) => {
      if (offer === null) bare.push({ server, watcher });
      else offer(server, watcher);
      return server;
    },
  };
}

const HANDSHAKE: ReadonlySet<string> = new Set(["initialize", "server/discover", "ping"]);

function isHandshake(message: JSONRPCMessage): boolean {
  return "method" in message && HANDSHAKE.has(message.method);
}

/**
 * In the 2026 era the SDK answers `subscriptions/listen` before a server sees it, and drops notifications that nobody listens to; here we
 * only learn what to watch. null for every other message.
 */
function listeningOf(message: JSONRPCMessage): { readonly key: string; readonly wanted: Watch } | null {
  if (!("method" in message && "id" in message) || message.method !== "subscriptions/listen") return null;
  const wanted: unknown = message.params?.notifications;
  if (typeof wanted !== "object" || wanted === null) return null;
  const uris: unknown = Reflect.get(wanted, "resourceSubscriptions");
  return {
    key: listenKey(message.id),
    wanted: {
      uris: Array.isArray(uris)
        ? uris
            .filter((uri) => typeof uri === "string" && parseResourceUri(uri) !== null)
            .slice(0, SUBSCRIPTIONS_MAX)
        : [],
      list: Reflect.get(wanted, "resourcesListChanged") === true,
    },
  };
}

function listenKey(requestId: unknown): string {
  return `listen ${JSON.stringify(requestId)}`;
}
