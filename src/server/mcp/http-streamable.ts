/** Streamable HTTP of the revisions with sessions: begun by initialize, used by their id, ended by DELETE or when they are left. */
import { randomUUID } from "node:crypto";
import { isInitializeRequest } from "@modelcontextprotocol/server";
import { type Connect, type HttpAnswer, type HttpCall, refused, SESSION_GONE } from "./http-call.ts";
import { type ConnectionHost, openStreamableSession, type StreamableSession } from "./http-connection.ts";
import { createSessionTable, type TableLimits } from "./session-table.ts";

export interface StreamableServing {
  readonly serve: (call: HttpCall) => Promise<HttpAnswer>;
  readonly size: () => number;
  readonly close: () => Promise<void>;
}

export function createStreamableServing(
  host: ConnectionHost,
  connect: Connect,
  { limits, now }: { readonly limits: TableLimits; readonly now: () => number },
): StreamableServing {
  const sessions = createSessionTable<StreamableSession>(limits, now);

  async function begin({ request, body, caller }: HttpCall): Promise<HttpAnswer> {
    if (!sessions.hasRoom()) return refused(503, "too many sessions");
    const id = randomUUID();
    const owned = { principal: caller.principal, services: connect(caller.access) };
    const onDeleted = (): void => void sessions.end(id);
    const session = await openStreamableSession(owned, host, { id, onDeleted });
    sessions.add(id, session);
    const release = sessions.use(id);
    const response = await session.handle(request, body);
    // What the transport refuses has begun nothing.
    if (response.headers.get("mcp-session-id") === null) await sessions.end(id);
    return { response, sessionId: owned.services.sessionId, done: async () => release() };
  }

  return {
    serve: async (call) => {
      const { request, body, caller } = call;
      const id = request.headers.get("mcp-session-id");
      if (id === null) {
        return request.method === "POST" && isInitializeRequest(body)
          ? await begin(call)
          : refused(400, "the header Mcp-Session-Id is missing: begin with initialize");
      }
      const session = sessions.find(id);
      if (session === null || session.principal !== caller.principal)
        return refused(404, "there is no such session: begin with initialize", SESSION_GONE);
      const release = sessions.use(id);
      const response = await session.handle(request, body);
      return { response, sessionId: session.services.sessionId, done: async () => release() };
    },
    size: sessions.size,
    close: sessions.close,
  };
}
