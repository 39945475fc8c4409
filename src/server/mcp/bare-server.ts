/** An MCP server that can shake hands and says what it will offer: all that a client hears first, without the engine and the tools. */
import type { Server } from "@modelcontextprotocol/server";
import { VERSION } from "../../version.ts";
import { ExplainingServer } from "./explaining-server.ts";
import { FINISHED_CALLS } from "./finished-calls.ts";
import { INSTRUCTIONS } from "./instructions.ts";

/**
 * The low-level `Server` is used on purpose: it lets us list our own schemas, check arguments in our own layer and answer failures with
 * structured content (spec 9, 29–30), which the SDK's `McpServer` decides by itself.
 */
export function createBareServer(): Server {
  return new ExplainingServer(
    { name: "tract", title: "Tract", version: VERSION },
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
}
