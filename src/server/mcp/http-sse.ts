/** HTTP+SSE of revision 2024-11-05, for hosts that still use it: a session is as long as its stream (spec 6.1). */
import { randomUUID } from "node:crypto";
import {
  type Connect,
  type HttpAnswer,
  type HttpCall,
  INVALID_REQUEST,
  refused,
  SESSION_GONE,
} from "./http-call.ts";
import { type ConnectionHost, openSseSession, type SseSession } from "./http-connection.ts";
import { createSessionTable, type TableLimits } from "./session-table.ts";

export interface SseServing {
  /** `GET /sse`. */
  readonly open: (call: HttpCall) => Promise<HttpAnswer>;
  /** `POST /messages?sessionId=`. */
  readonly post: (call: HttpCall) => Promise<HttpAnswer>;
  readonly size: () => number;
  readonly close: () => Promise<void>;
}

export interface SseOptions {
  readonly messagesPath: string;
  readonly limits: TableLimits;
  readonly now: () => number;
}

export function createSseServing(
  host: ConnectionHost,
  connect: Connect,
  { messagesPath, limits, now }: SseOptions,
): SseServing {
  const sessions = createSessionTable<SseSession>(limits, now);
  return {
    open: async ({ caller }) => {
      if (!sessions.hasRoom(caller.client)) return refused(503, "too many sessions");
      const id = randomUUID();
      const owned = { principal: caller.principal, services: connect(caller.access) };
      const session = await openSseSession(owned, host, { endpoint: `${messagesPath}?sessionId=${id}` });
      sessions.add(id, session, caller.client);
      const release = sessions.use(id);
      const done = async (): Promise<void> => {
        release();
        await sessions.end(id); // Without its stream a client cannot be answered.
      };
      const response = new Response(session.stream, { headers: EVENT_STREAM });
      return { response, sessionId: owned.services.sessionId, done };
    },
    post: async ({ request, body, caller }) => {
      const id = new URL(request.url).searchParams.get("sessionId");
      if (id === null) return refused(400, "sessionId is missing: the stream at /sse says where to post");
      const session = sessions.find(id);
      if (session === null || session.principal !== caller.principal)
        return refused(404, "there is no such session: open /sse again", SESSION_GONE);
      const { sessionId } = session.services;
      const over = session.receive(body);
      return over === null
        ? { ...refused(400, "the body is not one JSON-RPC 2.0 message", INVALID_REQUEST), sessionId }
        : { response: new Response("Accepted", { status: 202 }), sessionId, done: () => over };
    },
    size: sessions.size,
    close: sessions.close,
  };
}

const EVENT_STREAM = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};
