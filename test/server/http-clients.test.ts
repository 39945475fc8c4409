/** Real clients over HTTP: both lines, both eras, both transports, each by itself and together with one on stdio. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/index.ts";
import { PROFILES } from "../../src/tools/profiles.ts";
import { addressOf, connectHttp, type HttpProcess, type Over, startHttpProcess } from "../support/http.ts";
import { connectClient, type Dialect, makeServers, type TestServers, wireOf } from "../support/mcp-client.ts";

/** The old transport knows only the revisions up to 2025. */
const WAYS: readonly (readonly [Dialect, Over])[] = [
  ["v1", "http"],
  ["v2-2025", "http"],
  ["v2-2026", "http"],
  ["v1", "sse"],
  ["v2-2025", "sse"],
];

let servers: TestServers;
let server: HttpProcess;
let address: string;
beforeAll(async () => {
  servers = await makeServers();
  server = startHttpProcess(`${servers.folder}/test.db`, ["--log-level", "info", "--profile", "full"]);
  address = await addressOf(server);
});
afterAll(async () => {
  server.process.kill("SIGTERM");
  await server.exited;
  await servers.close();
});

describe.each(WAYS)("a %s client over %s", (dialect, over) => {
  it("lists, calls, reads, is refused with a code, and is told of what others write", async () => {
    const { client, watch, updated } = await connectHttp(dialect, over, address);
    const tract = `${dialect}-${over}`;
    expect((await client.listTools()).tools).toHaveLength(PROFILES.full.length);
    expect((await client.listPrompts()).prompts.length).toBeGreaterThan(3);
    const made = await client.callTool({ name: "commit", arguments: { tract, content: "from afar" } });
    expect(made.structuredContent).toMatchObject({ branch: "main" });
    const context = await client.readResource({ uri: `tract://${tract}/context/main` });
    expect(context.contents[0]).toMatchObject({ text: expect.stringContaining("from afar") });
    const refused = await client.callTool({ name: "show", arguments: { tract, refs: ["nowhere"] } });
    expect(refused).toMatchObject({ isError: true, structuredContent: { error: { code: "not-found" } } });

    await watch(`tract://${tract}/log/main`);
    const other = await connectHttp("v2-2026", "http", address, { name: "other" });
    const commit = { name: "commit", arguments: { tract, content: "by another" } };
    await Promise.all([updated(`tract://${tract}/log/main`), other.client.callTool(commit)]);
    await other.client.close();
    await client.close();
  });
});

describe.each([
  ["v2-2025", "http"],
  ["v2-2025", "sse"],
  ["v2-2026", "http"],
] as const)("a long call of a %s client over %s", (dialect, over) => {
  const talk = Array.from({ length: 20_000 }, (_, i) => ({
    role: "user",
    content: `message ${i} of a talk`,
  }));

  it("tells of its progress, and leaves nothing when it is cancelled", async () => {
    const { client } = await connectHttp(dialect, over, address);
    const tract = `long-${dialect}-${over}`;
    await client.callTool({ name: "commit", arguments: { tract, content: "before" } });
    const args = { text: JSON.stringify(talk), branch: "half", tract };
    const importing = { name: "import_transcript", arguments: args };
    const stop = new AbortController();
    const cancelled = client.callTool(importing, {
      signal: stop.signal,
      onprogress: () => stop.abort(),
    });
    await expect(cancelled).rejects.toThrow();
    const listed = await client.callTool({ name: "branch", arguments: { tract, action: "list" } });
    const { branches } = listed.structuredContent as {
      readonly branches: readonly { readonly name: string }[];
    };
    expect(branches.map(({ name }) => name)).toEqual(["main"]);
    await client.close();
  });
});

interface SessionEntry {
  readonly submission_id: string;
  readonly metadata: { readonly client: string };
}

describe("clients of one server", () => {
  it("have sessions of their own, which end with them", async () => {
    const names = ["one", "two"];
    const clients = await Promise.all(names.map((name) => connectHttp("v1", "sse", address, { name })));
    for (const { client } of clients)
      await client.callTool({ name: "commit", arguments: { tract: "own", content: "x" } });
    const asked = await connectHttp("v2-2026", "http", address);
    const entries = async (event_type: string): Promise<readonly SessionEntry[]> => {
      const found = await asked.client.callTool({
        name: "query_ledger",
        arguments: { tract: "own", event_type },
      });
      return (found.structuredContent as { readonly entries: readonly SessionEntry[] }).entries;
    };
    const begun = await entries("SESSION_START");
    expect(begun).toHaveLength(2);
    const first = begun.find(({ metadata }) => metadata.client === "one");
    const ledger = `tract://own/ledger/${first?.submission_id}`;
    await asked.watch(ledger);
    await clients[0]?.client.close();
    await asked.updated(ledger);
    expect(await entries("SESSION_END")).toHaveLength(1);
    await clients[1]?.client.close();
    await asked.client.close();
  });

  it("work on one store with an agent on stdio, each told of what the other did", async () => {
    const local = await connectClient("v2-2025", wireOf(servers.start()));
    const remote = await connectHttp("v2-2026", "http", address, { name: "remote" });
    const uri = "tract://demo/log/main";
    await local.callTool({ name: "commit", arguments: { content: "begun on stdio" } });
    const toldLocal = new Promise<void>((resolve) => {
      local.setNotificationHandler("notifications/resources/updated", () => resolve());
    });
    await (
      local as unknown as { readonly subscribeResource: (at: { uri: string }) => Promise<unknown> }
    ).subscribeResource(
      { uri }, // A method of the client that the support's type leaves out.
    );
    await remote.watch(uri);
    await remote.client.callTool({ name: "commit", arguments: { content: "gone on over HTTP" } });
    await toldLocal;
    await remote.updated(uri);
    await local.callTool({ name: "commit", arguments: { content: "ended on stdio" } });
    await remote.updated(uri);
    const work = Array.from({ length: 20 }, (_, i) =>
      [local, remote.client].map((client) =>
        client.callTool({ name: "commit", arguments: { content: `at once ${i}` } }),
      ),
    );
    for (const done of await Promise.all(work.flat())) expect(done.isError).not.toBe(true);
    await local.close();
    await remote.client.close();
    const store = await openStore(`${servers.folder}/test.db`);
    const tract = await store.tract("demo");
    expect((await tract.status()).commits).toBe(43);
    expect((await tract.verify()).problems).toEqual([]);
    await store.close();
  });

  it("are logged with what they asked for and never with what they said", async () => {
    const { client } = await connectHttp("v1", "http", address);
    await client.callTool({ name: "commit", arguments: { tract: "log", content: "between us alone" } });
    await client.close();
    expect(server.log()).toMatch(
      /request method=POST path=\/mcp status=200 ms=\d+ client=local call=tools\/call tool=commit session=SES-/,
    );
    expect(server.log()).not.toContain("between us alone");
  });
});
