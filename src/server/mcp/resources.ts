/** Offers a tract's context, commits, logs, records, ledger and status as resources, with templates and subscriptions (spec 6.2). */
import {
  type ListResourcesResult,
  ProtocolError,
  ProtocolErrorCode,
  type ResourceTemplateType,
  type Server,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { decodeCursor, encodeCursor } from "../../engine/cursor.ts";
import { TractError } from "../../engine/errors.ts";
import { nearest } from "../../engine/nearest.ts";
import { requireTract } from "../../tools/execute.ts";
import {
  parseResourceUri,
  RESOURCE_TEMPLATES,
  type ResourceAddress,
  resourceUri,
} from "../../tools/resource-uris.ts";
import type { ChangeWatcher } from "./change-watcher.ts";
import { clientNameOf } from "./client-name.ts";
import { RESOURCES_PAGE, SUBSCRIPTIONS_MAX } from "./limits.ts";
import { mimeTypeOf, readResource } from "./resource-reader.ts";
import type { McpServices } from "./services.ts";
import { protocolFailure } from "./tool-failure.ts";

export function registerResources(server: Server, services: McpServices, watcher: ChangeWatcher): void {
  const guarded = async <Result>(
    work: () => Promise<Result>,
    asked: Readonly<Record<string, string>> = {},
  ): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw protocolFailure(error, services.log, asked);
    }
  };
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: listTemplates() }));
  server.setRequestHandler("resources/list", ({ params }) =>
    guarded(async () => {
      watcher.listWasRead();
      return await listResources(services, params?.cursor);
    }),
  );
  server.setRequestHandler("resources/read", ({ params }, context) =>
    guarded(
      async () => {
        const address = requireAddress(params.uri);
        const client = clientNameOf(server, context);
        const text = await readAddress(services, address, client, context.mcpReq.signal);
        return { contents: [{ uri: params.uri, mimeType: mimeTypeOf(address), text }] };
      },
      { uri: shownUri(params.uri) },
    ),
  );
  server.setRequestHandler("resources/subscribe", ({ params }) =>
    guarded(async () => {
      // What a client may not read it cannot watch.
      await services.storedEngine({ tract: requireAddress(params.uri).tract });
      const isWatched = await watcher.watch(params.uri, { uris: [params.uri], list: true });
      if (!isWatched)
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          `At most ${SUBSCRIPTIONS_MAX} resources can be watched`,
        );
      return {};
    }),
  );
  server.setRequestHandler("resources/unsubscribe", ({ params }) => {
    watcher.unwatch(params.uri);
    return {};
  });
}

async function readAddress(
  services: McpServices,
  address: ResourceAddress,
  client: string | null,
  signal: AbortSignal,
): Promise<string> {
  const engine = await services.engineFor({ tract: address.tract, ...(client === null ? {} : { client }) });
  // One's own tract may be empty yet; another one that is not there is a mistake.
  if (address.tract !== services.tract) await requireTract(engine);
  return await readResource(engine, address, signal);
}

function requireAddress(uri: string): ResourceAddress {
  const address = parseResourceUri(uri);
  if (address !== null) return address;
  const near = nearestForms(uri);
  throw new TractError("not-found", "there is no resource with such an address", {
    hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}resources/templates/list shows the forms of addresses.`,
    data: { uri: shownUri(uri), near },
  });
}

/** Forms of addresses whose kind is spelled nearly so. */
function nearestForms(uri: string): readonly string[] {
  const kind = /^tract:\/\/[^/]*\/([^/?#]{1,40})/.exec(uri)?.[1] ?? "";
  return nearest(kind, Object.keys(RESOURCE_TEMPLATES)).map(
    (name) => RESOURCE_TEMPLATES[name as ResourceAddress["kind"]], // One of the keys.
  );
}

const URI_CHARS_SHOWN = 200;

function shownUri(uri: string): string {
  return uri.slice(0, URI_CHARS_SHOWN).toWellFormed();
}

const TEMPLATES: Readonly<
  Record<
    ResourceAddress["kind"],
    { readonly title: string; readonly description: string; readonly mimeType: string }
  >
> = {
  context: {
    title: "Compiled context",
    description:
      "The context of a branch, tag or commit as Markdown; format openai, anthropic or messages gives JSON.",
    mimeType: "text/markdown",
  },
  commit: {
    title: "Commit",
    description: "A commit with content, annotations and edits.",
    mimeType: "application/json",
  },
  log: {
    title: "Log of a branch",
    description: "The newest commits of a branch.",
    mimeType: "application/json",
  },
  "compile-record": {
    title: "Compile record",
    description: "The exact messages of an earlier compile.",
    mimeType: "application/json",
  },
  "compile-records": {
    title: "Compile records",
    description: "Earlier compiles, newest first; before is the id of the last one seen.",
    mimeType: "application/json",
  },
  ledger: {
    title: "Ledger of a session",
    description: "What a session did, newest first; next is the address of the page after.",
    mimeType: "application/json",
  },
  status: {
    title: "Status",
    description: "Branch, head, size of the context, latest commits and operations.",
    mimeType: "application/json",
  },
};

function listTemplates(): ResourceTemplateType[] {
  return Object.entries(RESOURCE_TEMPLATES).map(([kind, uriTemplate]) => ({
    name: kind,
    uriTemplate,
    ...TEMPLATES[kind as ResourceAddress["kind"]], // The keys of RESOURCE_TEMPLATES are exactly the kinds.
  }));
}

/** What is worth reading without knowing any id: of each branch its context and log, page by page. */
async function listResources(
  services: McpServices,
  cursor: string | undefined,
): Promise<ListResourcesResult> {
  const engine = await services.storedEngine({});
  const { tract } = services;
  const paged = { kind: "resources", query: { tract } };
  const after = cursor === undefined ? null : decodeCursor(cursor, paged, z.string());
  const branches = ((await engine?.store.listRefs(tract, "branch")) ?? []).map((ref) => ref.name);
  const left = after === null ? branches : branches.filter((name) => name > after);
  const page = left.slice(0, RESOURCES_PAGE);
  const last = page.at(-1);
  const fixed: readonly ResourceAddress[] = [
    { kind: "status", tract },
    { kind: "context", tract, ref: "HEAD", format: null },
    { kind: "compile-records", tract, before: null },
  ];
  const ofBranches = page.flatMap((name): readonly ResourceAddress[] => [
    { kind: "context", tract, ref: name, format: null },
    { kind: "log", tract, branch: name },
  ]);
  const addresses = [...(after === null ? fixed : []), ...ofBranches];
  return {
    resources: addresses.map(listed),
    ...(left.length > page.length && last !== undefined ? { nextCursor: encodeCursor(paged, last) } : {}),
  };
}

function listed(address: ResourceAddress): ListResourcesResult["resources"][number] {
  const { title } = TEMPLATES[address.kind];
  const of =
    address.kind === "context" ? address.ref : address.kind === "log" ? address.branch : address.tract;
  return {
    uri: resourceUri(address),
    name: `${address.kind} ${of}`,
    title: `${title}: ${of}`,
    mimeType: mimeTypeOf(address),
  };
}
