/** Serves MCP over stdin and stdout until the client goes away, in the protocol eras of 2025 and 2026 alike. */
import type { Readable, Writable } from "node:stream";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { type ChangeWatcher, createChangeWatcher } from "./change-watcher.ts";
import { createMcpServer } from "./create-server.ts";
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

export function serveMcpOverStdio(services: McpServices, { stdin, stdout }: StdioStreams): StdioServer {
  const { log } = services;
  const watcher = createChangeWatcher({ engineFor: services.engineFor, pollMs: CHANGE_POLL_MS, log });
  const transport = new StdioTransport({
    stdin,
    stdout,
    messageBytesMax: MESSAGE_BYTES_MAX,
    drainMsMax: DRAIN_MS_MAX,
    log,
    onInbound: (message) => followListening(message, watcher),
  });
  const handle = serveStdio(() => createMcpServer(services, watcher), {
    transport,
    // The SDK's messages may quote what was sent; what stands before the first colon is its own.
    onerror: (error) => log.debug("protocol error", { error: error.message.split(":", 1)[0] ?? error.name }),
  });
  const closed = transport.closed.then(watcher.close);
  return { closed, close: () => handle.close() };
}

/**
 * In the 2026 era the SDK answers `subscriptions/listen` before a server sees it, and drops notifications that nobody listens to; here we
 * only learn when watching is worth its while.
 */
function followListening(message: JSONRPCMessage, watcher: ChangeWatcher): void {
  if (!("method" in message)) return;
  if (message.method === "notifications/cancelled") watcher.unwatch(listenKey(message.params?.requestId));
  const wanted =
    message.method === "subscriptions/listen" && "id" in message ? message.params?.notifications : null;
  if (typeof wanted !== "object" || wanted === null || !("id" in message)) return;
  const uris: unknown = Reflect.get(wanted, "resourceSubscriptions");
  void watcher.watch(listenKey(message.id), {
    uris: Array.isArray(uris)
      ? uris.filter((uri) => typeof uri === "string").slice(0, SUBSCRIPTIONS_MAX)
      : [],
    list: Reflect.get(wanted, "resourcesListChanged") === true,
  });
}

function listenKey(requestId: unknown): string {
  return `listen ${JSON.stringify(requestId)}`;
}
