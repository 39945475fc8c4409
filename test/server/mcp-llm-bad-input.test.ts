/** What goes wrong with an LLM, through a real server and a real client: each refusal says what to do, and changes nothing but the ledger. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LlmServer, type ScriptStep, startLlmServer } from "../support/llm-server.ts";
import {
  createRawClient,
  makeServers,
  type RawClient,
  type TestServers,
  wireOf,
} from "../support/mcp-client.ts";

const KEY = "sk-secret-server-9902";
const FILLER = "We looked at several ways to do this and talked about each of them at some length. ";
let servers: TestServers;
let llm: LlmServer;
let client: RawClient;
beforeEach(async () => {
  servers = await makeServers();
  llm = await startLlmServer({ apiKey: KEY });
});
afterEach(async () => {
  await servers.close();
  await llm.close();
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  const server = servers.start(["--profile", "full"], {
    TRACT_LLM_API_KEY: KEY,
    TRACT_LLM_BASE_URL: llm.baseUrl,
    TRACT_LLM_MODEL: "test-model",
    ...env,
  });
  client = createRawClient(wireOf(server));
  await client.initialize();
}

// biome-ignore lint/suspicious/noExplicitAny: results of every shape.
async function call(name: string, args: object): Promise<any> {
  return (await client.request("tools/call", { name, arguments: args })).result.structuredContent;
}

/** Something for every operation to work on: messages, two texts and two settings that differ, a child that has worked. */
async function prepare(): Promise<readonly string[]> {
  const contents = [1, 2, 3, 4].map((part) => ({ content: `What about part ${part}? ${FILLER.repeat(3)}` }));
  const { commits } = await call("commit", { items: contents });
  const hashes: string[] = commits.map(({ hash }: { hash: string }) => hash);
  await call("branch", { action: "create", name: "words" });
  await call("branch", { action: "create", name: "settings" });
  await call("commit", { content: "ours", edit_target: hashes[3] });
  await call("commit", { content: "theirs", edit_target: hashes[3], branch: "words" });
  for (const [branch, strategy] of [
    ["main", "full"],
    ["settings", "outline"],
  ])
    await call("commit", { content: { content_type: "config", settings: { strategy } }, branch });
  const { child } = await call("spawn", { purpose: "Find the bug", name: "finder" });
  await call("commit", {
    content: `Line 12 is wrong. ${FILLER}`,
    role: "assistant",
    worktree: child.worktree,
  });
  return hashes;
}

interface State {
  readonly heads: readonly string[];
  /** Id of the newest operation. */
  readonly newest: string;
  readonly messages: unknown;
}

/** Everything that an operation could have moved. */
async function state(): Promise<State> {
  const { branches } = await call("branch", { action: "list" });
  const heads = branches.map(({ name, head }: { name: string; head: string }) => `${name} ${head}`);
  const { operations } = await call("operations", { limit: 1 });
  const { messages } = await call("compile", { format: "openai", budget_tokens: 100_000 });
  return { heads, newest: operations[0].id, messages };
}

/** Refused with a code and a hint, and nothing is changed. */
// biome-ignore lint/suspicious/noExplicitAny: data of every shape.
async function refused(before: State, name: string, args: object, code: string): Promise<any> {
  const { error } = await call(name, args);
  expect(error, `${name} ${JSON.stringify(args)}`).toMatchObject({ code, hint: expect.stringMatching(/./) });
  expect(JSON.stringify(error)).not.toContain(KEY);
  expect(await state()).toEqual(before);
  return error;
}

const byLlm = (hashes: readonly string[]) =>
  [
    ["compress", { strategy: "llm", from: hashes[0], to: hashes[2] }, /strategy agent/],
    ["merge", { source: "words", strategy: "llm" }, /resolutions|report/],
    ["collapse", { child: "finder", strategy: "llm" }, /agent|manual|last_output/],
  ] as const;

it("no LLM: each operation names what works without one", async () => {
  await start({ TRACT_LLM_API_KEY: "", TRACT_LLM_BASE_URL: "", TRACT_LLM_MODEL: "" });
  const hashes = await prepare();
  const before = await state();
  for (const [name, args, without] of [
    ["chat", { text: "hi" }, /compile/],
    ["generate", {}, /compile/],
    ...byLlm(hashes),
  ] as const)
    expect((await refused(before, name, args, "llm-not-configured")).hint).toMatch(without);
  // And it does work.
  expect(await call("compress", { strategy: "agent", from: hashes[0], to: hashes[2] })).toMatchObject({
    kind: "planned",
  });
  expect(await call("merge", { source: "words", strategy: "ours" })).toMatchObject({ kind: "resolved" });
  expect(await call("collapse", { child: "finder" })).toMatchObject({ kind: "collapsed" });
  expect((await call("query_ledger", { event_type: "LLM_CALL" })).count).toBe(0);
});

it("a wrong key: llm-auth for each operation, the failed call in the ledger, the key nowhere", async () => {
  await start({ TRACT_LLM_API_KEY: "sk-wrong-but-secret" });
  const hashes = await prepare();
  const before = await state();
  for (const [name, args] of byLlm(hashes)) {
    const error = await refused(before, name, args, "llm-auth");
    expect(error.data.status).toBe(401);
    expect(JSON.stringify(error)).not.toContain("sk-wrong-but-secret");
  }
  const { entries } = await call("query_ledger", { event_type: "LLM_CALL", metadata: "full" });
  expect(entries).toHaveLength(3);
  for (const entry of entries)
    expect(entry).toMatchObject({ decision: "ERROR", metadata: { error_code: "llm-auth" } });
  expect(JSON.stringify(entries)).not.toContain("sk-wrong-but-secret");
});

describe("arguments", () => {
  it("that are no config, no operation, no condition, no turn, or do not go together, cost no call", async () => {
    await start();
    const hashes = await prepare();
    const before = await state();
    const range = { from: hashes[0], to: hashes[2] };
    const cases: readonly (readonly [string, object, string, object])[] = [
      ["configure", { set: { modle: "x" } }, "invalid-argument", { near: ["model"] }],
      [
        "configure",
        { set: { temperature: "hot" } },
        "invalid-argument",
        { path: expect.stringContaining("temperature") },
      ],
      [
        "configure",
        { set: { model: "x" }, operation: "compres" },
        "invalid-argument",
        { near: ["compress"] },
      ],
      ["configure", { set: { model: "x" }, unset: ["model"] }, "invalid-argument", {}],
      ["configure", { get: ["modle"] }, "invalid-argument", { near: ["model"] }],
      ["chat", { text: "hi", llm_config: { temprature: 1 } }, "invalid-argument", { near: ["temperature"] }],
      ["chat", { text: "hi", temperature: -1 }, "invalid-argument", { path: "temperature" }],
      ["chat", { text: " " }, "invalid-content", { path: "text" }],
      ["chat", { text: "hi", branch: "mian" }, "not-found", {}],
      ["record_turn", { user_message: "", response: "x" }, "invalid-content", { path: "user_message" }],
      ["record_turn", { user_message: "x", response: " " }, "invalid-content", { path: "response" }],
      ["compress", { ...range, strategy: "manual", summary: "s", model: "m" }, "invalid-argument", {}],
      ["compress", { ...range, strategy: "llm", summary: "s" }, "invalid-argument", {}],
      ["compress", { ...range, strategy: "mask", instructions: "x" }, "invalid-argument", {}],
      ["merge", { source: "words", strategy: "ours", model: "m" }, "invalid-argument", {}],
      ["collapse", { child: "finder", strategy: "llm", summary: "s" }, "invalid-argument", {}],
      ["collapse", { child: "finder", strategy: "manual", summary: "s", model: "m" }, "invalid-argument", {}],
      [
        "query_by_config",
        { conditions: [{ field: "temperature", op: "~", value: 1 }] },
        "invalid-argument",
        {},
      ],
      [
        "query_by_config",
        { conditions: [{ field: "temprature", op: "=", value: 1 }] },
        "invalid-argument",
        { near: ["temperature"] },
      ],
      [
        "query_by_config",
        { conditions: [{ field: "temperature", op: "=", value: "hot" }] },
        "invalid-argument",
        {},
      ],
      [
        "query_by_config",
        { conditions: [{ field: "model", op: ">", value: { a: 1 } }] },
        "invalid-argument",
        {},
      ],
      [
        "query_by_config",
        { conditions: [{ field: "temperature", op: "between", value: [1] }] },
        "invalid-argument",
        {},
      ],
      [
        "query_by_config",
        { conditions: [{ field: "temperature", op: "exists", value: "yes" }] },
        "invalid-argument",
        {},
      ],
      ["query_by_config", {}, "invalid-argument", {}],
      ["query_ledger", { aggregate: "month" }, "invalid-argument", {}],
      ["query_ledger", { event_type: "LLM_CAL" }, "invalid-argument", { near: ["LLM_CALL"] }],
    ];
    for (const [name, args, code, data] of cases) {
      const error = await refused(before, name, args, code);
      expect(error.data, `${name} ${JSON.stringify(args)}`).toMatchObject(data);
    }
    expect(llm.requests).toHaveLength(0);
  });
});

describe("replies", () => {
  it("that are empty, cut off, too long, no JSON where JSON is due, or no protocol, change nothing", async () => {
    await start();
    const hashes = await prepare();
    const before = await state();
    const cut: ScriptStep = { text: "Parts are", finishReason: "length" };
    const long = "long ".repeat(2 * 1024 * 1024);
    const settings = { source: "settings", strategy: "llm" };
    const cases: readonly (readonly [string, object, ScriptStep])[] = [
      ...byLlm(hashes).flatMap(([name, args]) => [
        [name, args, ""] as const,
        [name, args, cut] as const,
        [name, args, { text: null, toolCalls: [{ id: "1", name: "compress", arguments: "{}" }] }] as const,
      ]),
      ["compress", byLlm(hashes)[0][1], long],
      ["compress", byLlm(hashes)[0][1], { kind: "raw", body: "<html>busy</html>" }],
      ["merge", settings, "I would rather not say."],
      ["merge", settings, '{"pick": "both"}'],
      ["merge", settings, '{"choice": "ours"'],
    ];
    for (const [name, args, step] of cases) {
      llm.script(step);
      await refused(before, name, args, "llm-bad-response");
      llm.forget();
    }
    const { count } = await call("query_ledger", { event_type: "LLM_CALL", decision: "ERROR" });
    expect(count).toBe(cases.length);
    expect((await call("verify", {})).ok).toBe(true);
  });

  it("that never come end at the time limit; cancelled ones leave nothing half done", async () => {
    await start({ TRACT_LLM_TIMEOUT_MS: "150" });
    const hashes = await prepare();
    const before = await state();
    const silence = { kind: "silence" } as const;
    const [name, args] = byLlm(hashes)[0];
    llm.script(silence, silence, silence);
    await refused(before, name, args, "llm-unavailable");
    llm.script({ text: "Nothing", kind: "stall" });
    const arrived = llm.nextRequest();
    const params = { name, arguments: args };
    await client.write(`${JSON.stringify({ jsonrpc: "2.0", id: "c-1", method: "tools/call", params })}\n`);
    await arrived;
    await client.write(
      `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "c-1" } })}\n`,
    );
    llm.script("Parts 1 to 3 are open.");
    const done = await call(name, args);
    expect(done.kind).toBe("compressed");
    await call("undo", { operation: done.operation_id });
    const after = await state();
    expect(after).toEqual({ ...before, newest: after.newest });
    expect((await call("verify", {})).ok).toBe(true);
  });
});
