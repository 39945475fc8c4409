/** Every tool through the official clients of both lines and both eras, over a real process: good input and bad. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOL_NAMES } from "../../src/tools/profiles.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { type LlmServer, startLlmServer } from "../support/llm-server.ts";
import {
  connectClient,
  DIALECTS,
  makeFolder,
  type ServerProcess,
  startServer,
  type TestClient,
  wireOf,
} from "../support/mcp-client.ts";
import { BAD_CALLS, GOOD_CALLS } from "../support/tool-calls.ts";

interface Result {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string; readonly uri?: string }[];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of every shape.
  readonly structuredContent: any;
}

describe.each(DIALECTS)("a %s client", (dialect) => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let server: ServerProcess;
  let client: TestClient;
  let llm: LlmServer;
  const call = async (name: string, args: Record<string, unknown>): Promise<Result> =>
    (await client.callTool({ name, arguments: args })) as unknown as Result;

  beforeAll(async () => {
    folder = await makeFolder();
    llm = await startLlmServer();
    llm.script(
      "It is.",
      { text: null, usage: null, toolCalls: [{ id: "call_9", name: "run_tests", arguments: "{}" }] },
      "Still is.",
    );
    server = startServer({
      store: `${folder.path}/test.db`,
      env: { TRACT_LLM_BASE_URL: llm.baseUrl, TRACT_LLM_MODEL: "test-model" },
      args: ["--profile", "full", "--tract", "demo", "--import-root", folder.path],
    });
    client = await connectClient(dialect, wireOf(server));
    // The clients check results against the listed schemas only once they have listed the tools.
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOL_NAMES);
  });
  afterAll(async () => {
    await client.close();
    expect(await server.exited).toBe(0);
    expect(server.log()).toBe("");
    await llm.close();
    await folder.remove();
  });

  it("gets from every tool the result it lists, in structure and in text", async () => {
    for (const [name, args] of GOOD_CALLS) {
      const result = await call(name, args);
      const told = `${name} ${JSON.stringify(args)}: ${result.content[0]?.text}`;
      expect(result.isError ?? false, told).toBe(false);
      const output = TOOLS.find((tool) => tool.name === name)?.output;
      expect(output?.safeParse(result.structuredContent).error, told).toBeUndefined();
      expect(result.content[0], told).toMatchObject({
        type: "text",
        text: expect.stringMatching(/(^|\n)Next: .+\.$/),
      });
    }
    expect(new Set(GOOD_CALLS.map(([name]) => name))).toEqual(new Set(TOOL_NAMES));
  });

  it("may leave the arguments out", async () => {
    const status = await client.callTool({ name: "status" });
    expect(status.structuredContent).toMatchObject({ tract: "demo" });
    expect(await call("show", {})).toEqual(await client.callTool({ name: "show" }));
  });

  it("gets a code, a message, a hint and data for bad input, and the head does not move", async () => {
    const before = (await call("status", {})).structuredContent;
    for (const [name, args, code] of BAD_CALLS) {
      const result = await call(name, args);
      const { error } = result.structuredContent ?? {};
      const told = `${name} ${JSON.stringify(args).slice(0, 100)}: ${result.content[0]?.text?.slice(0, 300)}`;
      expect(result.isError, told).toBe(true);
      expect(error, told).toMatchObject({
        code,
        message: expect.stringMatching(/./),
        hint: expect.stringMatching(/./),
        data: expect.any(Object),
      });
      expect(result.content[0]?.text, told).toContain(error.code);
      expect(result.content[0]?.text, told).toContain(error.hint);
      expect(JSON.stringify(result), told).not.toMatch(/\n\s+at |SELECT |node:internal|\/work\/|\/root\//);
    }
    const after = (await call("status", {})).structuredContent;
    expect(after.head).toBe(before.head);
    expect(after.operations).toEqual(before.operations);
    expect(new Set(BAD_CALLS.map(([name]) => name))).toEqual(new Set(TOOL_NAMES));
  });

  it("gets a protocol error for a tool that does not exist", async () => {
    await expect(client.callTool({ name: "comit", arguments: {} })).rejects.toMatchObject({ code: -32602 });
  });

  it("is the author of what it commits", async () => {
    await call("commit", { content: "by whom?" });
    const { structuredContent } = await call("show", { refs: "HEAD" });
    expect(structuredContent.commits[0].author).toMatchObject({ kind: "agent", name: "test-client" });
    const ledger = await call("query_ledger", { metadata: "full", limit: 1 });
    expect(ledger.structuredContent.entries[0].metadata).toMatchObject({
      tool: "commit",
      arguments: "content: 8 chars",
      provenance: { agent_id: "test-client", agent_class: "full", client: "test-client" },
    });
  });

  it("uses the hashes of texts as they are shown, and pages with the cursors", async () => {
    const listed = await call("log", { limit: 1 });
    const short = /^[0-9a-f]{8,}/.exec(listed.content[0]?.text ?? "")?.[0];
    const shown = await call("show", { refs: [short ?? ""] });
    expect(shown.structuredContent.commits[0].hash).toBe(listed.structuredContent.entries[0].hash);
    const next = await call("log", { limit: 1, cursor: listed.structuredContent.next_cursor });
    expect(next.structuredContent.entries[0].hash).toBe(listed.structuredContent.entries[0].parents[0]);
  });

  it("can read the whole of a compile by its links", async () => {
    const { content, structuredContent } = await call("compile", { format: "openai" });
    const links = content.filter(({ type }) => type === "resource_link").map(({ uri }) => uri ?? "");
    expect(links).toHaveLength(2);
    const texts = await Promise.all(
      links.map(async (uri) => (await client.readResource({ uri })).contents[0]),
    );
    expect(texts[0]).toMatchObject({ mimeType: "text/markdown" });
    const record = JSON.parse((texts[1] as { readonly text: string }).text);
    expect(record.messages).toEqual(structuredContent.messages);
    expect(record.digest).toBe(structuredContent.digest);
  });
});
