/** Makes the MCP server of one connection: cheap and without side effects, because clients start servers only to probe them. */
import type { McpServer, Server } from "@modelcontextprotocol/server";
import { createBareServer } from "./bare-server.ts";
import type { ChangeWatcher } from "./change-watcher.ts";
import { registerCompletions } from "./completions.ts";
import { registerPrompts } from "./prompts.ts";
import { registerTools } from "./register-tools.ts";
import { registerResources } from "./resources.ts";
import type { McpServices } from "./services.ts";

/** Makes the server of one connection or request; ways in take it as a value, so that another one can be served in the same way. */
export type MakeServer = (services: McpServices, watcher: ChangeWatcher) => Server | McpServer;

/** @param watcher Of the same connection; it is told here whom to notify. */
export function createMcpServer(services: McpServices, watcher: ChangeWatcher): Server {
  const server = createBareServer();
  offerAll(server, services, watcher);
  return server;
}

/** Answers everything on a server that so far could only shake hands. */
export function offerAll(server: Server, services: McpServices, watcher: ChangeWatcher): void {
  registerTools(server, services, watcher);
  registerResources(server, services, watcher);
  registerPrompts(server, services);
  registerCompletions(server, services);
  watcher.setListener({
    resourceUpdated: async (uri) => await server.sendResourceUpdated({ uri }),
    listChanged: async () => await server.sendResourceListChanged(),
  });
}
