/** Resources, prompts and completion through real clients, and notifications when a branch moves, here or in another process. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectClient,
  createRawClient,
  DIALECTS,
  makeFolder,
  type RawClient,
  type ServerProcess,
  startServer,
  type TestClient,
  wireOf,
} from "../support/mcp-client.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const servers: ServerProcess[] = [];
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(async () => {
  for (const server of servers) server.process.stdin.end();
  for (const server of servers) await server.exited;
  await folder.remove();
});

function start(name: string): ServerProcess {
  const server = startServer({
    store: `${folder.path}/${name}.db`,
    args: ["--profile", "full", "--tract", "demo"],
  });
  servers.push(server);
  return server;
}

async function startRaw(name: string): Promise<RawClient> {
  const client = createRawClient(wireOf(start(name)));
  await client.initialize();
  return client;
}

const call = async (client: RawClient, name: string, args: unknown = {}) => {
  const { result } = await client.request("tools/call", { name, arguments: args });
  expect(result.isError, result.content[0].text).toBeUndefined();
  return result.structuredContent;
};

describe.each(DIALECTS)("a %s client", (dialect) => {
  let client: TestClient;
  let head: string;
  const text = async (uri: string): Promise<string> => {
    const [content] = (await client.readResource({ uri })).contents;
    return content !== undefined && "text" in content ? content.text : "";
  };
  const run = async (name: string, args: Record<string, unknown>) =>
    (await client.callTool({ name, arguments: args })).structuredContent as Record<string, unknown>;

  beforeAll(async () => {
    client = await connectClient(dialect, wireOf(start(`read-${dialect}`)));
    await run("commit", { content: "Be brief.", role: "system" });
    await run("commit", { content: "Hello." });
    await run("commit", { content: "Good day.", role: "assistant" });
    await run("branch", { action: "create", name: "feature/ö%1" });
    head = String((await run("status", {})).head);
  });

  it("lists what is worth reading, branches with odd names too, and reads all of it", async () => {
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual([
      "tract://demo/status",
      "tract://demo/context/HEAD",
      "tract://demo/compile-records",
      "tract://demo/context/feature%2F%C3%B6%251",
      "tract://demo/log/feature%2F%C3%B6%251",
      "tract://demo/context/main",
      "tract://demo/log/main",
    ]);
    for (const { uri, mimeType } of resources) {
      const [content] = (await client.readResource({ uri })).contents;
      expect(content).toMatchObject({ uri, mimeType, text: expect.stringMatching(/./) });
    }
    expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(7);
  });

  it("reads a context as Markdown and in every format", async () => {
    expect(await text("tract://demo/context/main")).toBe(
      "### System\n\nBe brief.\n\n### User\n\nHello.\n\n### Assistant\n\nGood day.",
    );
    const openai = JSON.parse(await text("tract://demo/context/feature/ö%251?format=openai"));
    expect(openai).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello." },
      { role: "assistant", content: "Good day." },
    ]);
    expect(JSON.parse(await text("tract://demo/context/HEAD?format=anthropic"))).toMatchObject({
      system: "Be brief.",
    });
  });

  it("reads commit, log, ledger, status and the exact messages of a record as JSON", async () => {
    expect(JSON.parse(await text(`tract://demo/commit/${head.slice(0, 8)}`)).commits[0]).toMatchObject({
      hash: head,
      content: { text: "Good day." },
    });
    expect(JSON.parse(await text("tract://demo/log/main")).entries).toHaveLength(3);
    expect(JSON.parse(await text("tract://demo/status"))).toMatchObject({ branch: "main", head });
    const compiled = await run("compile", { format: "openai" });
    const record = JSON.parse(await text(`tract://demo/compile-record/${compiled.record_id}`));
    expect(record).toMatchObject({ messages: compiled.messages, digest: compiled.digest });
    const records = JSON.parse(await text("tract://demo/compile-records"));
    expect(records.records[0]).toMatchObject({
      id: compiled.record_id,
      uri: `tract://demo/compile-record/${compiled.record_id}`,
    });
    const [entry] = (await run("query_ledger", { metadata: "full", limit: 1 })).entries as {
      readonly metadata: { readonly provenance: { readonly session_id: string } };
    }[];
    const ledger = JSON.parse(await text(`tract://demo/ledger/${entry?.metadata.provenance.session_id}`));
    expect(ledger.count).toBeGreaterThan(0);
  });

  it("completes tracts, branches, refs, hashes, records and formats", async () => {
    const complete = async (uri: string, name: string, value: string) =>
      (
        await client.complete({
          ref: { type: "ref/resource", uri },
          argument: { name, value },
          context: { arguments: { tract: "demo" } },
        })
      ).completion.values;
    expect(await complete("tract://{tract}/status", "tract", "de")).toEqual(["demo"]);
    expect(await complete("tract://{tract}/log/{branch}", "branch", "")).toEqual(["feature/ö%1", "main"]);
    expect(await complete("tract://{tract}/log/{branch}", "branch", "mian")).toEqual(["main"]);
    expect(await complete("tract://{tract}/context/{ref}{?format}", "ref", "H")).toEqual(["HEAD"]);
    expect(await complete("tract://{tract}/context/{ref}{?format}", "format", "o")).toEqual(["openai"]);
    expect(await complete("tract://{tract}/commit/{hash}", "hash", head.slice(0, 6))).toEqual([head]);
    expect((await complete("tract://{tract}/compile-record/{id}", "id", "")).length).toBeGreaterThan(0);
    expect(await complete("tract://{tract}/ledger/{session}{?cursor}", "session", "SES-")).toHaveLength(1);
    const prompt = await client.complete({
      ref: { type: "ref/prompt", name: "resume" },
      argument: { name: "branch", value: "ma" },
    });
    expect(prompt.completion.values).toEqual(["main"]);
  });

  it("resumes with the context as messages that never speak as the system", async () => {
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual([
      "resume",
      "handoff",
      "checkpoint",
      "compress",
      "review-branch",
    ]);
    const { messages } = await client.getPrompt({
      name: "resume",
      arguments: { branch: "main", budget_tokens: "500" },
    });
    expect(messages.slice(1, -1)).toEqual([
      { role: "user", content: { type: "text", text: "[standing instruction]\nBe brief." } },
      { role: "user", content: { type: "text", text: "Hello." } },
      { role: "assistant", content: { type: "text", text: "Good day." } },
    ]);
    const checkpoint = await client.getPrompt({ name: "checkpoint", arguments: { branch: "" } });
    expect(checkpoint.messages[0]?.content).toMatchObject({
      text: expect.stringContaining(head.slice(0, 8)),
    });
  });
});

describe("notifications", () => {
  const updated =
    (uri: string) =>
    (message: { readonly method?: string; readonly params?: Readonly<Record<string, unknown>> }) =>
      message.method === "notifications/resources/updated" && message.params?.uri === uri;
  const listChanged = (message: { readonly method?: string }) =>
    message.method === "notifications/resources/list_changed";

  it("tell a 2025 client of its own writes and of those of another process", async () => {
    const [watching, other] = [await startRaw("watch"), await startRaw("watch")];
    await call(watching, "commit", { content: "one" });
    for (const uri of ["tract://demo/context/main", "tract://demo/log/later", "tract://demo/status"])
      await watching.request("resources/subscribe", { uri });
    await call(watching, "commit", { content: "two" });
    expect((await watching.next(updated("tract://demo/context/main"))).method).toBeDefined();
    expect((await watching.next(updated("tract://demo/status"))).method).toBeDefined();
    await call(other, "branch", { action: "create", name: "later" });
    expect((await watching.next(updated("tract://demo/log/later"))).method).toBeDefined();
    expect((await watching.next(listChanged)).method).toBeDefined();
    await call(other, "annotate", { refs: ["HEAD"], priority: "skip" });
    expect((await watching.next(updated("tract://demo/context/main"))).method).toBeDefined();
    await watching.request("resources/unsubscribe", { uri: "tract://demo/context/main" });
    await call(other, "commit", { content: "three" });
    // What comes after the status has been told of would have come before it.
    await watching.next(updated("tract://demo/status"));
    await call(other, "commit", { content: "four" });
    await watching.next(updated("tract://demo/status"));
    const seen: unknown[] = [];
    void watching.next(updated("tract://demo/context/main")).then((message) => seen.push(message));
    await watching.request("ping", {});
    expect(seen).toEqual([]);
  });

  it("tell a 2025 client that has read the list of a new branch of its own", async () => {
    const client = await startRaw("list");
    await call(client, "commit", { content: "one" });
    await client.request("resources/list", {});
    await call(client, "branch", { action: "create", name: "new" });
    expect((await client.next(listChanged)).method).toBeDefined();
  });

  it("tell a 2026 client what it listens to, and nothing else", async () => {
    const client = createRawClient(wireOf(start("listen")));
    const other = await startRaw("listen");
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
    };
    await call(other, "commit", { content: "one" });
    const params = {
      _meta,
      notifications: { resourceSubscriptions: ["tract://demo/log/main"], resourcesListChanged: true },
    };
    await client.write(
      `${JSON.stringify({ jsonrpc: "2.0", id: "sub", method: "subscriptions/listen", params })}\n`,
    );
    const acknowledged = await client.next(
      ({ method }) => method === "notifications/subscriptions/acknowledged",
    );
    expect(acknowledged.params).toMatchObject({ notifications: { resourcesListChanged: true } });
    const { result } = await client.request("tools/call", {
      _meta,
      name: "commit",
      arguments: { content: "mine" },
    });
    expect(result.structuredContent.commits).toHaveLength(1);
    expect((await client.next(updated("tract://demo/log/main"))).params).toMatchObject({
      _meta: { "io.modelcontextprotocol/subscriptionId": "sub" },
    });
    await call(other, "branch", { action: "create", name: "theirs" });
    expect((await client.next(listChanged)).params).toBeDefined();
    await call(other, "commit", { content: "theirs" });
    expect((await client.next(updated("tract://demo/log/main"))).params).toBeDefined();
  });

  it("are promised for addresses of ours only", async () => {
    const client = await startRaw("promise");
    const long = `tract://demo/log/${"x".repeat(100_000)}`;
    expect((await client.request("resources/subscribe", { uri: long })).error?.data?.code).toBe("not-found");
    expect((await client.request("resources/subscribe", { uri: "file:///etc/passwd" })).error?.code).toBe(
      -32602,
    );
  });
});
