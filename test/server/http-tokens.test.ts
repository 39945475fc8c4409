/** Who may do what over HTTP: tokens, where they come from, their scopes and their tracts. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TractError } from "../../src/engine/errors.ts";
import { isLoopback, ownNames } from "../../src/server/http/own-names.ts";
import { readTokenFile } from "../../src/server/http/token-file.ts";
import { createAdmission } from "../../src/server/http/tokens.ts";
import { callOnce, connectHttp, type LocalHttp, modernRequest, startLocalHttp } from "../support/http.ts";

const WRITER = "writer-token-0123456789";
const READER = "reader-token-0123456789";
const GUEST = "guest-token-0123456789";
const OWN = "environment-token-0123456789";

let folder: string;
let http: LocalHttp;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tract-tokens-"));
  const tokens = [
    { token: WRITER, scope: "write", name: "writer" },
    { token: READER, scope: "read" },
    { token: GUEST, scope: "write", tracts: ["guest", "guest-*"] },
  ];
  const file = write("tokens.json", JSON.stringify({ tokens }));
  http = await startLocalHttp(folder, { "http.token_file": file }, {}, { TRACT_HTTP_TOKEN: OWN });
  await callOnce(http.address, "commit", { content: "of the owner" }, as(WRITER));
});
afterAll(async () => {
  await http.server.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

const as = (token: string): Readonly<Record<string, string>> => ({ Authorization: `Bearer ${token}` });
const call = (token: string, name: string, args: unknown) => callOnce(http.address, name, args, as(token));

describe("a token", () => {
  it("is needed for every address but the health check, also on this machine", async () => {
    for (const path of ["/sse", "/mcp"]) {
      const response = await fetch(`${http.address}${path}`);
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    }
    const health = await fetch(`${http.address}/healthz`);
    expect(await health.json()).toEqual({ status: "ok", version: expect.any(String), store: "ok" });
  });

  it.each([
    "Bearer",
    "Bearer wrong-token-0123456789",
    `Bearer ${WRITER}x`,
    `Basic ${WRITER}`,
    WRITER,
    "Bearer ünknown",
  ])("that is %j is refused with 401", async (Authorization) => {
    const headers = { Authorization: Buffer.from(Authorization).toString("latin1") };
    const request = modernRequest("tools/list", {}, headers);
    expect((await fetch(`${http.address}/mcp`, request)).status).toBe(401);
  });

  it("of the environment or the file is taken by every client and transport", async () => {
    for (const [dialect, over, token] of [
      ["v1", "http", OWN],
      ["v1", "sse", WRITER],
      ["v2-2026", "http", READER],
    ] as const) {
      const { client } = await connectHttp(dialect, over, http.address, { token });
      expect((await client.callTool({ name: "status", arguments: {} })).isError).not.toBe(true);
      await client.close();
    }
  });

  it("is never logged", () => {
    expect(http.log()).toContain("client=token-2");
    for (const token of [WRITER, READER, GUEST, OWN]) expect(http.log()).not.toContain(token);
  });

  it("owns the session that it began: others cannot use its id", async () => {
    const begin = (token: string) =>
      fetch(`${http.address}/mcp`, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json, text/event-stream",
          ...as(token),
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "initialize",
          params: {
            protocolVersion: "2025-06-18",
            capabilities: {},
            clientInfo: { name: "x", version: "1" },
          },
        }),
      });
    const id = (await begin(WRITER)).headers.get("mcp-session-id") ?? "";
    const end = (token: string) =>
      fetch(`${http.address}/mcp`, { method: "DELETE", headers: { "Mcp-Session-Id": id, ...as(token) } });
    expect((await end(READER)).status).toBe(404);
    expect((await end(WRITER)).status).toBe(200);
  });
});

describe("the scope read", () => {
  it("allows what reads, with arguments that only read too", async () => {
    expect(await call(READER, "status", {})).toMatchObject({ tract: "demo", commits: 1 });
    expect(await call(READER, "branch", { action: "list" })).not.toHaveProperty("error");
    expect(await call(READER, "compile", {})).toMatchObject({ token_count: expect.any(Number) });
  });

  it("refuses what writes, and nothing is written, not even a note of it", async () => {
    for (const [name, args] of [
      ["commit", { content: "no" }],
      ["branch", { action: "create", name: "no" }],
      ["undo", {}],
      ["compress", { strategy: "mask" }],
    ] as const)
      expect(await call(READER, name, args)).toMatchObject({
        error: { code: "not-allowed", data: { scope: "read" } },
      });
    const ledger = await call(WRITER, "query_ledger", { limit: 50 });
    expect(JSON.stringify(ledger)).not.toContain("TOOL_CALL");
    expect(await call(WRITER, "status", {})).toMatchObject({ commits: 1 });
  });
});

describe("a token for some tracts", () => {
  it("works in its own by default, and in all that its names stand for", async () => {
    expect(await call(GUEST, "commit", { content: "mine" })).not.toHaveProperty("error");
    expect(await call(GUEST, "status", {})).toMatchObject({ tract: "guest", commits: 1 });
    expect(await call(GUEST, "commit", { tract: "guest-2", content: "also mine" })).not.toHaveProperty(
      "error",
    );
  });

  it("is refused in others, as argument, resource and subscription, and does not see their names", async () => {
    for (const [name, args] of [
      ["commit", { tract: "demo", content: "x" }],
      ["status", { tract: "demo" }],
      ["search", { tract: "guesty", query: "x" }],
    ] as const)
      expect(await call(GUEST, name, args)).toMatchObject({ error: { code: "not-allowed" } });
    const tracts = (await call(GUEST, "status", { tracts: true })).tracts as readonly {
      readonly name: string;
    }[];
    expect(tracts.map(({ name }) => name).sort()).toEqual(["guest", "guest-2"]);

    const { client } = await connectHttp("v2-2025", "http", http.address, { token: GUEST });
    await expect(client.readResource({ uri: "tract://demo/context/main" })).rejects.toThrow(/not-allowed/);
    await expect(
      (
        client as unknown as { subscribeResource: (at: { uri: string }) => Promise<unknown> }
      ).subscribeResource({
        uri: "tract://demo/status", // A method of the client that the support's type leaves out.
      }),
    ).rejects.toThrow(/not-allowed/);
    const named = await client.complete({
      ref: { type: "ref/resource", uri: "tract://{tract}/status" },
      argument: { name: "tract", value: "" },
    });
    expect([...new Set(named.completion.values)].sort()).toEqual(["guest", "guest-2"]);
    await client.close();
  });

  it("is told of nothing in others", async () => {
    const [theirs, own] = ["tract://demo/status", "tract://guest/status"];
    const stop = new AbortController();
    const response = await fetch(`${http.address}/mcp`, {
      ...modernRequest(
        "subscriptions/listen",
        { notifications: { resourceSubscriptions: [theirs, own] } },
        as(GUEST),
      ),
      signal: stop.signal,
    });
    const text = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    await text?.read();
    await call(WRITER, "commit", { content: "unseen" });
    await call(GUEST, "commit", { content: "seen" });
    const { value } = (await text?.read()) ?? {};
    expect(value).toContain(own);
    expect(value).not.toContain(theirs);
    stop.abort();
  });
});

describe("files of the server's machine", () => {
  it("are read for a client only when a person has named a folder for them", async () => {
    const path = write("chat.jsonl", '{"role":"user","content":"hello"}\n');
    const refused = await startLocalHttp(folder, { profile: "full" });
    const args = { format: "openai", path };
    expect(await callOnce(refused.address, "import_transcript", args)).toMatchObject({
      error: { code: "not-allowed" },
    });
    await refused.server.close();
    const open = await startLocalHttp(folder, { profile: "full", import_root: folder });
    expect(await callOnce(open.address, "import_transcript", args)).not.toHaveProperty("error");
    await open.server.close();
  });
});

describe("a token file", () => {
  const problem = async (path: string): Promise<string> => {
    const error: unknown = await readTokenFile(path).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TractError);
    expect((error as TractError).code).toBe("invalid-argument");
    return (error as TractError).message;
  };

  it("holds a token per line, or JSON", async () => {
    const lines = `# who\n${WRITER} write\n\n${READER} read one,two-*\n`;
    const { tokens } = await readTokenFile(write("lines", lines));
    expect(tokens.map(({ name, access }) => [name, access])).toEqual([
      ["token-1", { mayWrite: true, tracts: null }],
      ["token-2", { mayWrite: false, tracts: ["one", "two-*"] }],
    ]);
    const json = await readTokenFile(
      write("list.json", JSON.stringify([{ token: WRITER, scope: "read", name: "a" }])),
    );
    expect(json.tokens).toEqual([{ token: WRITER, name: "a", access: { mayWrite: false, tracts: null } }]);
  });

  it("is made with a token that nobody can guess when it is missing, for its owner alone", async () => {
    const path = join(folder, "new");
    const made = await readTokenFile(path);
    expect([made.isNew, made.tokens[0]?.access]).toEqual([true, { mayWrite: true, tracts: null }]);
    expect(made.tokens[0]?.token).toMatch(/^[\w-]{43}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await readTokenFile(path)).tokens).toEqual(made.tokens);
    expect(readFileSync(path, "utf8")).toContain("write");
  });

  it.each([
    ["no scope", WRITER],
    ["an unknown scope", `${WRITER} admin`],
    ["a short token", "short write"],
    ["no token", "# nothing\n"],
    ["broken JSON", "{"],
    ["other JSON", '{"a":1}'],
    ["a field that is not known", JSON.stringify([{ token: WRITER, scope: "read", tract: "x" }])],
    ["only patterns of tracts", `${WRITER} read a*`],
    ["a token twice", `${WRITER} read\n${WRITER} write`],
    [
      "a name twice",
      JSON.stringify([
        { token: WRITER, scope: "write", name: "a" },
        { token: READER, scope: "read", name: "a" },
      ]),
    ],
    [
      "a name that another has by its place",
      JSON.stringify([
        { token: WRITER, scope: "write", name: "token-2" },
        { token: READER, scope: "read" },
      ]),
    ],
    ["words behind", `${WRITER} read one two`],
  ])("with %s is refused, and its text is not quoted", async (_, text) => {
    const message = await problem(write("bad", text));
    expect(message).toContain("not in form");
    expect(message).not.toContain(WRITER);
  });

  it.each([
    ["its token", { token: OWN, scope: "read" }],
    ["its name", { token: READER, scope: "read", name: "own" }],
  ])("cannot share %s with the token of the environment", async (_, entry) => {
    const file = write("shared.json", JSON.stringify([entry]));
    const starting = startLocalHttp(folder, { "http.token_file": file }, {}, { TRACT_HTTP_TOKEN: OWN });
    await expect(starting).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("that others may read, that is a folder, or whose folder is missing, is refused", async () => {
    const path = write("open", `${WRITER} write`);
    chmodSync(path, 0o644);
    expect(await problem(path)).toContain("other users");
    mkdirSync(join(folder, "dir"), { mode: 0o700 });
    expect(await problem(join(folder, "dir"))).toContain("is no regular file");
    expect(await problem(join(folder, "nowhere", "file"))).toContain("cannot be made");
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  });
});

describe("the check of tokens", () => {
  it("knows the owner when there are none, and otherwise only who shows one", () => {
    expect(createAdmission([])(undefined)).toMatchObject({ kind: "admitted", principal: { name: "local" } });
    const access = { mayWrite: false, tracts: null };
    const admit = createAdmission([{ token: READER, name: "r", access }]);
    expect(admit(`bearer ${READER}`)).toEqual({ kind: "admitted", principal: { name: "r", access } });
    expect([admit(undefined).kind, admit(`Bearer ${WRITER}`).kind]).toEqual(["missing", "wrong"]);
  });
});

describe("names of the own machine", () => {
  it("are the loopback ones, the address that is listened on, and what settings add", () => {
    expect(["127.0.0.1", "127.9.9.9", "::1", "LocalHost"].map(isLoopback)).toEqual([true, true, true, true]);
    expect(["0.0.0.0", "::", "", "192.168.0.1", "127.0.0.1.evil.example"].map(isLoopback)).toEqual(
      Array.from({ length: 5 }, () => false),
    );
    expect(ownNames("192.168.0.7", "tract.example.com:8443,fe80::1")).toEqual([
      "localhost",
      "127.0.0.1",
      "[::1]",
      "192.168.0.7",
      "tract.example.com",
      "[fe80::1]",
    ]);
  });
});
