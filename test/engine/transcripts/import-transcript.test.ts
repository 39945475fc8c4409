/** Importing transcripts: branches, one operation, idempotence, and that a refusal leaves nothing behind. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import type { TractError } from "../../../src/engine/errors.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { type ImportResult, importTranscript } from "../../../src/engine/transcripts/import-transcript.ts";
import type { CommitRecord, Hash } from "../../../src/storage/records.ts";
import { openTestEngine } from "../../support/engine.ts";

const FIXTURES = new URL("../../fixtures/transcripts/", import.meta.url);
const LIMITS = { contentBytesMax: 10_000, metadataBytesMax: 500 };

let engine: Engine;
let close: () => Promise<void>;

beforeEach(async () => {
  ({ engine, close } = await openTestEngine({ limits: LIMITS }));
});
afterEach(() => close());

function fixture(name: string): { readonly text: string; readonly sourceName: string } {
  return { text: readFileSync(new URL(name, FIXTURES), "utf8"), sourceName: name };
}

/** A chat of user messages. */
function chat(...texts: readonly string[]): { readonly text: string; readonly sourceName: string } {
  return {
    text: JSON.stringify(texts.map((content) => ({ role: "user", content }))),
    sourceName: "chat.json",
  };
}

async function headOf(branch: string): Promise<Hash | null> {
  const ref = await engine.store.readRef(engine.scope.tract, "branch", branch);
  return ref !== null && "commit" in ref.value ? ref.value.commit : null;
}

/** Commits of a branch, oldest first. */
async function commitsOf(branch: string): Promise<readonly CommitRecord[]> {
  const head = await headOf(branch);
  if (head === null) return [];
  return ((await engine.store.readChain(engine.scope.tract, head)) ?? []).map((row) => row.commit);
}

async function messagesOf(branch: string): Promise<readonly string[]> {
  return (await commitsOf(branch)).map(({ message }) => message.replace("dialogue: ", ""));
}

/** What the whole tract holds, to show that nothing changed. */
async function everything(): Promise<unknown> {
  const { store, scope } = engine;
  return {
    tract: await store.findTract(scope.tract),
    branches: await store.listRefs(scope.tract, "branch"),
    worktrees: await store.listRefs(scope.tract, "worktree"),
    operations: await store.readOperations(scope.tract, { limit: 100 }),
    ledger: await store.readLedger(scope.tract, { order: "asc", limit: 100 }),
    contents: (await store.scanContents(0, 1000)).rows.length,
  };
}

async function refused(attempt: () => Promise<unknown>): Promise<TractError> {
  const before = await everything();
  const error = await attempt().then(
    () => null,
    (caught: TractError) => caught,
  );
  expect(error).not.toBeNull();
  expect(await everything()).toEqual(before);
  return error as TractError;
}

function branchesOf(result: ImportResult): readonly string[] {
  return result.branches.map(
    ({ name, commits, created }) => `${name} ${commits}${created ? " created" : ""}`,
  );
}

describe("an import", () => {
  it("makes a branch with a root of its own, named after the file, and leaves HEAD", async () => {
    await commit(engine, { items: [{ content: "on main" }] });
    const before = await engine.store.readRef(engine.scope.tract, "worktree", "default");
    const result = await importTranscript(engine, fixture("chat.json"));
    expect(branchesOf(result)).toEqual(["chat 10 created"]);
    expect(result).toMatchObject({ format: "openai", imported: 10, repaired: [], skipped: [], warnings: [] });
    expect(result.branches[0]?.head).toBe(await headOf("chat"));
    const commits = await commitsOf("chat");
    expect(commits[0]?.parents).toEqual([]);
    expect(new Set(commits.map(({ author }) => JSON.stringify(author)))).toEqual(
      new Set([JSON.stringify({ kind: "import", name: "chat.json", session_id: null })]),
    );
    expect(await engine.store.readRef(engine.scope.tract, "worktree", "default")).toEqual(before);
    expect(await messagesOf("main")).toEqual(["on main"]);
  });

  it("of many transcripts is one operation with one ledger entry", async () => {
    const result = await importTranscript(engine, fixture("tau-bench.json"));
    expect(branchesOf(result)).toEqual([
      "tau-0-0 6 created",
      "tau-0-1 2 created",
      "tau-refund-late-0 2 created",
    ]);
    expect(result.skipped).toEqual([{ entry: 3, why: "no run with traj" }]);
    const operations = await engine.store.readOperations(engine.scope.tract, { limit: 10 });
    expect(operations.map(({ id, type, results }) => [id, type, results.length])).toEqual([
      [result.operationId, "import", 10],
    ]);
    const ledger = await engine.store.readLedger(engine.scope.tract, { order: "asc", limit: 10 });
    expect(ledger.map(({ eventType }) => eventType)).toEqual(["GENESIS", "IMPORTED"]);
    expect(ledger[1]).toMatchObject({
      submissionId: result.operationId,
      decision: "import",
      metadata: { format: "tau-bench", source: "tau-bench.json", commits: 10 },
    });
  });

  it("names the branch of every repair and skip", async () => {
    const result = await importTranscript(engine, fixture("messages.jsonl"));
    expect(result.skipped).toEqual([
      { line: 2, why: "not JSON" },
      { branch: "messages", line: 5, why: 'the role "narrator" is not known' },
      { branch: "messages", line: 7, why: "no message object" },
    ]);
  });

  it("keeps no path of the machine", async () => {
    await importTranscript(engine, { ...chat("a"), sourceName: "/home/someone/secret/My chat.json" });
    expect((await commitsOf("My-chat"))[0]?.author.name).toBe("My chat.json");
    expect(JSON.stringify(await everything())).not.toContain("someone");
  });

  it("leaves out what cannot be stored, names it, and takes the rest", async () => {
    const text = JSON.stringify([
      { role: "user", content: "small" },
      { role: "user", content: "x".repeat(LIMITS.contentBytesMax) },
      {
        role: "tool",
        tool_call_id: "c",
        name: "ls",
        content: "ok",
        trace: "y".repeat(LIMITS.metadataBytesMax),
      },
    ]);
    const result = await importTranscript(engine, { text, sourceName: "chat.json" });
    expect(result.imported).toBe(2);
    expect(result.skipped.map(({ index }) => index)).toEqual([1]);
    expect(result.repaired).toEqual([
      { branch: "chat", index: 2, how: "fields too large to keep were left out" },
    ]);
    expect((await commitsOf("chat"))[1]?.metadata).toEqual({ openai: { tool_name_key: true } });
  });

  it("is undone in one step", async () => {
    await commit(engine, { items: [{ content: "mine" }] });
    const before = await engine.store.listRefs(engine.scope.tract, "branch");
    await importTranscript(engine, fixture("tau-bench.json"));
    await undo(engine, {});
    expect(await engine.store.listRefs(engine.scope.tract, "branch")).toEqual(before);
  });

  it("tells its progress in commits", async () => {
    const told: unknown[] = [];
    await importTranscript(engine, fixture("tau-bench.json"), { progress: (...args) => told.push(args) });
    expect(told).toEqual([
      [6, 10, "tau-0-0"],
      [8, 10, "tau-0-1"],
      [10, 10, "tau-refund-late-0"],
    ]);
  });
});

describe("importing again", () => {
  it("the same file changes nothing", async () => {
    await importTranscript(engine, fixture("tau-bench.json"));
    const before = await everything();
    const again = await importTranscript(engine, fixture("tau-bench.json"));
    expect(again).toMatchObject({ imported: 0, operationId: null });
    expect(branchesOf(again)).toEqual(["tau-0-0 0", "tau-0-1 0", "tau-refund-late-0 0"]);
    expect(await everything()).toEqual(before);
  });

  it("a longer file adds only what is new", async () => {
    await importTranscript(engine, chat("a", "b"));
    const result = await importTranscript(engine, chat("a", "b", "c", "d"));
    expect(branchesOf(result)).toEqual(["chat 2"]);
    expect(await messagesOf("chat")).toEqual(["a", "b", "c", "d"]);
  });

  it("a file whose branch went on since changes nothing", async () => {
    await importTranscript(engine, chat("a", "b"));
    await commit(engine, { branch: "chat", items: [{ content: "mine" }] });
    expect(branchesOf(await importTranscript(engine, chat("a", "b")))).toEqual(["chat 0"]);
  });

  it("a file that parted ways makes a branch with a suffix, once, and says so", async () => {
    await importTranscript(engine, chat("a", "b"));
    const first = await importTranscript(engine, chat("a", "x"));
    expect(branchesOf(first)).toEqual(["chat-2 2 created"]);
    expect(first.warnings).toHaveLength(1);
    expect(branchesOf(await importTranscript(engine, chat("a", "x")))).toEqual(["chat-2 0"]);
    expect(branchesOf(await importTranscript(engine, chat("a", "b")))).toEqual(["chat 0"]);
  });

  it("an edit of an imported commit does not count as new history", async () => {
    const { branches } = await importTranscript(engine, chat("a", "b"));
    const [first] = await commitsOf("chat");
    await commit(engine, { branch: "chat", items: [{ content: "A", editTarget: first?.hash as string }] });
    expect(branches[0]?.commits).toBe(2);
    expect(branchesOf(await importTranscript(engine, chat("a", "b", "c")))).toEqual(["chat 1"]);
  });

  it("transcripts of one name in one file keep their branches apart", async () => {
    const run = (...texts: readonly string[]): object => ({
      task_id: 1,
      trial: 1,
      traj: texts.map((content) => ({ role: "user", content })),
    });
    const request = { text: JSON.stringify([run("a"), run("a", "b")]) };
    expect(branchesOf(await importTranscript(engine, request))).toEqual([
      "tau-1-1 2 created",
      "tau-1-1-2 3 created",
    ]);
    expect(branchesOf(await importTranscript(engine, request))).toEqual(["tau-1-1 0", "tau-1-1-2 0"]);
  });
});

describe("an import to a named branch", () => {
  it("goes on at the tip of one that exists, once", async () => {
    await commit(engine, { items: [{ content: "mine" }] });
    const result = await importTranscript(engine, { ...chat("a", "b"), branch: "main" });
    expect(branchesOf(result)).toEqual(["main 2"]);
    expect(await messagesOf("main")).toEqual(["mine", "a", "b"]);
    expect(branchesOf(await importTranscript(engine, { ...chat("a", "b"), branch: "main" }))).toEqual([
      "main 0",
    ]);
    expect(branchesOf(await importTranscript(engine, { ...chat("a", "b", "c"), branch: "main" }))).toEqual([
      "main 1",
    ]);
    expect(await messagesOf("main")).toEqual(["mine", "a", "b", "c"]);
  });

  it("does not take a person's own words for an earlier import", async () => {
    await commit(engine, { items: [{ content: "go on" }] });
    await importTranscript(engine, { ...chat("go on", "b"), branch: "main" });
    expect(await messagesOf("main")).toEqual(["go on", "go on", "b"]);
  });

  it("makes one that does not exist", async () => {
    const result = await importTranscript(engine, { ...chat("a"), branch: "old/chat" });
    expect(branchesOf(result)).toEqual(["old/chat 1 created"]);
  });

  it("is refused for several transcripts, and for a name that is none", async () => {
    const several = await refused(() =>
      importTranscript(engine, { ...fixture("tau-bench.json"), branch: "all" }),
    );
    expect([several.code, several.data.transcripts]).toEqual(["invalid-argument", 3]);
    const unnamed = await refused(() => importTranscript(engine, { ...chat("a"), branch: "a..b" }));
    expect(unnamed.code).toBe("invalid-name");
  });

  it("keeps to the branch's budget", async () => {
    const budget = (action: string): object => ({
      content: { content_type: "config", settings: { budget: { max_tokens: 40, action } } },
    });
    const long = { ...chat("word ".repeat(100)), branch: "main" };
    await commit(engine, { items: [budget("warn") as { content: unknown }] });
    expect((await importTranscript(engine, long)).warnings).toHaveLength(1);
    await commit(engine, { items: [budget("reject") as { content: unknown }] });
    const before = await messagesOf("main");
    const more = { ...chat("more ".repeat(100)), branch: "main" };
    await expect(importTranscript(engine, more)).rejects.toMatchObject({ code: "budget-exceeded" });
    expect(await messagesOf("main")).toEqual(before);
    const ledger = await engine.store.readLedger(engine.scope.tract, {
      eventTypes: ["BUDGET"],
      order: "asc",
      limit: 10,
    });
    expect(ledger.map(({ decision }) => decision)).toContain("REJECTED");
  });
});

describe("a refused or interrupted import leaves nothing", () => {
  it.each([
    ["no format", '{"a":1}'],
    ["no JSON", "hello"],
    ["no message in it", '[{"role":"assistant","content":null}]'],
    ["no messages at all", '{"messages":[]}'],
  ])("with %s", async (_, text) => {
    expect((await refused(() => importTranscript(engine, { text }))).code).toBe("invalid-argument");
  });

  it("when cancelled between two transcripts", async () => {
    const abort = new AbortController();
    const error = await refused(() =>
      importTranscript(engine, fixture("tau-bench.json"), {
        signal: abort.signal,
        progress: () => abort.abort(),
      }),
    );
    expect(error.code).toBe("cancelled");
  });

  it("when cancelled while a large one is written", async () => {
    const abort = new AbortController();
    const store = overriding(engine, {
      publish: async (...args) => {
        abort.abort();
        return await engine.store.publish(...args);
      },
    });
    const many = Array.from({ length: 3_000 }, (_, i) => `message ${i}`);
    const error = await refused(() =>
      importTranscript({ ...engine, store }, chat(...many), { signal: abort.signal }),
    );
    expect(error.code).toBe("cancelled");
  });

  it("when the store fails while it publishes", async () => {
    const failing = {
      ...engine,
      store: overriding(engine, { publish: () => Promise.reject(new Error("disk")) }),
    };
    await refused(() => importTranscript(failing, fixture("tau-bench.json")));
  });

  it("and plans anew when a branch moved meanwhile", async () => {
    await importTranscript(engine, chat("a"));
    let races = 1;
    const store = overriding(engine, {
      publish: async (change) => {
        if (races-- > 0) await commit(engine, { branch: "chat", items: [{ content: "faster" }] });
        return await engine.store.publish(change);
      },
    });
    const result = await importTranscript({ ...engine, store }, { ...chat("a", "b"), branch: "chat" });
    expect(result.branches[0]?.commits).toBe(2);
    expect(await messagesOf("chat")).toEqual(["a", "faster", "a", "b"]);
  });
});

/** The engine's store with some methods replaced. */
function overriding({ store }: Engine, methods: Partial<Engine["store"]>): Engine["store"] {
  return new Proxy(store, {
    get: (target, name: keyof Engine["store"]) => {
      const own = methods[name] ?? target[name];
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}
