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

  async function begin(call: HttpCall): Promise<HttpAnswer> {
    const { caller } = call;
    if (!sessions.hasRoom(caller.client)) return refused(503, "too many sessions");
    const id = randomUUID();
    const owned = { principal: caller.principal, services: connect(caller.access) };
    const onDeleted = (): void => void sessions.end(id);
    const session = await openStreamableSession(owned, host, { id, onDeleted });
    sessions.add(id, session, caller.client);
    const answer = await answerIn(id, session, call);
    // What the transport refuses has begun nothing.
    if (answer.response.headers.get("mcp-session-id") === null) await sessions.end(id);
    return answer;
  }

  async function answerIn(
    id: string,
    session: StreamableSession,
    { request, body }: HttpCall,
  ): Promise<HttpAnswer> {
    const release = sessions.use(id);
    try {
      const { response, over } = await session.handle(request, body);
      const done = (): Promise<void> => over.then(release);
      return { response, sessionId: session.services.sessionId, done };
    } catch (error) {
      release();
      throw error;
    }
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
      return await answerIn(id, session, call);
    },
    size: sessions.size,
    close: sessions.close,
  };
}
