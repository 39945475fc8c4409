/** The addresses of the HTTP way in, and the methods that each takes (spec 6.1). */
import { Refusal } from "./refusal.ts";

export type Route = "mcp" | "sse" | "messages" | "health";

export const MESSAGES_PATH = "/messages";

const ROUTES: Readonly<Record<string, { readonly route: Route; readonly methods: readonly string[] }>> = {
  "/mcp": { route: "mcp", methods: ["POST", "GET", "DELETE"] },
  "/sse": { route: "sse", methods: ["GET"] },
  [MESSAGES_PATH]: { route: "messages", methods: ["POST"] },
  "/healthz": { route: "health", methods: ["GET", "HEAD"] },
};

/** What a request is for. @throws Refusal 404 for another address, 405 for another method. */
export function routeOf(path: string, method: string): Route {
  const known = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (known === undefined) throw new Refusal(404, "there is nothing at this address: MCP is at /mcp");
  if (known.methods.includes(method)) return known.route;
  throw new Refusal(405, `this address takes ${known.methods.join(", ")}`, {
    Allow: known.methods.join(", "),
  });
}
