/** Completes the arguments of resource templates and prompts: tracts, branches, tags, hashes, records and sessions (spec 6.2). */
import type { CompleteRequest, CompleteResult, Server } from "@modelcontextprotocol/server";
import type { Engine } from "../../engine/engine.ts";
import { nearest } from "../../engine/nearest.ts";
import { COMPLETIONS_MAX } from "./limits.ts";
import { CONTEXT_FORMATS, recentSessions } from "./resource-reader.ts";
import type { McpServices } from "./services.ts";
import { protocolFailure } from "./tool-failure.ts";

export function registerCompletions(server: Server, services: McpServices): void {
  server.setRequestHandler("completion/complete", async ({ params }) => {
    try {
      return await complete(services, params);
    } catch (error) {
      throw protocolFailure(error, services.log);
    }
  });
}

async function complete(
  services: McpServices,
  { argument, context }: CompleteRequest["params"],
): Promise<CompleteResult> {
  const { tract = "" } = context?.arguments ?? {};
  const engine = await services.storedEngine(tract === "" ? {} : { tract });
  const candidates =
    engine === null
      ? candidatesWithoutStore(argument.name, services)
      : await candidatesFor(engine, argument.name, argument.value);
  const values = matching(argument.value, candidates);
  return {
    completion: {
      values: values.slice(0, COMPLETIONS_MAX),
      total: values.length,
      hasMore: values.length > COMPLETIONS_MAX,
    },
  };
}

/** What begins with the text typed so far; where nothing does, what it may have meant. */
function matching(typed: string, candidates: readonly string[]): readonly string[] {
  const unique = [...new Set(candidates)];
  const wanted = typed.toLowerCase();
  const beginning = unique.filter((candidate) => candidate.toLowerCase().startsWith(wanted));
  return beginning.length > 0 ? beginning : nearest(typed, unique);
}

async function candidatesFor(engine: Engine, argument: string, typed: string): Promise<readonly string[]> {
  const { store, scope } = engine;
  switch (argument) {
    case "tract":
      return [scope.tract, ...(await store.listTracts()).map((tract) => tract.name)];
    case "branch":
    case "base":
      return await refNames(engine, "branch");
    case "ref":
      return [
        "HEAD",
        ...(await refNames(engine, "branch")),
        ...(await refNames(engine, "tag")),
        ...(await hashes(engine, typed)),
      ];
    case "hash":
      return await hashes(engine, typed);
    case "id":
    case "before":
      return (await store.listCompileRecords(scope.tract, { limit: COMPLETIONS_MAX })).map(
        (record) => record.id,
      );
    case "session":
      return await recentSessions(engine);
    case "format":
      return CONTEXT_FORMATS;
    default:
      return [];
  }
}

function candidatesWithoutStore(argument: string, { tract }: McpServices): readonly string[] {
  if (argument === "tract") return [tract];
  if (argument === "ref") return ["HEAD"];
  return argument === "format" ? CONTEXT_FORMATS : [];
}

async function refNames({ store, scope }: Engine, kind: "branch" | "tag"): Promise<readonly string[]> {
  return (await store.listRefs(scope.tract, kind)).map((ref) => ref.name);
}

async function hashes({ store, scope }: Engine, typed: string): Promise<readonly string[]> {
  const prefix = typed.toLowerCase();
  return /^[0-9a-f]{1,64}$/.test(prefix) ? await store.findCommits(scope.tract, prefix, COMPLETIONS_MAX) : [];
}
