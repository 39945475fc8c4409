/** Carries requests and responses between Node's HTTP server and the web-standard ones of the MCP SDK. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Writable } from "node:stream";

/** A signal that fires when the client goes away before it has the whole answer. */
export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** Without its body, which is read and parsed before; the address holds only path and query. */
export function toWebRequest(request: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const url = new URL("http://localhost");
  const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
  url.pathname = path;
  url.search = query;
  return new Request(url, { method: request.method ?? "GET", headers, signal });
}

/** How a response is written. */
export interface Sending {
  /** Fires when the client is gone. */
  readonly gone: AbortSignal;
  /** How long a client may leave unread what is written, in milliseconds; then it is cut off. */
  readonly stallMsMax: number;
}

/** Writes a response out, at the pace of the client; resolves when it is out or the client is gone. */
export async function sendWebResponse(
  web: Response,
  response: ServerResponse,
  { gone, stallMsMax }: Sending,
): Promise<void> {
  response.statusCode = web.status;
  // HTTP/1.1 keeps connections by itself, and a server that ends says so.
  for (const [name, value] of web.headers) if (name !== "connection") response.setHeader(name, value);
  if (web.body === null || gone.aborted) {
    await web.body?.cancel();
    response.end();
    return;
  }
  response.flushHeaders();
  const reader = web.body.getReader();
  const leave = (): void => void reader.cancel().catch(() => undefined);
  gone.addEventListener("abort", leave, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || gone.aborted) break;
      if (!response.write(value)) await drained(response, { gone, stallMsMax });
    }
    response.end();
    closeInTime(response, stallMsMax);
  } catch {
    response.destroy(); // Half an answer must not look like a whole one.
  } finally {
    gone.removeEventListener("abort", leave);
  }
}

/** Cuts off who leaves the end of an answer unread, so that nobody keeps a connection by not listening. */
export function closeInTime(ended: Writable, stallMsMax: number): void {
  if (ended.closed) return;
  const unread = setTimeout(() => ended.destroy(), stallMsMax).unref(); // Waiting for a reader keeps no process alive.
  ended.once("close", () => clearTimeout(unread));
}

async function drained(response: ServerResponse, { gone, stallMsMax }: Sending): Promise<void> {
  const stalled = setTimeout(() => response.destroy(), stallMsMax);
  try {
    await once(response, "drain", { signal: gone });
  } catch {
    // Gone: the next read finds it out.
  } finally {
    clearTimeout(stalled);
  }
}
