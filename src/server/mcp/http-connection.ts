/** One client of an older revision over HTTP: a server, a watcher and a session of its own, until it leaves or has been left (spec 7.4). */
import {
  isJSONRPCNotification,
  type JSONRPCMessage,
  type RequestId,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { ChangeHub } from "./change-hub.ts";
import { createChangeWatcher } from "./change-watcher.ts";
import type { MakeServer } from "./create-server.ts";
import { createOpenCalls, type OpenCalls } from "./http-open-calls.ts";
import { CHANGE_POLL_MS } from "./limits.ts";
import type { SessionServices } from "./services.ts";
import type { Session } from "./session-table.ts";
import { SseTransport } from "./sse-transport.ts";

/** Whom a session belongs to: nobody else may use its id. */
export interface Owned {
  /** Name of whoever showed a token. */
  readonly principal: string;
  readonly services: SessionServices;
}

export interface StreamableSession extends Session, Owned {
  /** Answers a request of the session; its body is parsed already. */
  readonly handle: (request: Request, body: unknown) => Promise<Handled>;
}

export interface Handled {
  readonly response: Response;
  /** Resolves when nothing that was asked for is under way any more: a client may leave before that. */
  readonly over: Promise<void>;
}

export interface SseSession extends Session, Owned {
  /** What the client reads. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Takes a posted message, and says when it is done with; null when it is none. */
  readonly receive: (body: unknown) => Promise<void> | null;
}

/** What connections of one endpoint have in common. */
export interface ConnectionHost {
  readonly hub: ChangeHub;
  readonly makeServer: MakeServer;
  /** How often an open stream says that it is alive, in milliseconds. */
  readonly aliveMs: number;
}

export interface StreamableOptions {
  readonly id: string;
  /** The client has asked for the end of the session. */
  readonly onDeleted: () => void;
}

/** Streamable HTTP of the revisions up to 2025-11-25. */
export async function openStreamableSession(
  owned: Owned,
  host: ConnectionHost,
  { id, onDeleted }: StreamableOptions,
): Promise<StreamableSession> {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => id,
    onsessionclosed: onDeleted,
    keepAliveMs: host.aliveMs,
  });
  const { calls, end } = await connectServer(owned, host, transport);
  return {
    ...owned,
    end,
    handle: async (request, body) => {
      const { over, drop } = calls.open(body);
      const response = await transport.handleRequest(request, body === undefined ? {} : { parsedBody: body });
      if (!response.ok) drop();
      const cancelled = response.status === 202 ? cancelledId(body) : null;
      // Already answered: there is nothing left to end.
      if (cancelled !== null) await transport.send(cancelledAnswer(cancelled)).catch(() => undefined);
      return { response, over };
    },
  };
}

/** The id of the request that a notification cancels; null for every other body. */
function cancelledId(body: unknown): RequestId | null {
  if (!isJSONRPCNotification(body) || body.method !== "notifications/cancelled") return null;
  const id = body.params?.requestId;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

/** The server gives no answer to what was cancelled, and the transport would keep its stream open, waiting for one. */
function cancelledAnswer(id: RequestId): JSONRPCMessage {
  return { jsonrpc: "2.0", id, error: { code: REQUEST_CANCELLED, message: "the request was cancelled" } };
}

const REQUEST_CANCELLED = -32_800;

/** HTTP+SSE of revision 2024-11-05. */
export async function openSseSession(
  owned: Owned,
  host: ConnectionHost,
  { endpoint }: { readonly endpoint: string },
): Promise<SseSession> {
  const transport = new SseTransport({ endpoint, aliveMs: host.aliveMs });
  const { calls, end } = await connectServer(owned, host, transport);
  return {
    ...owned,
    end,
    stream: transport.stream,
    receive: (body) => {
      const { over, drop } = calls.open(body);
      const isMessage = transport.receive(body);
      if (!isMessage) drop();
      const cancelled = cancelledId(body);
      if (cancelled !== null) calls.close(cancelled);
      return isMessage ? over : null;
    },
  };
}

type ServerTransport = Parameters<ReturnType<MakeServer>["connect"]>[0];

interface Connection extends Session {
  readonly calls: OpenCalls;
}

/** The end of a connection aborts its calls, ends its session in the ledger, and comes once. */
async function connectServer(
  { services }: Owned,
  { hub, makeServer }: ConnectionHost,
  transport: ServerTransport,
): Promise<Connection> {
  const { storedEngine: engineFor, log } = services;
  const watcher = hub.join(createChangeWatcher({ engineFor, pollMs: CHANGE_POLL_MS, log }));
  const server = makeServer(services, watcher);
  // The SDK's messages may quote what was sent; what stands before the first colon is its own.
  ("server" in server ? server.server : server).onerror = (error) =>
    log.debug("protocol error", { error: error.message.split(":", 1)[0] ?? "" });
  const calls = followCalls(transport);
  await server.connect(transport);
  const endAll = async (): Promise<void> => {
    watcher.close();
    await server.close();
    calls.closeAll();
    await services.close();
    hub.writer.wake(); // The end of a session is in the ledger.
  };
  let ending: Promise<void> | null = null;
  return {
    calls,
    end: () => {
      ending ??= endAll().catch((error: unknown) => {
        log.warn("a client's connection did not end in order", {
          error: error instanceof Error ? error.name : "unknown",
        });
      });
      return ending;
    },
  };
}

function followCalls(transport: ServerTransport): OpenCalls {
  const calls = createOpenCalls();
  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    try {
      await send(message, options);
    } finally {
      calls.sent(message);
    }
  };
  return calls;
}
