/** Offers the tools of a profile on an MCP server: the listing is compact, the arguments are checked by our own layer (spec 9, 29–32). */
import {
  type CallToolResult,
  isInputRequiredResult,
  type Tool as ListedTool,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import type { CallSite } from "../../tools/call-site.ts";
import { definitionsOf } from "../../tools/definitions.ts";
import {
  executeTool,
  splitArguments,
  type ToolHost,
  type ToolOutcome,
  withNotices,
} from "../../tools/execute.ts";
import type { ObjectSchema } from "../../tools/json-schema.ts";
import type { Profile } from "../../tools/profiles.ts";
import type { Tool, ToolResult } from "../../tools/tool.ts";
import { reportBug } from "../log.ts";
import { type Asking, askForApproval, questionsOf, returnedCall, takeAnswers } from "./approvals.ts";
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
    const host = hostOf(server, services, context);
    const asking = askingFor({ server, context, services, host }, params.arguments);
    const finished = returnedCall(context, known.name);
    if (finished !== null) {
      const answers = await takeAnswers(asking, finished);
      watcher.wake();
      return toolResult(withNotices(known, finished.result, answers), takesLinks(server));
    }
    if (known.effect !== "read") await watcher.ready();
    await turn();
    const outcome = await callTool(params, context, host);
    // Also what only reads may write: compile keeps a record, a failure is noted.
    watcher.wake();
    if (!outcome.ok) return failedToolResult(outcome.failure);
    const { result, notices } = outcome;
    const answers = await askForApproval(asking, {
      tool: known.name,
      result,
      questions: questionsOf(notices),
    });
    if (notices.length > 0) watcher.wake();
    if (isInputRequiredResult(answers)) return answers;
    return toolResult(withNotices(known, result, answers ?? []), takesLinks(server));
  });
}

/** In the scope that the call had. */
function askingFor(
  at: Pick<Asking, "server" | "context"> & { readonly services: McpServices; readonly host: ToolHost },
  args: unknown,
): Asking {
  const { server, context, services, host } = at;
  const engine = async (): Promise<Engine> => await host.engineFor(splitArguments(args).site);
  return { server, context, engine, log: services.log };
}

const NAME_CHARS_SHOWN = 80;

/** The tools of a profile as `tools/list` gives them. */
export function listTools(tools: readonly Tool[], profile: Profile): ListedTool[] {
  return definitionsOf(tools, profile, "mcp").map((tool) => ({
    ...tool,
    inputSchema: wireSchema(tool.inputSchema),
    outputSchema: wireSchema(tool.outputSchema),
  }));
}

function wireSchema(schema: ObjectSchema): ListedTool["inputSchema"] {
  return schema as ListedTool["inputSchema"]; // zod gives JSON, which TypeScript cannot see.
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
