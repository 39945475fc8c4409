/** The library as a program uses it: one import, a store, a tract, every operation as a method. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type LlmClient, type LlmRequest, openStore, type Tract, TractError } from "../src/index.ts";
import { type LlmServer, startLlmServer } from "./support/llm-server.ts";

let folder: string;
let location: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-library-"));
  location = `sqlite:${path.join(folder, "agent.db")}`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("openStore", () => {
  it("gives tracts whose messages compile for both providers", async () => {
    const store = await openStore(location);
    const tract = await store.tract("research");
    await tract.system("You are a careful researcher.");
    const question = await tract.user("What changed?", {
      name: "Ada",
      message: "first question",
      metadata: { n: 1 },
    });
    await tract.assistant("Two files.", { generationConfig: { model: "m-1", temperature: 0 } });
    expect(question).toMatchObject({ message: "first question", metadata: { n: 1 }, branch: "main" });

    const context = await tract.compile({ budgetTokens: 8000 });
    expect(context.tokenCount).toBeLessThanOrEqual(8000);
    expect(context.toDicts()).toEqual([
      { role: "system", content: "You are a careful researcher." },
      { role: "user", content: "What changed?", name: "Ada" },
      { role: "assistant", content: "Two files." },
    ]);
    expect(context.toOpenAI()).toEqual(context.toDicts());
    expect(context.toAnthropic()).toEqual({
      system: "You are a careful researcher.",
      messages: [
        { role: "user", content: "Ada: What changed?" },
        { role: "assistant", content: "Two files." },
      ],
    });
    expect(context.generationConfigs[2]).toEqual({ model: "m-1", temperature: 0 });
    await tract.close();
  });

  it("keeps what was committed for the next opening, also when only the handle was closed", async () => {
    const store = await openStore(location);
    const tract = await store.tract("research");
    await tract.user("remember this");
    await tract.close();
    const again = await store.tract("research"); // The store opens again by itself.
    expect((await again.status()).commits).toBe(1);
    expect(await store.listTracts()).toEqual(["research"]);
    await store.close();
    const other = await openStore(location, { readonly: true });
    const reader = await other.tract("research");
    expect((await reader.log()).entries.map((entry) => entry.message)).toEqual(["dialogue: remember this"]);
    await expect(reader.user("no")).rejects.toMatchObject({ code: "store-readonly" });
    await other.close();
  });

  it("refuses calls on a closed handle", async () => {
    const store = await openStore(location);
    const tract = await store.tract("research");
    await tract.close();
    await tract.close();
    await expect(tract.status()).rejects.toBeInstanceOf(TractError);
  });

  it("tells of a location that cannot be a store", async () => {
    await expect(openStore(folder)).rejects.toMatchObject({
      code: expect.stringMatching(/^store-|^invalid/),
      hint: expect.stringMatching(/./),
    });
  });

  it("has an unborn tract read as empty", async () => {
    const store = await openStore(location);
    const tract = await store.tract("nothing yet");
    expect(await tract.compile()).toMatchObject({ messages: [], tokenCount: 0, head: null });
    expect((await tract.log()).entries).toEqual([]);
    expect((await tract.compile({ format: "anthropic" })).toAnthropic()).toEqual({
      system: null,
      messages: [],
    });
    expect(await store.listTracts()).toEqual([]);
    await store.close();
  });
});

describe("a tract handle", () => {
  it("has every operation", async () => {
    const store = await openStore(location);
    const tract = await store.tract("all");
    const { commits } = await tract.batch([{ content: "one" }, { content: "two" }]);
    const [one, two] = commits;
    const edited = await tract.edit(one?.hash ?? "", "one, corrected");
    expect(edited.editTarget).toBe(one?.hash);
    await tract.createBranch({ name: "side", switch: true });
    await tract.commit({ content_type: "reasoning", text: "thinking aloud" }, { labels: ["draft"] });
    await tract.switchBranch("main");
    await tract.checkout("-");
    expect((await tract.status()).branch).toBe("side");
    await tract.checkout("main");
    await tract.renameBranch({ name: "side", newName: "experiment" });
    expect((await tract.listBranches()).branches.map((branch) => branch.name)).toEqual([
      "experiment",
      "main",
    ]);
    await tract.createTag({ name: "v1", note: "before the change" });
    expect((await tract.listTags()).tags.map((tag) => tag.name)).toEqual(["v1"]);
    await tract.deleteTag("v1");
    await tract.annotate({ refs: [two?.hash ?? ""], priority: "pinned" });
    expect(await tract.explain(two?.hash ?? "")).toMatchObject({ included: true });
    expect(await tract.forecast([5, 8000])).toMatchObject([
      { fits: false },
      { fits: true, omittedMessages: 0 },
    ]);
    expect((await tract.search({ query: "corrected" })).hits).toHaveLength(1);
    expect((await tract.show({ refs: ["HEAD"] })).commits).toHaveLength(1);
    expect(await tract.diff({ stat: true })).toMatchObject({ kind: "context", totals: { modified: 1 } });
    expect((await tract.blame({ text: "corrected" })).origins).toMatchObject([{ commit: edited.hash }]);
    expect(await tract.reset({ ref: "HEAD~1" })).toMatchObject({ previous: edited.hash });
    await tract.reset({ ref: "ORIG_HEAD" });
    expect((await tract.operations()).operations.length).toBeGreaterThan(5);
    await tract.undo();
    await tract.deleteBranch({ name: "experiment", force: true });
    const imported = await tract.importTranscript({
      text: '[{"role":"user","content":"hi"}]',
      sourceName: "chat.json",
    });
    expect(imported.imported).toBe(1);
    const stopped = { text: '[{"role":"user","content":"ho"}]', signal: AbortSignal.abort() };
    await expect(tract.importTranscript(stopped)).rejects.toMatchObject({ code: "cancelled" });
    const { child } = await tract.spawn({ purpose: "help", name: "helper" });
    const helper = await store.tract(child.tract, { worktree: child.worktree });
    await helper.assistant("helped");
    expect(await tract.collapse({ child: "helper" })).toMatchObject({ kind: "collapsed", branch: "main" });
    expect((await tract.lineage()).tree.children).toMatchObject([{ worktree: "helper", state: "collapsed" }]);
    expect((await tract.timeline({ limit: 1 })).commits).toMatchObject([{ tract: "all" }]);
    await tract.send({ to: "helper", content: "thanks" });
    expect((await helper.status()).unread).toBe(1);
    expect((await tract.queryLedger({ eventType: "GENESIS" })).entries).toHaveLength(1);
    expect(await tract.verify()).toMatchObject({ ok: true });
    await store.close();
  });

  it("lets two worktrees work on one tract without moving each other's HEAD", async () => {
    const store = await openStore(location);
    const ada = await store.tract("team", { worktree: "ada" });
    const bob = await store.tract("team", { worktree: "bob" });
    await ada.user("start");
    await bob.createBranch({ name: "bobs", switch: true });
    await bob.user("elsewhere");
    expect((await ada.status()).branch).toBe("main");
    expect((await ada.status()).commits).toBe(1);
    await store.close();
  });

  it("commits custom types, and knows them again without their code", async () => {
    const ticket = z.object({ title: z.string(), votes: z.number().default(0) });
    const store = await openStore(location);
    const tract = await store.tract("custom");
    tract.registerContentType("ticket", ticket, {
      role: "user",
      toText: (content) => `Ticket: ${String(content.title)}`,
    });
    await tract.commit({ content_type: "ticket", title: "Slow start" });
    await store.close();
    const again = await openStore(location);
    const reopened = await again.tract("custom");
    expect((await reopened.compile()).toDicts()).toEqual([{ role: "user", content: "Ticket: Slow start" }]);
    await reopened.commit({ content_type: "ticket", title: "Another" });
    await expect(reopened.commit({ content_type: "ticket", votes: 1 })).rejects.toMatchObject({
      code: "invalid-content",
    });
    await again.close();
  });
});

/** The handle as JavaScript sees it. */
type UntypedTract = { readonly [Name in keyof Tract]: (...args: unknown[]) => Promise<unknown> };

describe("what a program without types may send", () => {
  const refusals: readonly (readonly [string, (tract: UntypedTract) => Promise<unknown>])[] = [
    ["an internal operation", (tract) => tract.commit("x", { operation: "merge" })],
    ["an unknown priority", (tract) => tract.commit("x", { priority: "high" })],
    ["a mistyped option", (tract) => tract.commit("x", { prioritty: "pinned" })],
    ["a message that is no text", (tract) => tract.commit("x", { message: 5 })],
    ["labels that are no list", (tract) => tract.commit("x", { labels: "abc" })],
    [
      "a role beside a type without one",
      (tract) => tract.commit("x", { role: "assistant", contentType: "output" }),
    ],
    ["a batch that is no list", (tract) => tract.batch("x")],
    ["nothing in a batch", (tract) => tract.batch([null])],
    ["an option of another shorthand", (tract) => tract.user("x", { role: "assistant" })],
    ["a snake_case option", (tract) => tract.compile({ budget_tokens: 10 })],
    ["an unknown filter value", (tract) => tract.log({ role: "usr" })],
    ["an unknown order", (tract) => tract.queryLedger({ order: "up" })],
    ["an unknown filter", (tract) => tract.queryLedger({ modell: "x" })],
    ["a name that is no text", (tract) => tract.createBranch({ name: 5 })],
    ["a query that is missing", (tract) => tract.search({})],
    ["an operation that is no text", (tract) => tract.undo({ operation: 5 })],
  ];

  it.each(refusals)("refuses %s and stores nothing", async (_, attempt) => {
    const store = await openStore(location);
    const tract = await store.tract("untyped");
    await expect(attempt(tract as unknown as UntypedTract)).rejects.toMatchObject({
      name: "TractError",
      code: expect.stringMatching(/^invalid-(argument|content)$/),
      hint: expect.stringMatching(/./),
    });
    expect(await store.listTracts()).toEqual([]);
    await store.close();
  });

  it.each(["", " ", "\ud800", "a\0b", "x".repeat(500)])(
    "refuses %j as the name of a tract or worktree",
    async (name) => {
      const store = await openStore(location);
      await expect(store.tract(name)).rejects.toMatchObject({ code: "invalid-name" });
      await expect(store.tract("fine", { worktree: name })).rejects.toMatchObject({ code: "invalid-name" });
      await store.close();
    },
  );

  it.each([{ durability: "none" }, { encoding: "p50k" }, { author: { kind: "robot" } }, { unknown: 1 }])(
    "refuses to open with %j",
    async (options) => {
      await expect(openStore(location, options as object)).rejects.toMatchObject({
        code: "invalid-argument",
      });
    },
  );

  it("refuses a custom type with a role that no provider knows", async () => {
    const store = await openStore(location);
    const tract = await store.tract("custom");
    expect(() =>
      tract.registerContentType("odd", z.object({ x: z.string() }), { role: "robot" as "user" }),
    ).toThrow(TractError);
    expect(() => tract.registerContentType("odd", {} as z.ZodObject)).toThrow(TractError);
    await store.close();
  });

  it("keeps config keys that are named like members of every object", async () => {
    const store = await openStore(location);
    const tract = await store.tract("keys");
    const { commits } = await tract.commit("x", {
      generationConfig: JSON.parse('{"constructor":"a","model":"m","__proto__":{"b":1}}'),
    });
    expect(JSON.stringify(commits[0]?.generationConfig)).toBe(
      '{"model":"m","extra":{"constructor":"a","__proto__":{"b":1}}}',
    );
    expect((await tract.verify()).ok).toBe(true);
    await store.close();
  });

  it("tells the custom types of two tracts apart", async () => {
    const store = await openStore(location);
    for (const [name, field] of [
      ["a", "title"],
      ["b", "x"],
    ] as const) {
      const one = await openStore(location);
      const tract = await one.tract(name);
      tract.registerContentType("ticket", z.object({ [field]: z.string() }));
      await tract.commit({ content_type: "ticket", [field]: "y" });
      await one.close();
    }
    const [a, b, c] = await Promise.all([store.tract("a"), store.tract("b"), store.tract("c")]);
    await a.commit({ content_type: "ticket", title: "z" });
    await b.commit({ content_type: "ticket", x: "z" });
    await expect(b.commit({ content_type: "ticket", title: "z" })).rejects.toMatchObject({
      code: "invalid-content",
    });
    await expect(c.commit({ content_type: "ticket", title: "z" })).rejects.toMatchObject({
      code: "invalid-content",
    });
    await store.close();
  });
});

describe("a store that talks to an LLM", () => {
  const apiKey = "sk-library-secret-55";
  let llm: LlmServer;
  beforeEach(async () => {
    llm = await startLlmServer({ apiKey });
  });
  afterEach(async () => await llm.close());

  it("chats by an endpoint and its key, and streams", async () => {
    const store = await openStore(location, { llm: { apiKey, model: "m", baseUrl: llm.baseUrl } });
    const tract = await store.tract("research");
    llm.script("Two files.", "Three of them.");
    const reply = await tract.chat("What changed?", { temperature: 0, name: "Ada" });
    expect(reply).toMatchObject({ text: "Two files.", generationConfig: { model: "m", temperature: 0 } });
    const pieces: string[] = [];
    await tract.generate({ onDelta: (piece) => pieces.push(piece) });
    expect(pieces.join("")).toBe("Three of them.");
    expect((await tract.compile()).messages).toHaveLength(3);
    expect((await tract.configure({ set: { seed: 0 } })).resolved).toMatchObject({ seed: { value: 0 } });
    await tract.close();
    const again = await store.tract("research"); // Opened again, with the same LLM.
    llm.script("Still here.");
    expect((await again.chat("And?")).generationConfig).toEqual({ model: "m", seed: 0 });
    await store.close();
  });

  it("uses a client of the caller's own, and does not close it", async () => {
    const requests: LlmRequest[] = [];
    let isClosed = false;
    const client: LlmClient = {
      chat: async (request) => {
        requests.push(request);
        return { text: "mine" };
      },
      close: () => {
        isClosed = true;
      },
    };
    const store = await openStore(location, { llm: { client } });
    const tract = await store.tract("research");
    const reply = await tract.chat("hello");
    expect(reply).toMatchObject({ text: "mine", usage: null, generationConfig: {} });
    expect(requests[0]).toEqual({ messages: [{ role: "user", content: "hello" }], config: {} });
    await store.close();
    expect(isClosed).toBe(false);
  });

  it("breaks off what is being asked when it is closed", async () => {
    const store = await openStore(location, { llm: { apiKey, model: "m", baseUrl: llm.baseUrl } });
    const tract = await store.tract("research");
    llm.script({ kind: "silence" });
    const arrived = llm.nextRequest();
    const asked = tract.chat("hello").catch((error: unknown) => error);
    await arrived;
    await store.close();
    expect(await asked).toBeInstanceOf(TractError);
  });

  it.each([
    [{}, "options.llm.apiKey"],
    [{ apiKey: "sk secret" }, "options.llm.apiKey"],
    [{ apiKey, baseUrl: "nowhere" }, "options.llm.baseUrl"],
    [{ apiKey, modle: "m" }, "options.llm"],
    [{ client: {} }, "options.llm.client"],
    [{ client: { chat: async () => ({ text: "" }) }, apiKey }, "options.llm.client"],
  ])("refuses the option %j without quoting a key", async (option, path) => {
    const error: unknown = await openStore(location, { llm: option as never }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "invalid-argument", data: { path } });
    expect(JSON.stringify(error)).not.toContain(apiKey);
  });

  it("reads no environment", async () => {
    vi.stubEnv("TRACT_LLM_API_KEY", apiKey);
    vi.stubEnv("OPENAI_API_KEY", apiKey);
    const tract = await (await openStore(location)).tract("research");
    await expect(tract.chat("hi")).rejects.toMatchObject({ code: "llm-not-configured" });
    await tract.close();
    vi.unstubAllEnvs();
  });
});
