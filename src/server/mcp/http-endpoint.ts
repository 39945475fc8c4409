/** MCP over HTTP as web-standard requests and responses: every revision, each client by itself (spec 6.1, 6.2, 7.4). */
import { isJsonContentType, isLegacyRequest } from "@modelcontextprotocol/server";
import { createChangeHub } from "./change-hub.ts";
import type { MakeServer } from "./create-server.ts";
import type { Connect, HttpAnswer, HttpCall } from "./http-call.ts";
import { createSseServing } from "./http-sse.ts";
import { createStatelessServing } from "./http-stateless.ts";
import { createStreamableServing } from "./http-streamable.ts";

export interface HttpEndpoint {
  /** `/mcp`. */
  readonly mcp: (call: HttpCall) => Promise<HttpAnswer>;
  /** `GET /sse`. */
  readonly openSse: (call: HttpCall) => Promise<HttpAnswer>;
  /** `POST /messages?sessionId=`. */
  readonly postMessage: (call: HttpCall) => Promise<HttpAnswer>;
  /** Sessions that are open now. */
  readonly sessions: () => number;
  /** Ends every session and request: calls are aborted, streams closed, the ledger's sessions ended. */
  readonly close: () => Promise<void>;
}

export interface EndpointOptions {
  readonly connect: Connect;
  readonly makeServer: MakeServer;
  readonly messagesPath: string;
  readonly sessionsMax: number;
  readonly sessionsPerClientMax: number;
  readonly sessionIdleMs: number;
  readonly sessionSpareMs: number;
  readonly sessionSweepMs: number;
  readonly streamAliveMs: number;
  /** Milliseconds, from any beginning. */
  readonly now: () => number;
}

export function createHttpEndpoint(options: EndpointOptions): HttpEndpoint {
  const { connect, makeServer, messagesPath, now } = options;
  const limits = {
    sessionsMax: options.sessionsMax,
    sessionsPerClientMax: options.sessionsPerClientMax,
    idleMs: options.sessionIdleMs,
    spareMs: options.sessionSpareMs,
    sweepMs: options.sessionSweepMs,
  };
  const host = { hub: createChangeHub(), makeServer, aliveMs: options.streamAliveMs };
  const stateless = createStatelessServing(host, connect, { limits, now });
  const streamable = createStreamableServing(host, connect, { limits, now });
  const sse = createSseServing(host, connect, { messagesPath, limits, now });
  return {
    mcp: async (call) => {
      const isLegacy = await isLegacyRequest(call.request, call.body);
      return await (isLegacy ? streamable : stateless).serve(call);
    },
    openSse: sse.open,
    postMessage: sse.post,
    sessions: () => stateless.size() + streamable.size() + sse.size(),
    close: async () => {
      await Promise.all([stateless.close(), streamable.close(), sse.close()]);
    },
  };
}

/** Whether a POST says that it carries JSON. */
export function carriesJson(contentType: string | undefined): boolean {
  return isJsonContentType(contentType ?? null);
}
