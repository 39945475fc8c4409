/** Committing: append, edit, batch, expected head, idempotency, budgets, and every refusal. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import type { TractError } from "../../../src/engine/errors.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import type { CommitRequestItem } from "../../../src/engine/history/commit-items.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine } from "../../support/engine.ts";

let engine: Engine;
let close: () => Promise<void>;

beforeEach(async () => {
  ({ engine, close } = await openTestEngine());
});
afterEach(() => close());

async function add(item: CommitRequestItem | string): Promise<Hash> {
  const { commits } = await commit(engine, { items: [typeof item === "string" ? { content: item } : item] });
  return commits[0]?.hash as Hash;
}

/** Where main is. */
async function tip(): Promise<Hash> {
  const ref = await engine.store.readRef("test", "branch", "main");
  if (ref === null || !("commit" in ref.value) || ref.value.commit === null)
    throw new Error("main has a commit");
  return ref.value.commit;
}

/** What the whole store holds, to show that a refusal changed nothing. */
async function everything(): Promise<unknown> {
  const { store, scope } = engine;
  const [tract, branches, operations, ledger] = await Promise.all([
    store.findTract(scope.tract),
    store.listRefs(scope.tract, "branch"),
    store.readOperations(scope.tract, { limit: 1000 }),
    store.readLedger(scope.tract, { order: "asc", limit: 1000 }),
  ]);
  return { tract, branches, operations, ledger, contents: await store.scanContents(0, 1000) };
}

async function refused(attempt: () => Promise<unknown>): Promise<TractError> {
  const before = await everything();
  const error = await attempt().then(
    () => null,
    (caught: TractError) => caught,
  );
  expect(error).not.toBeNull();
  expect(error?.hint).not.toBe("");
  expect(await everything()).toEqual(before);
  return error as TractError;
}

describe("commit", () => {
  it("appends to an unborn branch and tells operation, branch and head", async () => {
    const result = await commit(engine, { items: [{ content: "Hello world" }] });
    expect(result).toMatchObject({ branch: "main", warnings: [], budget: null, contextTokens: null });
    expect(result.head).toBe(result.commits[0]?.hash);
    expect(result.commits[0]).toMatchObject({
      message: "dialogue: Hello world",
      contentType: "dialogue",
      role: "user",
      tokens: 2,
      parents: [],
      labels: [],
      operation: "append",
    });
    const ledger = await engine.store.readLedger("test", { order: "asc", limit: 10 });
    expect(ledger.map((entry) => [entry.eventType, entry.decision])).toEqual([
      ["GENESIS", "CREATED"],
      ["OPERATION", "commit"],
    ]);
    expect(ledger[1]?.submissionId).toBe(result.operationId);
  });

  it("makes the shorthands of roles", async () => {
    await add({ content: "Be helpful", role: "system" });
    await add({
      content: "Hi",
      role: "assistant",
      name: "Ada",
      generationConfig: { model: "m", max_completion_tokens: 5, temperature: 0 },
    });
    const log = await engine.store.readLog("test", {
      head: await tip(),
      limit: 10,
      firstParent: true,
    });
    expect(log.map((made) => [made.contentType, made.role, made.message])).toEqual([
      ["dialogue", "assistant", "dialogue: Hi"],
      ["instruction", "system", "instruction: Be helpful"],
    ]);
    expect(log[0]?.generationConfig).toEqual({ model: "m", max_tokens: 5, temperature: 0 });
  });

  it("keeps an empty message empty and tells apart metadata null and {}", async () => {
    const { commits } = await commit(engine, {
      items: [
        { content: "a", message: "" },
        { content: "a", message: "", metadata: {} },
      ],
    });
    expect(commits.map((made) => [made.message, made.metadata])).toEqual([
      ["", null],
      ["", {}],
    ]);
  });

  it("keeps labels in order, each once, and a priority as an annotation", async () => {
    const hash = await add({ content: "a", labels: ["b", "a", "b"], priority: "pinned" });
    const [made] = await engine.store.readCommits("test", [hash]);
    expect(made?.labels).toEqual(["b", "a"]);
    const annotations = await engine.store.readCommitAnnotations("test", hash);
    expect(annotations.map((row) => row.priority)).toEqual(["pinned"]);
  });

  it("never lets time run backwards along a chain", async () => {
    await add("first");
    const slow = { ...engine, clock: () => 0 };
    const { commits } = await commit(slow, { items: [{ content: "second" }] });
    const [first] = await engine.store.readCommits("test", commits[0]?.parents ?? []);
    expect(commits[0]?.createdAt).toBe(first?.createdAt);
  });

  it("commits a batch in one operation with one ledger entry", async () => {
    const { commits, operationId } = await commit(engine, {
      items: [{ content: "a" }, { content: "b" }, { content: "c" }],
    });
    expect(commits.map((made) => made.parents.length)).toEqual([0, 1, 1]);
    const operations = await engine.store.readOperations("test", { limit: 10 });
    expect(operations.map((operation) => [operation.id, operation.results.length])).toEqual([
      [operationId, 3],
    ]);
    expect((await engine.store.readLedger("test", { order: "asc", limit: 10 })).length).toBe(2);
  });

  it("stores nothing of a batch when one item is wrong, and names it", async () => {
    await add("before");
    const error = await refused(() =>
      commit(engine, { items: [{ content: "a" }, { content: { content_type: "dialogue", role: "user" } }] }),
    );
    expect(error).toMatchObject({ code: "invalid-content", data: { path: "items[1].content.text" } });
  });

  it("stores equal contents once", async () => {
    await add("same");
    await add("same");
    expect((await engine.store.scanContents(0, 10)).rows).toHaveLength(1);
  });
});

describe("edit", () => {
  it("keeps type, role and fields of the target for a bare text", async () => {
    const target = await add({
      content: { content_type: "dialogue", role: "assistant", text: "old", name: "Ada" },
    });
    await add("later");
    const edited = await add({ content: "new", operation: "edit", editTarget: target.slice(0, 8) });
    const [made] = await engine.store.readCommits("test", [edited]);
    const [content] = await engine.store.readContents([made?.contentHash as Hash]);
    expect(made).toMatchObject({ operation: "edit", editTarget: target });
    expect(JSON.parse(content?.body ?? "")).toMatchObject({ role: "assistant", text: "new", name: "Ada" });
  });

  it("may change the type", async () => {
    const target = await add("old");
    const edited = await add({ content: { content_type: "output", text: "new" }, editTarget: target });
    expect((await engine.store.readCommits("test", [edited]))[0]).toMatchObject({
      contentType: "output",
      editTarget: target,
    });
  });

  it("refuses an edit of an edit and names the original", async () => {
    const target = await add("old");
    const edited = await add({ content: "new", editTarget: target });
    const error = await refused(() => add({ content: "newer", editTarget: edited }));
    expect(error).toMatchObject({ code: "edit-target", data: { original: target } });
    expect(error.hint).toContain(target);
  });

  it("refuses a target that is not in the branch's history", async () => {
    await add("base");
    const { createBranch } = await import("../../../src/engine/history/branch.ts");
    await createBranch(engine, { name: "side", switch: true });
    const onSide = await add("only here");
    const error = await refused(() =>
      commit(engine, { branch: "main", items: [{ content: "x", editTarget: onSide }] }),
    );
    expect(error.code).toBe("edit-target");
  });

  it.each([
    [
      "an append with a target",
      { content: "x", operation: "append", editTarget: "HEAD" },
      "invalid-argument",
    ],
    ["an edit without one", { content: "x", operation: "edit" }, "invalid-argument"],
    ["an unknown target", { content: "x", editTarget: "deadbeef" }, "not-found"],
    [
      "a config edited into text",
      { content: { content_type: "output", text: "x" }, editTarget: "HEAD~1" },
      "edit-target",
    ],
  ] as const)("refuses %s", async (_, item, code) => {
    await add({ content: { content_type: "config", settings: { recent: 3 } } });
    await add("head");
    expect((await refused(() => commit(engine, { items: [item] }))).code).toBe(code);
  });
});

describe("where a commit goes", () => {
  it("refuses a detached HEAD and tells the way out", async () => {
    const first = await add("a");
    await add("b");
    const { checkout } = await import("../../../src/engine/history/checkout.ts");
    await checkout(engine, { ref: first });
    const error = await refused(() => add("c"));
    expect(error.code).toBe("detached-head");
    expect(error.hint).toContain("branch");
    await expect(commit(engine, { branch: "main", items: [{ content: "c" }] })).resolves.toMatchObject({
      branch: "main",
    });
  });

  it("refuses an unknown branch and offers near names", async () => {
    await add("a");
    const error = await refused(() => commit(engine, { branch: "mian", items: [{ content: "x" }] }));
    expect(error).toMatchObject({ code: "not-found", data: { near: ["main"] } });
  });

  it("refuses an unknown worktree that the caller named", async () => {
    await add("a");
    const elsewhere = withScope(engine, { worktree: "nowhere", createWorktree: false });
    expect((await refused(() => commit(elsewhere, { items: [{ content: "x" }] }))).code).toBe("not-found");
  });

  it("fails with both hashes when the branch is not at the expected head", async () => {
    const first = await add("a");
    const second = await add("b");
    const error = await refused(() => commit(engine, { expectedHead: first, items: [{ content: "x" }] }));
    expect(error).toMatchObject({
      code: "branch-moved",
      data: { expected_head: first, actual_head: second },
    });
    await expect(commit(engine, { expectedHead: second, items: [{ content: "x" }] })).resolves.toBeDefined();
  });

  it("appends all of many commits that race", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => add(`racer ${i}`)));
    const head = await tip();
    expect(await engine.store.countReachable("test", head)).toBe(20);
  });

  it("gives the first result again for the same idempotency key", async () => {
    const first = await commit(engine, { idempotencyKey: "k1", items: [{ content: "once" }] });
    const again = await commit(engine, { idempotencyKey: "k1", items: [{ content: "once" }] });
    expect(again).toMatchObject({ operationId: first.operationId, head: first.head });
    expect(again.commits).toEqual(first.commits);
    expect(await engine.store.countReachable("test", first.head as Hash)).toBe(1);
  });
});

describe("budget", () => {
  const budget = (max_tokens: number, action: string) => ({
    content: { content_type: "config", settings: { budget: { max_tokens, action } } },
  });

  it("warns beyond it and notes that in the ledger", async () => {
    await add(budget(20, "warn"));
    const quiet = await commit(engine, { items: [{ content: "short" }] });
    expect(quiet).toMatchObject({ warnings: [], budget: { maxTokens: 20, action: "warn" } });
    const loud = await commit(engine, { items: [{ content: "word ".repeat(40) }] });
    expect(loud.warnings).toHaveLength(1);
    expect(loud.budget?.used).toBe(loud.contextTokens);
    const [entry] = await engine.store.readLedger("test", {
      eventTypes: ["BUDGET"],
      order: "desc",
      limit: 1,
    });
    expect(entry).toMatchObject({
      decision: "WARNED",
      submissionId: "main",
      metadata: { limit: 20, size: loud.contextTokens },
    });
  });

  it("refuses beyond it before anything is written but the refusal", async () => {
    await add(budget(20, "reject"));
    const head = await engine.store.readRef("test", "branch", "main");
    await expect(add("word ".repeat(40))).rejects.toMatchObject({
      code: "budget-exceeded",
      data: { max_tokens: 20 },
    });
    expect(await engine.store.readRef("test", "branch", "main")).toEqual(head);
    expect((await engine.store.scanContents(0, 10)).rows).toHaveLength(1);
    const [entry] = await engine.store.readLedger("test", { order: "desc", limit: 1 });
    expect(entry).toMatchObject({ eventType: "BUDGET", decision: "REJECTED" });
  });

  it("counts the compiled context, not the sum of history", async () => {
    const long = await add("word ".repeat(100));
    await add(budget(60, "reject"));
    await add({ content: "short", editTarget: long });
    await expect(commit(engine, { items: [{ content: "fits now" }] })).resolves.toMatchObject({
      warnings: [],
    });
  });

  it("does not refuse what makes the context smaller, though it stays over", async () => {
    const long = await add("word ".repeat(100));
    await add("word ".repeat(100));
    await add(budget(60, "reject"));
    await expect(commit(engine, { items: [{ content: "short", editTarget: long }] })).resolves.toBeDefined();
  });

  it.each([
    ["an unknown setting", { bugdet: { max_tokens: 10 } }, "content.settings.bugdet"],
    ["a wrong value", { budget: { max_tokens: "10" } }, "content.settings.budget.max_tokens"],
  ])("refuses a config with %s", async (_, settings, path) => {
    const error = await refused(() => add({ content: { content_type: "config", settings } }));
    expect(error).toMatchObject({ code: "invalid-content", data: { path } });
  });

  it("is unset by null and nearest to the head wins per key", async () => {
    await add({ content: { content_type: "config", settings: { budget: { max_tokens: 10 }, recent: 3 } } });
    await add({ content: { content_type: "config", settings: { budget: null } } });
    await expect(commit(engine, { items: [{ content: "word ".repeat(40) }] })).resolves.toMatchObject({
      budget: null,
      warnings: [],
    });
  });
});
