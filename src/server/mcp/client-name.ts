/** The name that a client gives itself: authors and the ledger show it. */
import { CLIENT_INFO_META_KEY, type Server, type ServerContext } from "@modelcontextprotocol/server";

const NAME_CHARS_MAX = 200;

/** From the request itself in the 2026 era, else from the handshake; null when the client has no name. */
export function clientNameOf(server: Server, { mcpReq }: ServerContext): string | null {
  const own: unknown =
    mcpReq.envelope === undefined ? undefined : Reflect.get(mcpReq.envelope, CLIENT_INFO_META_KEY);
  const info = own ?? server.getClientVersion();
  const name: unknown = typeof info === "object" && info !== null && "name" in info ? info.name : undefined;
  return typeof name === "string" && name !== "" ? name.slice(0, NAME_CHARS_MAX).toWellFormed() : null;
}
