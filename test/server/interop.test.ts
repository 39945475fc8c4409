/** Every official client with every official transport in every era: each gets the same server. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Client as ClientV2,
  SSEClientTransport as SseV2,
  StreamableHTTPClientTransport as StreamableV2,
} from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as SseV1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as StreamableV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOL_NAMES } from "../../src/tools/profiles.ts";
import { CHILD_ENV } from "../support/child-env.ts";
import { type LocalHttp, startLocalHttp } from "../support/http.ts";
import { makeFolder, REPOSITORY, type TestClient } from "../support/mcp-client.ts";

/** How a client finds out what a server speaks: the v1 client knows only the older era, the v2 client is told. */
const CLIENTS = ["v1", "v2 legacy", "v2 auto", "v2 pinned"] as const;
type ClientKind = (typeof CLIENTS)[number];
const TRANSPORTS = ["stdio", "http", "sse"] as const;
type TransportKind = (typeof TRANSPORTS)[number];

const OLD = "2025-11-25";
const NEW = "2026-07-28";
/** The old transport carries no revision after 2025; null: the client is told so. */
const SPOKEN: Readonly<Record<ClientKind, Readonly<Record<TransportKind, string | null>>>> = {
  v1: { stdio: OLD, http: OLD, sse: OLD },
  "v2 legacy": { stdio: OLD, http: OLD, sse: OLD },
  "v2 auto": { stdio: NEW, http: NEW, sse: OLD },
  "v2 pinned": { stdio: NEW, http: NEW, sse: null },
};

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: LocalHttp;
beforeAll(async () => {
  folder = await makeFolder();
  server = await startLocalHttp(folder.path, { profile: "full" });
});
afterAll(async () => {
  await server.server.close();
  await folder.remove();
});

/** What the first client of all was told of the server. */
let described: unknown;

describe.each(CLIENTS)("a %s client", (kind) => {
  it.each(TRANSPORTS)("over %s speaks its revision, and gets what every other gets", async (over) => {
    const revision = SPOKEN[kind][over];
    if (revision === null) {
      await expect(connect(kind, over)).rejects.toThrow(`did not offer pinned protocol version ${NEW}`);
      return;
    }
    const { client, spoken } = await connect(kind, over);
    expect(spoken()).toBe(revision);
    const { tools } = await client.listTools();
    const { prompts } = await client.listPrompts();
    const { resourceTemplates } = await client.listResourceTemplates();
    const description = { tools, prompts, resourceTemplates, instructions: client.getInstructions() };
    described ??= description;
    expect(description).toEqual(described);

    const tract = `${kind} ${over}`.replace(" ", "-");
    const commit = { name: "commit", arguments: { tract, content: "Good day." } };
    const made = await client.callTool(commit);
    expect(made.structuredContent).toMatchObject({ branch: "main" });
    const uri = `tract://${tract}/context/main`;
    const read = await client.readResource({ uri });
    expect(read.contents).toEqual([
      { uri, mimeType: "text/markdown", text: expect.stringContaining("Good day.") },
    ]);
    const prompt = await client.getPrompt({ name: "resume", arguments: { tract } });
    expect(JSON.stringify(prompt.messages)).toContain("Good day.");
    const completed = await client.complete({
      ref: { type: "ref/resource", uri: "tract://{tract}/log/{branch}" },
      argument: { name: "branch", value: "ma" },
      context: { arguments: { tract } },
    });
    expect(completed.completion.values).toEqual(["main"]);
    const refused = await client.callTool({ name: "show", arguments: { tract, refs: "nowhere" } });
    expect(refused).toMatchObject({ isError: true, structuredContent: { error: { code: "not-found" } } });
    await expect(client.callTool({ name: "nothing" })).rejects.toMatchObject({ code: -32602 });
    await client.close();
  });
});

describe("a client that knows nothing newer than", () => {
  it.each(["2024-11-05", "2025-03-26", "2025-06-18"])(
    "%s is spoken to in it, over HTTP and SSE as well",
    async (revision) => {
      const tract = `since-${revision}`;
      for (const over of ["http", "sse"] as const) {
        const client = new ClientV2(INFO, { supportedProtocolVersions: [revision] });
        await client.connect(transportV2(over));
        expect([over, client.getNegotiatedProtocolVersion()]).toEqual([over, revision]);
        expect((await client.listTools()).tools).toHaveLength(TOOL_NAMES.length);
        await client.callTool({ name: "commit", arguments: { tract, content: `over ${over}` } });
        await client.close();
      }
      const { client } = await connect("v1", "http");
      const { contents } = await client.readResource({ uri: `tract://${tract}/context/main` });
      expect(contents).toMatchObject([{ text: expect.stringContaining("over sse") }]);
      await client.close();
    },
  );
});

interface Connected {
  readonly client: TestClient;
  /** The revision that both sides agreed on. */
  readonly spoken: () => string | undefined;
}

const INFO = { name: "interop", version: "1.0.0" };

async function connect(kind: ClientKind, over: TransportKind): Promise<Connected> {
  if (kind === "v1") return await connectV1(over);
  const mode = { "v2 legacy": "legacy", "v2 auto": "auto", "v2 pinned": { pin: NEW } } as const;
  const client = new ClientV2(INFO, { versionNegotiation: { mode: mode[kind] } });
  const transport = transportV2(over);
  try {
    await client.connect(transport);
  } catch (error) {
    await transport.close();
    throw error;
  }
  return { client, spoken: () => client.getNegotiatedProtocolVersion() };
}

function transportV2(over: TransportKind): Parameters<ClientV2["connect"]>[0] {
  switch (over) {
    case "stdio":
      return new StdioV2(program());
    case "http":
      return new StreamableV2(address("/mcp"));
    case "sse":
      return new SseV2(address("/sse"));
  }
}

async function connectV1(over: TransportKind): Promise<Connected> {
  const client = new ClientV1(INFO);
  const transports = {
    stdio: () => new StdioV1(program()),
    http: () => new StreamableV1(address("/mcp")),
    sse: () => new SseV1(address("/sse")),
  };
  // Its own types differ under exactOptionalPropertyTypes.
  const transport = transports[over]() as Parameters<ClientV1["connect"]>[0];
  let spoken: string | undefined;
  const tell = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (version) => {
    spoken = version;
    tell?.(version);
  };
  await client.connect(transport);
  return { client: client as unknown as TestClient, spoken: () => spoken }; // The methods that tests use take and give the same on the wire.
}

function address(path: string): URL {
  return new URL(path, server.address);
}

/** As hosts write it into their settings. */
function program(): ConstructorParameters<typeof StdioV2>[0] {
  return {
    command: process.execPath,
    args: [
      join(REPOSITORY, "src/server/main.ts"),
      "serve",
      "--stdio",
      "--store",
      `sqlite:${folder.path}/test.db`,
      "--tract",
      "demo",
      "--profile",
      "full",
    ],
    env: CHILD_ENV,
    cwd: tmpdir(),
    stderr: "ignore",
  };
}
