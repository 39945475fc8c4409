/** Where a worktree stands: a fresh store, a budget, a detached HEAD, tracts; and that looking writes nothing. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { status } from "../../../src/engine/history/status.ts";
import { openTestEngine } from "../../support/engine.ts";
import { inWorktree, refusal, say, wholeState } from "../../support/history.ts";

let engine: Engine;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ engine, close } = await openTestEngine());
});
afterEach(() => close());

describe("status", () => {
  it("tells of a fresh store in zeros and writes nothing", async () => {
    const before = await wholeState(engine);
    expect(await status(engine, { tracts: true })).toEqual({
      tract: "test",
      worktree: "default",
      branch: "main",
      detached: false,
      head: null,
      commits: 0,
      tokens: 0,
      tokenSource: "counted:o200k_base",
      conflicts: [],
      budget: null,
      proposals: [],
      unread: 0,
      recent: [],
      operations: [],
      store: { kind: "sqlite", bytes: expect.any(Number) },
      tracts: [],
    });
    expect(await wholeState(engine)).toEqual(before);
  });

  it("tells of another branch without moving there", async () => {
    await say(engine, "on main");
    await createBranch(engine, { name: "side" });
    const onSide = await say(engine, "on side", { branch: "side" });
    expect(await status(engine, { branch: "side" })).toMatchObject({
      branch: "side",
      head: onSide,
      commits: 2,
    });
    expect(await status(engine)).toMatchObject({ branch: "main", commits: 1 });
    expect((await refusal(engine, () => status(engine, { branch: "sied" }))).data).toMatchObject({
      near: ["side"],
    });
  });

  it("counts what compile counts, and names the latest commits and operations", async () => {
    for (const text of ["one", "two", "three", "four"]) await say(engine, text);
    const now = await status(engine);
    expect(now.tokens).toBe((await compile(engine, {})).tokenCount);
    expect(now).toMatchObject({ commits: 4, branch: "main" });
    expect(now.recent.map((entry) => entry.message)).toEqual([
      "dialogue: four",
      "dialogue: three",
      "dialogue: two",
    ]);
    expect(now.operations.map(({ type, sequence }) => [type, sequence])).toEqual([
      ["commit", 4],
      ["commit", 3],
      ["commit", 2],
    ]);
    expect(now.store.bytes).toBeGreaterThan(0);
    expect(now).not.toHaveProperty("tracts");
  });

  it("holds the context against the branch's budget, also beyond it", async () => {
    await commit(engine, {
      items: [
        { content: { content_type: "config", settings: { budget: { max_tokens: 10, action: "warn" } } } },
      ],
    });
    await say(engine, "a");
    const small = await status(engine);
    expect(small.budget).toEqual({
      maxTokens: 10,
      used: small.tokens,
      percent: small.tokens * 10,
      action: "warn",
    });
    await say(engine, "many words and more of them, so that the budget does not suffice");
    expect((await status(engine)).budget?.percent).toBeGreaterThan(100);
  });

  it("says when HEAD is detached, and where other worktrees and unborn branches are", async () => {
    await say(engine, "a");
    await say(engine, "b");
    await checkout(engine, { ref: "HEAD~1" });
    expect(await status(engine)).toMatchObject({ branch: null, detached: true, commits: 1 });
    const other = inWorktree(engine, "other");
    expect(await status(other)).toMatchObject({ worktree: "other", branch: "main", commits: 2 });
    await createBranch(other, { name: "side", from: "main", switch: true });
    expect(await status(other)).toMatchObject({ branch: "side", commits: 2 });
  });

  it("refuses a worktree that was named and does not exist", async () => {
    await say(engine, "a");
    const named = withScope(engine, { worktree: "defualt", createWorktree: false });
    const error = await refusal(engine, () => status(named));
    expect([error.code, error.data.near]).toEqual(["not-found", ["default"]]);
  });

  it("lists the tracts of the store", async () => {
    await say(engine, "a");
    await createBranch(engine, { name: "side" });
    await say(withScope(engine, { tract: "another" }), "b");
    const { tracts } = await status(engine, { tracts: true });
    expect(tracts?.map(({ name, branches, operations }) => [name, branches, operations])).toEqual([
      ["another", 1, 1],
      ["test", 2, 2],
    ]);
    for (const tract of tracts ?? [])
      expect(Date.parse(tract.lastActivity ?? "")).toBeGreaterThanOrEqual(Date.parse(tract.createdAt));
  });
});
