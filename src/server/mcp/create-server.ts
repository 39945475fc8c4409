/** Makes the MCP server of one connection: cheap and without side effects, because clients start servers only to probe them. */
import { Server } from "@modelcontextprotocol/server";
import { FINISHED_CALLS } from "./approvals.ts";
import type { ChangeWatcher } from "./change-watcher.ts";
import { registerCompletions } from "./completions.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { registerPrompts } from "./prompts.ts";
import { registerTools } from "./register-tools.ts";
import { registerResources } from "./resources.ts";
import type { McpServices } from "./services.ts";

/**
 * The low-level `Server` is used on purpose: it lets us list our own schemas, check arguments in our own layer and answer failures with
 * structured content (spec 9, 29–30), which the SDK's `McpServer` decides by itself.
 *
 * @param watcher Of the same connection; it is told here whom to notify.
 */
export function createMcpServer(services: McpServices, watcher: ChangeWatcher): Server {
  const server = new Server(
    { name: "tract", title: "Tract", version: services.version },
    {
      capabilities: {
        tools: {},
        resources: { subscribe: true, listChanged: true },
        prompts: {},
        completions: {},
      },
      instructions: INSTRUCTIONS,
      requestState: { verify: FINISHED_CALLS.verify },
    },
  );
  registerTools(server, services, watcher);
  registerResources(server, services, watcher);
  registerPrompts(server, services);
  registerCompletions(server, services);
  watcher.setListener({
    resourceUpdated: async (uri) => await server.sendResourceUpdated({ uri }),
    listChanged: async () => await server.sendResourceListChanged(),
  });
  return server;
}
