/** Our MCP server with the conformance suite's fixtures before its own tools, resources and prompts; all else is ours. */
import type { RequestMethod, Result, Server, ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { createMcpServer, type MakeServer } from "../../src/server/mcp/create-server.ts";
import { ASKING_TOOLS } from "./asking-tools.ts";
import { INPUT_TOOLS } from "./input-tools.ts";
import { getFixturePrompt, PROMPTS } from "./prompts.ts";
import { RESOURCES, readFixture, TEMPLATES } from "./resources.ts";
import { TOOLS } from "./tools.ts";

/** The same server as `tract serve --http` makes; whatever names no fixture is answered by it. */
export const makeConformanceServer: MakeServer = (services, watcher) => {
  const server = createMcpServer(services, watcher) as Server;
  // Tract logs to stderr; that logging to a client is served is the suite's wish.
  server.registerCapabilities({ logging: {} });
  addTools(server);
  addResources(server);
  addPrompts(server);
  return server;
};

const FIXTURES = new Map(Object.entries({ ...TOOLS, ...ASKING_TOOLS, ...INPUT_TOOLS }));

const CALL = z.object({
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()).default({}),
});

function addTools(server: Server): void {
  inFront(server, "tools/list", listingMore("tools", listedTools()));
  inFront(server, "tools/call", async (params, context, ours) => {
    const { name, arguments: args } = CALL.parse(params);
    return (await FIXTURES.get(name)?.call({ args, context })) ?? (await ours());
  });
}

function listedTools(): readonly unknown[] {
  return [...FIXTURES].map(([name, { description, inputSchema }]) => ({
    name,
    description,
    inputSchema: inputSchema ?? { type: "object" },
  }));
}

const ADDRESS = z.object({ uri: z.string() });

function addResources(server: Server): void {
  inFront(server, "resources/list", listingMore("resources", RESOURCES));
  inFront(server, "resources/templates/list", listingMore("resourceTemplates", TEMPLATES));
  inFront(
    server,
    "resources/read",
    async (params, _context, ours) => readFixture(ADDRESS.parse(params).uri) ?? (await ours()),
  );
  // Nobody writes what the suite watches; that of our own resources clients are told is shown elsewhere.
  inFront(server, "resources/subscribe", async (params, _context, ours) =>
    readFixture(ADDRESS.parse(params).uri) === null ? await ours() : {},
  );
}

const GET = z.object({ name: z.string(), arguments: z.record(z.string(), z.string()).default({}) });

function addPrompts(server: Server): void {
  inFront(server, "prompts/list", listingMore("prompts", PROMPTS));
  inFront(server, "prompts/get", async (params, context, ours) => {
    const { name, arguments: args } = GET.parse(params);
    return getFixturePrompt(name, args, context) ?? (await ours());
  });
}

type Answer = (params: unknown, context: ServerContext, ours: () => Promise<Result>) => Promise<Result>;

function listingMore(field: string, more: readonly unknown[]): Answer {
  return async (_params, _context, ours) => {
    const result = await ours();
    return { ...result, [field]: [...(result[field] as readonly unknown[]), ...more] };
  };
}

/** Answers a method before the handler that the server has for it. */
function inFront(server: Server, method: RequestMethod, answer: Answer): void {
  // biome-ignore lint/complexity/useLiteralKeys: the SDK has no public way from one handler to another.
  const own = server["_getRequestHandler"](method);
  if (own === undefined) throw new Error(`our server does not answer ${method}`);
  server.setRequestHandler(method, { params: z.looseObject({}) }, (params, context) => {
    const request = { jsonrpc: "2.0" as const, id: context.mcpReq.id, method, params };
    return answer(params, context, () => own(request, context));
  });
}
