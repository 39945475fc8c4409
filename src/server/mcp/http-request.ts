/** Serves one request of revision 2026-07-28 over HTTP: a server of its own, and a watcher if it listens; nothing is left afterwards. */
import { createMcpHandler, InMemoryServerEventBus } from "@modelcontextprotocol/server";
import { mayUseTract } from "../../tools/access.ts";
import { parseResourceUri } from "../../tools/resource-uris.ts";
import { createChangeWatcher } from "./change-watcher.ts";
import type { ConnectionHost } from "./http-connection.ts";
import { CHANGE_POLL_MS, SUBSCRIPTIONS_MAX } from "./limits.ts";
import type { SessionServices } from "./services.ts";

export interface ServedRequest {
  readonly response: Response;
  /** Ends what the request has opened: calls are aborted, streams closed. To be called when the answer is out, too. */
  readonly close: () => Promise<void>;
}

export async function serveModernRequest(
  { request, body }: { readonly request: Request; readonly body: unknown },
  services: SessionServices,
  { hub, makeServer, aliveMs }: ConnectionHost,
): Promise<ServedRequest> {
  const { storedEngine: engineFor, log } = services;
  // The SDK answers a subscription before a server sees it, so what watches is ours and not the server's.
  const wanted = listening(body, services);
  const watcher =
    wanted === null ? null : hub.join(createChangeWatcher({ engineFor, pollMs: CHANGE_POLL_MS, log }));
  const bus = new InMemoryServerEventBus();
  const handler = createMcpHandler(() => makeServer(services, hub.writer), {
    legacy: "reject",
    bus,
    keepAliveMs: aliveMs,
    // The SDK's messages may quote what was sent; what stands before the first colon is its own.
    onerror: (error) => log.debug("protocol error", { error: error.message.split(":", 1)[0] ?? "" }),
  });
  if (watcher !== null && wanted !== null) {
    watcher.setListener({
      resourceUpdated: async (uri) => handler.notify.resourceUpdated(uri),
      listChanged: async () => handler.notify.resourcesChanged(),
    });
    // Acknowledged only when the state of now is known, so that whatever is written after it shows.
    await watcher.watch("listen", wanted);
  }
  const close = async (): Promise<void> => {
    watcher?.close();
    await handler.close();
  };
  try {
    const response = await handler.fetch(request, body === undefined ? {} : { parsedBody: body });
    return { response, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What a `subscriptions/listen` asks to be told of, as far as this client may read it; null for every other request. */
function listening(
  body: unknown,
  { access }: SessionServices,
): { readonly uris: readonly string[]; readonly list: boolean } | null {
  if (typeof body !== "object" || body === null || Reflect.get(body, "method") !== "subscriptions/listen")
    return null;
  const wanted: unknown = Object(Reflect.get(body, "params")).notifications;
  if (typeof wanted !== "object" || wanted === null) return { uris: [], list: false };
  const uris: unknown = Reflect.get(wanted, "resourceSubscriptions");
  return {
    uris: (Array.isArray(uris) ? uris : [])
      .filter((uri): uri is string => typeof uri === "string")
      .filter((uri) => mayUseTract(access, parseResourceUri(uri)?.tract ?? ""))
      .slice(0, SUBSCRIPTIONS_MAX),
    list: Reflect.get(wanted, "resourcesListChanged") === true,
  };
}
