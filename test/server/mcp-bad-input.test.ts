/** What no client would send: the server answers, stores nothing, and lives. */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROFILES } from "../../src/tools/profiles.ts";
import {
  createRawClient,
  makeServers,
  type RawClient,
  type TestServers,
  wireOf,
} from "../support/mcp-client.ts";

let servers: TestServers;
beforeEach(async () => {
  servers = await makeServers();
});
afterEach(async () => await servers.close());

const call = (client: RawClient, name: string, args: unknown) =>
  client.request("tools/call", { name, arguments: args });

describe("bad input", () => {
  it("of 100 MB is answered, and the server lives", async () => {
    const { client } = await servers.startRaw();
    await call(client, "commit", { content: "before" });
    await client.write(
      '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"commit","arguments":{"content":"',
    );
    const chunk = Buffer.alloc(1024 * 1024, "a");
    for (let i = 0; i < 100; i++) await client.write(chunk);
    await client.write('"}},"id":4242}\n');
    const answer = await client.next(({ id }) => id === 4242);
    expect(answer.error?.data).toMatchObject({
      code: "content-too-large",
      hint: expect.stringMatching(/./),
      data: { bytes_max: 64 * 1024 * 1024 },
    });
    expect((await call(client, "status", {})).result.structuredContent.commits).toBe(1);
  });

  it("of 60 MB reaches the tool, which refuses it", async () => {
    const { client } = await servers.startRaw();
    const { result } = await call(client, "commit", { content: "a".repeat(60 * 1024 * 1024) });
    expect(result.structuredContent.error).toMatchObject({ code: "content-too-large" });
  });

  it("that is no protocol is answered or passed over, and the server lives", async () => {
    const { server, client } = await servers.startRaw();
    await client.write("\n\n  \nGET / HTTP/1.1\n");
    expect((await client.next(({ error }) => error?.code === -32700)).error).toBeDefined();
    await client.write(Buffer.from([0xff, 0xfe, 0x00, 0x0a]));
    expect((await client.next(({ error }) => error?.code === -32700)).error).toBeDefined();
    await client.write(`${"[".repeat(100_000)}\n[{"jsonrpc":"2.0","id":1,"method":"ping"}]\n`);
    expect((await client.next(({ error }) => error?.code === -32600)).error).toBeDefined();
    expect(await client.request("no/such/method", {})).toMatchObject({ error: { code: -32601 } });
    expect(await client.request("tools/call", { name: 7 })).toMatchObject({
      error: { code: expect.any(Number) },
    });
    expect(await client.request("tools/call", { name: "status", arguments: [] })).toMatchObject({
      error: { code: expect.any(Number) },
    });
    expect((await call(client, "status", {})).result.structuredContent.tract).toBe("demo");
    expect(server.process.exitCode).toBeNull();
  });

  it("in the parameters of the protocol's own requests is told in words, not as a fault of the server", async () => {
    const { client } = await servers.startRaw();
    for (const [method, params, where] of [
      ["resources/read", { uri: 7 }, "params.uri"],
      ["resources/subscribe", {}, "params.uri"],
      ["prompts/get", { name: [] }, "params.name"],
      ["tools/list", { cursor: 7 }, "params.cursor"],
      ["tools/call", { name: {} }, "params.name"],
      ["completion/complete", { ref: {}, argument: 7 }, "params.argument"],
      ["initialize", { protocolVersion: 7 }, "params.protocolVersion"],
    ] as const) {
      const { error } = await client.request(method, params);
      expect(error, method).toMatchObject({ code: -32602, message: expect.stringContaining(where) });
      expect(error?.message, method).not.toContain('"path"');
    }
  });

  it("that is not UTF-8 is refused under its id, and nothing is stored", async () => {
    const { client } = await servers.startRaw();
    await client.write(
      Buffer.from(
        '{"jsonrpc":"2.0","id":"bytes","method":"tools/call","params":{"name":"commit","arguments":{"content":"caf\xe9"}}}\n',
        "latin1",
      ),
    );
    expect((await client.next(({ id }) => id === "bytes")).error).toMatchObject({ code: -32700 });
    expect((await call(client, "status", {})).result.structuredContent.commits).toBe(0);
  });

  it("in arguments is refused with words, and nothing is stored", async () => {
    const { client } = await servers.startRaw();
    const deep = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    const raw: readonly (readonly [string, string])[] = [
      ['{"content":"x","__proto__":{"polluted":true}}', "invalid-argument"],
      ['{"content":"x","constructor":{"prototype":{}}}', "invalid-argument"],
      [`{"content":{"content_type":"freeform","payload":${deep}}}`, "invalid-content"],
      [`{"content":"x","metadata":${deep}}`, "invalid-argument"],
      ['{"content":"lone \\ud800"}', "invalid-content"],
      ['{"content":"x","message":"\\udfff"}', "invalid-argument"],
      ['{"content":"x","labels":["\\ud800"]}', "invalid-argument"],
      ['{"content":{"content_type":"freeform","payload":{"\\ud800":1}}}', "invalid-content"],
      ['{"content":{"content_type":"freeform","payload":{"n":9007199254740993}}}', "invalid-content"],
      ['{"content":{"content_type":"freeform","payload":{"n":1e400}}}', "invalid-content"],
      ['{"content":"x","tract":"a\\u0000b"}', "invalid-argument"],
      ['{"content":"x","worktree":"../../etc"}', "not-found"],
      ['{"content":"x","branch":"a\\u0000b"}', "not-found"],
      ['{"content":"x","tract":{"toString":1}}', "invalid-argument"],
    ];
    for (const [args, code] of raw) {
      const id = `fuzz-${raw.findIndex(([other]) => other === args)}`;
      await client.write(
        `{"jsonrpc":"2.0","id":"${id}","method":"tools/call","params":{"name":"commit","arguments":${args}}}\n`,
      );
      const { result } = await client.next((message) => message.id === id);
      expect(result?.structuredContent?.error, args.slice(0, 80)).toMatchObject({
        code,
        hint: expect.stringMatching(/./),
      });
    }
    expect((await call(client, "status", {})).result.structuredContent).toMatchObject({
      commits: 0,
      head: null,
    });
  });

  it("that may be stored comes back as it was", async () => {
    const { client } = await servers.startRaw();
    const payload =
      '{"__proto__":{"x":1},"constructor":null,"nul":"a\\u0000b","é\\u0301":"’; DROP TABLE commits; --"}';
    await client.write(
      `{"jsonrpc":"2.0","id":"s","method":"tools/call","params":{"name":"commit","arguments":{"content":{"content_type":"freeform","payload":${payload}}}}}\n`,
    );
    expect((await client.next(({ id }) => id === "s")).result.isError).toBeUndefined();
    const { result } = await call(client, "show", { refs: "HEAD" });
    expect(
      JSON.stringify(
        result.structuredContent.commits[0].content.payload,
        Object.keys(JSON.parse(payload)).sort(),
      ),
    ).toContain("DROP TABLE");
    expect(Object.keys(result.structuredContent.commits[0].content.payload).sort()).toEqual(
      Object.keys(JSON.parse(payload)).sort(),
    );
  });

  it("of megabytes is shown to a model in part, and whole in structure", async () => {
    const { client } = await servers.startRaw();
    const content = "a long text ".repeat(100_000);
    await call(client, "commit", { content });
    const { result } = await call(client, "show", { refs: "HEAD" });
    expect(result.structuredContent.commits[0].content.text).toBe(content);
    expect(result.content[0].text.length).toBeLessThan(101_000);
    expect(result.content[0].text).toContain("offset 100000");
  });

  it("in searches is only words", async () => {
    const { client } = await servers.startRaw();
    await call(client, "commit", { content: "the quick brown fox" });
    for (const query of [
      '"',
      "fox AND",
      "NEAR(",
      "fox*",
      "content:fox",
      "' OR 1=1 --",
      "(((((",
      "-fox",
      "{a b}:",
      "\0",
      "^",
      "%",
      "fox\ud800",
      "",
      "a".repeat(20_000),
      "🦊 fox",
    ]) {
      const { result } = await call(client, "search", { query });
      expect(result.structuredContent, query.slice(0, 20)).toMatchObject(
        query.includes("\ud800") ? { error: { code: "invalid-argument" } } : { hits: expect.any(Array) },
      );
    }
  });

  it("for prompts and resources is refused with words", async () => {
    const { client } = await servers.startRaw();
    for (const uri of [
      "",
      "tract://",
      "tract://demo",
      "tract://demo/context/",
      "tract://%ZZ/status",
      "file:///etc/passwd",
      "tract://demo/commit/feedfeed",
      "tract://nowhere/status",
      "tract://demo/compile-record/x",
      "tract://demo/context/HEAD?format=pdf",
      `tract://demo/context/${"a".repeat(10_000)}`,
    ]) {
      const { error } = await client.request("resources/read", { uri });
      expect(error?.message, uri.slice(0, 40)).toMatch(/./);
      expect(error?.code, uri.slice(0, 40)).toBe(-32602);
      expect(error?.data, uri.slice(0, 40)).toMatchObject({
        code: expect.stringMatching(/^(not-found|invalid-argument)$/),
        message: expect.stringMatching(/./),
        hint: expect.stringMatching(/./),
        data: expect.any(Object),
        uri: uri.slice(0, 200),
      });
    }
    await call(client, "commit", { content: "x", tract: "demo" });
    for (const [uri, near] of [
      ["tract://dmo/status", "demo"],
      ["tract://demo/log/mian", "main"],
      ["tract://demo/statsu", "tract://{tract}/status"],
    ] as const) {
      const { error } = await client.request("resources/read", { uri });
      expect(error?.data, uri).toMatchObject({ code: "not-found", data: { near: [near] } });
    }
    expect(
      (await client.request("resources/read", { uri: "tract://demo/ledger/SES-x" })).error,
    ).toMatchObject({
      data: { code: "not-found", data: { session: "SES-x" } },
    });
    expect(
      (await client.request("prompts/get", { name: "resume", arguments: { worktree: "default" } })).result
        .messages.length,
    ).toBeGreaterThan(0);
    for (const [args, code] of [
      [{ worktree: "elsewhere" }, "not-found"],
      [{ worktre: "default" }, "invalid-argument"],
      [{ tract: "a\0b" }, "invalid-argument"],
    ] as const) {
      const { error } = await client.request("prompts/get", { name: "checkpoint", arguments: args });
      expect(error?.data, JSON.stringify(args)).toMatchObject({ code });
    }
    expect((await client.request("prompts/get", { name: "nope" })).error?.code).toBe(-32602);
    expect(
      (await client.request("prompts/get", { name: "resume", arguments: { budget_tokens: "many" } })).error
        ?.data,
    ).toMatchObject({ code: "invalid-argument" });
    expect((await client.request("resources/list", { cursor: "zzz" })).error?.data).toMatchObject({
      code: "invalid-argument",
    });
    expect(
      (
        await client.request("completion/complete", {
          ref: { type: "ref/prompt", name: "nope" },
          argument: { name: "nope", value: "x" },
        })
      ).result.completion.values,
    ).toEqual([]);
  });
});

describe("a store that cannot be used", () => {
  it("is refused with words at each call, without a path, and the server lives", async () => {
    await writeFile(
      `${servers.folder}/text.db`,
      "this is no database, but a long enough text to look at twice ".repeat(20),
    );
    await mkdir(`${servers.folder}/folder.db`);
    for (const name of ["text.db", "folder.db", "missing/deep/test.db"]) {
      const server = servers.startOn(`${servers.folder}/${name}`);
      const client = createRawClient(wireOf(server));
      await client.initialize();
      for (const tool of ["status", "commit"]) {
        const { result } = await call(client, tool, tool === "commit" ? { content: "x" } : {});
        if (name.startsWith("missing") && result.isError === undefined) continue; // The folder was made: as good.
        expect(result.structuredContent.error, `${name} ${tool}`).toMatchObject({
          hint: expect.stringMatching(/./),
        });
        expect(result.structuredContent.error.code).not.toBe("internal");
        expect(JSON.stringify(result)).not.toContain(servers.folder);
      }
      const { tools } = (await client.request("tools/list", {})).result;
      expect(tools).toHaveLength(PROFILES.self.length);
      expect(
        (await client.request("resources/read", { uri: "tract://x/status" })).error?.message ?? "",
      ).not.toContain(servers.folder);
    }
    expect(existsSync(`${servers.folder}/text.db-wal`)).toBe(false);
  });
});
