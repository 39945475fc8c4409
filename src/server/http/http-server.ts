/** Listens for HTTP within bounds of time, size and number, and ends in order (spec 6.1, 7.4). */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { TractError } from "../../engine/errors.ts";
import type { HttpEndpoint } from "../mcp/http-endpoint.ts";
import type { HttpLimits } from "./http-limits.ts";
import { createRequestHandler, type HandlerOptions } from "./request-handler.ts";
import { closeInTime } from "./web-bridge.ts";

export interface HttpServer {
  readonly port: number;
  /** What is open now. */
  readonly load: () => {
    readonly calls: number;
    readonly streams: number;
    readonly sessions: number;
    readonly connections: number;
  };
  /** Frees the port, gives calls under way a moment, then ends every session and connection. */
  readonly close: () => Promise<void>;
}

export interface ListenOptions extends HandlerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** @throws TractError `in-use`, `not-allowed` or `invalid-argument`: it cannot listen there. */
export async function startHttpServer(options: ListenOptions): Promise<HttpServer> {
  const { endpoint, limits } = options;
  const handler = createRequestHandler(options);
  const server = createServer(
    nodeLimits(limits),
    (request, response) => void handler.handle(request, response),
  );
  server.maxConnections = limits.connectionsMax;
  server.keepAliveTimeout = limits.keepAliveMs;
  server.on("clientError", (error, socket) => answerBrokenRequest(error, socket, limits.stallMsMax));
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo; // It listens on TCP, not on a pipe.
  return {
    port,
    load: () => ({ ...handler.load(), sessions: endpoint.sessions(), connections: connections.size }),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await within(limits.drainMsMax, handler.finish());
      await endInOrder(server, endpoint, closed);
    },
  };
}

async function endInOrder(server: Server, endpoint: HttpEndpoint, closed: Promise<void>): Promise<void> {
  await endpoint.close();
  // Streams have just got their last words; whoever reads them has a moment.
  const flushing = setInterval(() => server.closeIdleConnections(), FLUSH_CHECK_MS);
  await within(FLUSH_MS_MAX, closed);
  clearInterval(flushing);
  server.closeAllConnections();
  await closed;
}

const FLUSH_CHECK_MS = 10;
const FLUSH_MS_MAX = 100;

function nodeLimits(limits: HttpLimits): Parameters<typeof createServer>[0] & object {
  return {
    headersTimeout: limits.headersMsMax,
    requestTimeout: limits.requestMsMax,
    connectionsCheckingInterval: limits.slowCheckMs,
    maxHeaderSize: limits.headerBytesMax,
    keepAlive: true,
    noDelay: true,
    requireHostHeader: true,
    insecureHTTPParser: false,
  };
}

async function listen(server: Server, { host, port }: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(cannotListen(error, { host, port })));
    server.listen({ host, port }, resolve);
  });
}

function cannotListen(
  error: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
): TractError {
  const data = { host, port };
  const at = `port ${port} of ${host}`;
  switch (error.code) {
    case "EADDRINUSE":
      return new TractError("in-use", `${at} is in use`, {
        hint: "Another program listens there, perhaps Tract itself; choose another port with --port, or 0 for any.",
        data,
      });
    case "EACCES":
      return new TractError("not-allowed", `this user may not listen on ${at}`, {
        hint: "Choose a port from 1024 on with --port.",
        data,
      });
    default:
      return new TractError("invalid-argument", `cannot listen on ${at} (${error.code ?? "unknown"})`, {
        hint: "Name an address of this machine with --host, such as 127.0.0.1.",
        data,
        cause: error,
      });
  }
}

/** What never became a request: too slow, too long, or no HTTP. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex, stallMsMax: number): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = BROKEN[error.code ?? ""] ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  closeInTime(socket, stallMsMax);
}

const BROKEN: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

async function within(ms: number, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: over.signal }).catch(() => undefined)]);
  over.abort();
}
