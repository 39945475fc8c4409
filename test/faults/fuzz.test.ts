/** Protocol input that no client would send, by the thousand, over stdio and HTTP: each is answered with an error that explains, and the server lives (spec 7.3). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOLS } from "../../src/tools/registry.ts";
import { JSON_HEADERS, type LocalHttp, modernRequest, startLocalHttp } from "../support/http.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import {
  createRawClient,
  type RawClient,
  type ServerProcess,
  startServer,
  wireOf,
} from "../support/mcp-client.ts";
import { seededChance } from "./child.ts";

const MIB = 1024 * 1024;
const TIMES = runs(400, 10_000);
const TOOL_NAMES = TOOLS.map(({ name }) => name);
/** Not called at random: the first waits for an LLM, the others are shown by tests of their own. */
const LEFT_OUT = new Set(["chat", "generate"]);

/** Texts of JSON values that are wrong nearly everywhere, and some that are right somewhere. */
const VALUES: readonly string[] = [
  "null",
  "true",
  "0",
  "-1",
  "1e400",
  "9007199254740993",
  "0.1",
  '""',
  '"HEAD"',
  '"HEAD~99999999999999999999"',
  '"HEAD^{/("',
  '"main..main..main"',
  '"\\ud800"',
  '"a\\u0000b"',
  '"../../../../etc/passwd"',
  '"/etc/passwd"',
  '"C:\\\\Windows\\\\system32"',
  '"file:///etc/passwd"',
  '"refs/../x"',
  '"\'; DROP TABLE commits; --"',
  '"\\" OR 1=1 --"',
  '"NEAR(a b, 5) AND content:* OR -x"',
  '"%s%n{0}"',
  '"__proto__"',
  `"${"x".repeat(70_000)}"`,
  `"${"\\u202e\\u0301".repeat(300)}"`,
  "[]",
  "{}",
  "[[[[[[]]]]]]",
  '[null,"HEAD",{},7]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"hasOwnProperty":2,"then":3}',
  '{"content_type":"dialogue"}',
  '{"content_type":"__proto__","text":"x"}',
  `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
];

const KEYS: readonly string[] = [
  "content",
  "items",
  "ref",
  "refs",
  "branch",
  "tract",
  "worktree",
  "name",
  "action",
  "from",
  "to",
  "query",
  "limit",
  "cursor",
  "metadata",
  "labels",
  "summary",
  "strategy",
  "source",
  "operation",
  "path",
  "text",
  "__proto__",
  "constructor",
  "",
  "\u0000",
  "budget_tokens",
  "as_of",
  "settings",
  "conditions",
  "llm_config",
];

const METHODS: readonly string[] = [
  "tools/call",
  "tools/list",
  "resources/read",
  "resources/subscribe",
  "prompts/get",
  "completion/complete",
  "ping",
  "initialize",
  "server/discover",
  "subscriptions/listen",
  "logging/setLevel",
  "no/such",
  "__proto__",
  "",
];

/** Messages as texts, the same in every run; each is valid JSON with the id given. */
function createMessages(seed: number): (id: string) => { readonly method: string; readonly text: string } {
  const chance = seededChance(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T; // Within the list.
  const members = (): string =>
    `{${Array.from({ length: Math.floor(chance() * 4) }, () => `${JSON.stringify(pick(KEYS))}:${pick(VALUES)}`).join(",")}}`;
  return (id) => {
    const isCall = chance() < 0.8;
    const method = isCall ? "tools/call" : pick(METHODS);
    const name =
      chance() < 0.95 ? JSON.stringify(pick(TOOL_NAMES.filter((tool) => !LEFT_OUT.has(tool)))) : pick(VALUES);
    const args = chance() < 0.85 ? members() : pick(VALUES);
    const params = isCall
      ? `{"name":${name},"arguments":${args}}`
      : chance() < 0.5
        ? members()
        : `{"uri":${pick(VALUES)},"name":${pick(VALUES)},"ref":${members()},"argument":${members()}}`;
    return {
      method,
      text: `{"jsonrpc":"2.0","id":"${id}","method":${JSON.stringify(method)},"params":${params}}`,
    };
  };
}

/** What an answer may be: a result, or an error with a code, words, and for a tool a hint; never a word of the machine or of SQL. */
function expectExplained(
  answer: { readonly result?: unknown; readonly error?: unknown },
  sent: string,
): void {
  const where = sent.slice(0, 300);
  expect(answer.result ?? answer.error, where).toBeDefined();
  const refused = (answer.result as { structuredContent?: { error?: Refusal } } | undefined)
    ?.structuredContent?.error;
  if (refused !== undefined) {
    expect(refused.code, where).not.toBe("internal");
    expect(refused.message.length, where).toBeGreaterThan(5);
    expect(refused.hint.length, where).toBeGreaterThan(5);
    expect(`${refused.message} ${refused.hint}`, where).not.toMatch(
      /SQLITE|syntax error|near "|at .*\.ts:|Cannot read prop/,
    );
  }
  if (answer.error !== undefined) {
    expect(answer.error, where).toMatchObject({
      code: expect.any(Number),
      message: expect.stringMatching(/./),
    });
    expect(answer.error, where).not.toMatchObject({ code: -32603 });
    expect(answer.error, where).not.toMatchObject({ message: expect.stringContaining('"path"') });
  }
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-fuzz-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("over stdio", () => {
  let server: ServerProcess;
  let client: RawClient;
  beforeAll(async () => {
    server = startServer({
      store: path.join(folder, "stdio.db"),
      args: ["--tract", "demo", "--profile", "full"],
    });
    client = createRawClient(wireOf(server));
    await client.initialize();
  });
  afterAll(async () => {
    server.process.stdin.end();
    await server.exited;
  });

  const call = (name: string, args: unknown) => client.request("tools/call", { name, arguments: args });

  it(`${TIMES} messages at random are answered, and the server lives`, {
    timeout: timeLimit(120_000),
  }, async () => {
    await call("commit", { content: "the first" });
    const next = createMessages(11);
    for (let i = 0; i < TIMES; i++) {
      const { method, text } = next(`f${i}`);
      await client.write(`${text}\n`);
      // A subscription is answered when it ends; the cancellation ends it.
      if (method === "subscriptions/listen") {
        await client.write(
          `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"f${i}"}}\n`,
        );
        continue;
      }
      expectExplained(await client.next(({ id }) => id === `f${i}`), text);
    }
    expect(server.process.exitCode).toBeNull();
    expect(server.log()).not.toMatch(/"level":"error"|Unhandled| {4}at /);
    const { result } = await call("verify", {});
    expect(result.structuredContent).toMatchObject({ ok: true, problems: [] });
  });

  it("bytes at random, and messages cut in two, are passed over or refused, and the next is served", async () => {
    const chance = seededChance(23);
    const next = createMessages(29);
    for (let i = 0; i < TIMES / 4; i++) {
      const length = Math.floor(chance() * 200);
      const noise = Buffer.from(
        Array.from({ length }, () => Math.floor(chance() * 256)).filter((byte) => byte !== 0x7d),
      );
      await client.write(noise);
      await client.write("\n");
      const { text } = next(`cut${i}`);
      await client.write(`${text.slice(0, Math.floor(chance() * (text.length - 1)))}\n`);
    }
    expect((await call("status", {})).result.structuredContent).toMatchObject({ tract: "demo" });
  });
});

describe("over HTTP", () => {
  let http: LocalHttp;
  beforeAll(async () => {
    http = await startLocalHttp(
      folder,
      { profile: "full" },
      { requestsPerSecond: 1_000_000, requestsBurst: 1_000_000 },
    );
  });
  afterAll(async () => await http.server.close());

  const post = (body: string | Buffer, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${http.address}/mcp`, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body });

  /** Headers of a client that has shaken hands. */
  async function startSession(): Promise<Readonly<Record<string, string>>> {
    const version = "2025-06-18";
    const clientInfo = { name: "fuzz", version: "1" };
    const params = { protocolVersion: version, capabilities: {}, clientInfo };
    const shaken = await post(JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }));
    await shaken.text();
    return {
      "Mcp-Session-Id": shaken.headers.get("mcp-session-id") ?? "",
      "MCP-Protocol-Version": version,
    };
  }

  /** What was answered to a message, be it as JSON or as the first message of a stream. */
  async function answerTo(
    response: Response,
  ): Promise<{ readonly result?: unknown; readonly error?: unknown }> {
    const text = await response.text();
    const data = text.startsWith("{") ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? "{}");
    return JSON.parse(data) as { readonly result?: unknown }; // An answer of JSON-RPC, as the checks then see.
  }

  it(`${TIMES} messages at random are answered, and the server lives`, {
    timeout: timeLimit(120_000),
  }, async () => {
    const next = createMessages(17);
    const headers = await startSession();
    let served = 0;
    for (let i = 0; i < TIMES; i++) {
      const { method, text } = next(`h${i}`);
      if (method === "subscriptions/listen") continue;
      const response = await post(text, headers);
      if (response.status === 200) served += 1;
      expect(response.status, text.slice(0, 300)).toBeLessThan(500);
      expectExplained(await answerTo(response), text);
    }
    // Most come through to the tools.
    expect(served).toBeGreaterThan(TIMES * 0.7);
    const status = await fetch(
      `${http.address}/mcp`,
      modernRequest("tools/call", { name: "verify", arguments: {} }),
    );
    expect(await status.json()).toMatchObject({ result: { structuredContent: { ok: true } } });
    expect(http.log()).not.toMatch(/"level":"error"|Unhandled| {4}at /);
  });

  it("100 MB are refused while they come, and the server lives", async () => {
    const piece = Buffer.alloc(MIB, "a");
    const body = new ReadableStream({
      start: (controller) =>
        controller.enqueue(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":"')),
      pull: (controller) => {
        sent += 1;
        if (sent > 100) controller.close();
        else controller.enqueue(piece);
      },
    });
    let sent = 0;
    // The connection may be closed while the rest is still on its way.
    const status = await fetch(`${http.address}/mcp`, {
      method: "POST",
      headers: JSON_HEADERS,
      body,
      duplex: "half",
    } as RequestInit).then(
      (response) => response.status,
      () => 413,
    );
    expect(status).toBe(413);
    expect((await fetch(`${http.address}/healthz`)).status).toBe(200);
  });
});
