/** Offers the tools of a profile on an MCP server: the listing is compact, the arguments are checked by our own layer (spec 9, 29–32). */
import {
  type CallToolResult,
  type Tool as ListedTool,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
  type ToolAnnotations,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { CallSite } from "../../tools/call-site.ts";
import { executeTool, type ToolHost, type ToolOutcome } from "../../tools/execute.ts";
import { inputSchema, type ObjectSchema, outputSchema } from "../../tools/json-schema.ts";
import { PROFILES, type Profile } from "../../tools/profiles.ts";
import type { Tool, ToolResult } from "../../tools/tool.ts";
import { reportBug } from "../log.ts";
import type { ChangeWatcher } from "./change-watcher.ts";
import { clientNameOf } from "./client-name.ts";
import { progressReporter } from "./progress.ts";
import type { CallOrigin, McpServices } from "./services.ts";
import { failedToolResult } from "./tool-failure.ts";
import { createTurns } from "./turns.ts";

/** The SDK's own schema would drop arguments such as `__proto__` in silence; ours sees what was sent, which may be none. */
const CALL_PARAMS = z.object({ name: z.string(), arguments: z.unknown().optional() });

export function registerTools(server: Server, services: McpServices, watcher: ChangeWatcher): void {
  const turn = createTurns();
  server.setRequestHandler("tools/list", () => ({ tools: listTools(services.tools, services.profile) }));
  server.setRequestHandler("tools/call", { params: CALL_PARAMS }, async (params, context) => {
    const known = services.tools.find((tool) => tool.name === params.name);
    if (known === undefined)
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown tool: ${params.name.slice(0, NAME_CHARS_SHOWN)}`,
      );
    if (known.effect !== "read") await watcher.ready();
    await turn();
    const outcome = await callTool(params, context, hostOf(server, services, context));
    // Also what only reads may write: compile keeps a record, a failure is noted.
    watcher.wake();
    return outcome.ok ? toolResult(outcome.result, takesLinks(server)) : failedToolResult(outcome.failure);
  });
}

const NAME_CHARS_SHOWN = 80;

/** The tools of a profile as `tools/list` gives them. */
export function listTools(tools: readonly Tool[], profile: Profile): ListedTool[] {
  const offered: readonly string[] = PROFILES[profile];
  return tools
    .filter((tool) => offered.includes(tool.name))
    .map((tool) => ({
      name: tool.name,
      title: tool.title,
      description: tool.description,
      inputSchema: wireSchema(inputSchema(tool, profile)),
      outputSchema: wireSchema(outputSchema(tool)),
      annotations: annotationsOf(tool),
    }));
}

function wireSchema(schema: ObjectSchema): ListedTool["inputSchema"] {
  return schema as ListedTool["inputSchema"]; // zod gives JSON; only its arrays are typed as readonly here.
}

/** All four hints follow from what the tool says of itself. */
function annotationsOf(tool: Tool): ToolAnnotations {
  return {
    readOnlyHint: tool.effect === "read",
    destructiveHint: tool.effect === "destructive",
    idempotentHint: tool.effect === "read" || tool.isIdempotent,
    openWorldHint: tool.reachesOut,
  };
}

function hostOf(server: Server, services: McpServices, context: ServerContext): ToolHost {
  const client = clientNameOf(server, context);
  const from = (site: CallSite): CallOrigin => (client === null ? site : { ...site, client });
  return {
    tools: services.tools,
    profile: services.profile,
    access: services.access,
    engineFor: (site) => services.engineFor(from(site)),
    notes: { reads: services.notesReads, openEngine: (site) => services.openEngine(from(site)) },
    readTextFile: services.readTextFile,
    reportBug: (error, tool) => reportBug(error, `tool ${tool}`, services.log),
  };
}

async function callTool(
  params: z.output<typeof CALL_PARAMS>,
  { mcpReq }: ServerContext,
  host: ToolHost,
): Promise<ToolOutcome> {
  const call = {
    name: params.name,
    args: params.arguments,
    signal: mcpReq.signal,
    progress: progressReporter(mcpReq),
  };
  return await executeTool(call, host);
}

/** Revisions before this one have no such kind of content, and their clients refuse the whole result for it. */
const LINKS_SINCE = "2025-06-18";

function takesLinks(server: Server): boolean {
  const version = server.getNegotiatedProtocolVersion();
  return version !== undefined && version >= LINKS_SINCE; // Revisions are dates.
}

function toolResult({ structured, text, links }: ToolResult, takes: boolean): CallToolResult {
  const pointers = (takes ? (links ?? []) : []).map((link) => ({ type: "resource_link" as const, ...link }));
  return { content: [{ type: "text", text }, ...pointers], structuredContent: structured };
}
