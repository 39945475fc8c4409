/** Revision 2026-07-28 over HTTP: no request knows of another, but those of one client stand in one session of the ledger. */
import { CLIENT_INFO_META_KEY } from "@modelcontextprotocol/server";
import { type Connect, type HttpAnswer, type HttpCall, type HttpCaller, refused } from "./http-call.ts";
import type { ConnectionHost } from "./http-connection.ts";
import { serveModernRequest } from "./http-request.ts";
import type { SessionServices } from "./services.ts";
import { createSessionTable, type Session, type TableLimits } from "./session-table.ts";

export interface StatelessServing {
  readonly serve: (call: HttpCall) => Promise<HttpAnswer>;
  /** Clients that asked lately. */
  readonly size: () => number;
  /** Aborts calls, closes streams, ends sessions. */
  readonly close: () => Promise<void>;
}

interface StatelessClient extends Session {
  readonly services: SessionServices;
}

export function createStatelessServing(
  host: ConnectionHost,
  connect: Connect,
  { limits, now }: { readonly limits: TableLimits; readonly now: () => number },
): StatelessServing {
  // Nothing is lost when one of these ends early, so any that is not in use may.
  const clients = createSessionTable<StatelessClient>({ ...limits, spareMs: 0 }, now);
  const serving = new Set<() => Promise<void>>();

  function begin(key: string, { access, client: owner }: HttpCaller): StatelessClient | null {
    if (!clients.hasRoom(owner)) return null;
    const services = connect(access);
    const client = { services, end: services.close };
    clients.add(key, client, owner);
    return client;
  }

  return {
    serve: async (call) => {
      const key = clientKey(call);
      const client = clients.find(key) ?? begin(key, call.caller);
      if (client === null) return refused(503, "too many clients");
      const { services } = client;
      const release = clients.use(key);
      try {
        const { response, close } = await serveModernRequest(call, services, host);
        serving.add(close);
        const done = async (): Promise<void> => {
          serving.delete(close);
          await close();
          release();
        };
        return { response, sessionId: services.sessionId, done };
      } catch (error) {
        release();
        throw error;
      }
    },
    size: clients.size,
    close: async () => {
      await Promise.all([...serving].map((end) => end()));
      await clients.close();
    },
  };
}

/** The same for requests that cannot be told apart: of one token, one machine, and one program by its own word. */
function clientKey({ body, caller }: HttpCall): string {
  const meta: unknown = Object(Object(body).params)._meta;
  const info: unknown = Object(Reflect.get(Object(meta), CLIENT_INFO_META_KEY));
  const { name, version } = info as { readonly name?: unknown; readonly version?: unknown }; // An object; its fields may be anything.
  const words = [name, version].map((word) =>
    typeof word === "string" ? word.slice(0, KEY_CHARS_MAX) : null,
  );
  return JSON.stringify([caller.client, ...words]);
}

const KEY_CHARS_MAX = 200;
