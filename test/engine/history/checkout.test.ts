import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBranch, deleteBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { allRefs, inWorktree, outrunOnce, refusal, say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  await test.close();
});

describe("checkout", () => {
  it("attaches to a branch and detaches at anything else", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const two = await say(engine, "two");
    await createBranch(engine, { name: "topic", from: one });
    await createTag(engine, { name: "v1", ref: one });
    expect(await checkout(engine, { ref: "topic" })).toMatchObject({
      branch: "topic",
      head: one,
      detached: false,
    });
    for (const [ref, head] of [
      ["v1", one],
      [two, two],
      [two.slice(0, 10), two],
      ["main~1", one],
      ["main~0", two],
    ] as const) {
      expect(await checkout(engine, { ref })).toMatchObject({ branch: null, head, detached: true });
      await checkout(engine, { ref: "topic" });
    }
  });

  it("detaches from HEAD~0 at the same commit", async () => {
    const { engine } = test;
    const head = await say(engine, "one");
    expect(await checkout(engine, { ref: "HEAD~0" })).toMatchObject({ branch: null, head, detached: true });
  });

  it("returns with - to a branch and to a commit, forth and back", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    await say(engine, "two");
    await createBranch(engine, { name: "topic" });
    await checkout(engine, { ref: one });
    await checkout(engine, { ref: "topic" });
    expect(await checkout(engine, { ref: "-" })).toMatchObject({ head: one, detached: true });
    expect(await checkout(engine, { ref: "-" })).toMatchObject({ branch: "topic", detached: false });
  });

  it("moves the HEAD of its own worktree only", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const other = inWorktree(engine, "other");
    await checkout(other, { ref: "topic" });
    await say(other, "two");
    expect(await allRefs(engine, ["worktree"])).toEqual({
      "worktree default": { branch: "main" },
      "worktree other": { branch: "topic" },
    });
  });

  it("makes the worktree with its first write, and undo takes both back", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const other = inWorktree(engine, "other");
    await checkout(other, { ref: "topic" });
    expect(await allRefs(engine, ["worktree", "previous"])).toMatchObject({
      "worktree other": { branch: "topic" },
      "previous other": { branch: "main" },
    });
    expect(await undo(other)).toMatchObject({ branch: "main" });
    expect(await allRefs(engine, ["worktree", "previous"])).toEqual({
      "worktree default": { branch: "main" },
    });
  });

  it("is one operation that names the branch", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const { operationId } = await checkout(engine, { ref: "topic" });
    const [newest] = (await operations(engine)).operations;
    expect(newest).toMatchObject({ id: operationId, type: "checkout", branch: "topic" });
    expect(newest?.refMoves.map(({ kind }) => kind).sort()).toEqual(["previous", "worktree"]);
  });

  it.each(["main", "HEAD", "@"])("writes nothing when HEAD is at %s already", async (ref) => {
    const { engine } = test;
    const head = await say(engine, "one");
    const result = await checkout(engine, { ref });
    expect(result).toMatchObject({ operationId: null, branch: "main", head, detached: false });
    expect(result.warnings).toHaveLength(1);
    expect((await operations(engine)).operations).toHaveLength(1);
  });

  it("writes nothing on the unborn branch of a fresh tract", async () => {
    const { engine } = test;
    for (const ref of ["main", "HEAD"])
      expect(await checkout(engine, { ref })).toMatchObject({
        operationId: null,
        branch: "main",
        head: null,
      });
    expect(await engine.store.findTract("test")).toBeNull();
  });

  it("stays on an unborn branch that is not the default one", async () => {
    const { engine } = test;
    await createBranch(engine, { name: "trunk", switch: true });
    expect(await checkout(engine, { ref: "HEAD" })).toMatchObject({ operationId: null, branch: "trunk" });
    expect(await checkout(engine, { ref: "main" })).toMatchObject({ branch: "main", head: null });
    expect(await checkout(engine, { ref: "-" })).toMatchObject({ branch: "trunk", head: null });
  });

  it("offers near names for an unknown ref", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createTag(engine, { name: "release" });
    expect(await refusal(engine, () => checkout(engine, { ref: "relaese" }))).toMatchObject({
      code: "not-found",
      data: { near: ["release"] },
    });
  });

  it("refuses an ambiguous prefix with the candidates", async () => {
    const { engine } = test;
    const hashes: string[] = [];
    let twins: readonly string[] = [];
    // The first four digits of a few hundred hashes meet somewhere.
    for (let i = 0; twins.length < 2; i += 100) {
      const items = Array.from({ length: 100 }, (_, n) => ({ content: `message ${i + n}` }));
      hashes.push(...(await commit(engine, { items })).commits.map(({ hash }) => hash));
      twins = hashes.filter((hash) =>
        hashes.some((other) => other !== hash && other.startsWith(hash.slice(0, 4))),
      );
    }
    const prefix = twins[0]?.slice(0, 4) ?? "";
    const error = await refusal(engine, () => checkout(engine, { ref: prefix }));
    expect(error.code).toBe("ambiguous-ref");
    expect(error.data.candidates).toContain(twins[0]);
  });

  it("refuses - when there is nowhere to return to, and when that branch is gone", async () => {
    const { engine } = test;
    await say(engine, "one");
    expect((await refusal(engine, () => checkout(engine, { ref: "-" }))).code).toBe("not-found");
    await createBranch(engine, { name: "topic", switch: true });
    await checkout(engine, { ref: "main" });
    await deleteBranch(engine, { name: "topic" });
    expect(await refusal(engine, () => checkout(engine, { ref: "-" }))).toMatchObject({
      code: "not-found",
      data: { branch: "topic" },
    });
  });

  it("refuses a ref without a commit", async () => {
    const { engine } = test;
    await say(engine, "one");
    for (const ref of ["@{1}", "ORIG_HEAD", "HEAD~1", "HEAD~5"])
      expect((await refusal(engine, () => checkout(engine, { ref }))).code).toBe("not-found");
  });

  it("tells the head as it is when the branch moves meanwhile", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const race = outrunOnce(engine, () => say(inWorktree(engine, "other"), "two", { branch: "topic" }));
    const result = await checkout(race.engine, { ref: "topic" });
    expect(race.attempts()).toBe(2);
    expect(result.head).toBe(
      (await engine.store.readSnapshot("test", { worktree: "default", branch: null, defaultBranch: "main" }))
        .head?.hash,
    );
  });

  it("does not land on a branch that is deleted meanwhile", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const race = outrunOnce(engine, () => deleteBranch(inWorktree(engine, "other"), { name: "topic" }));
    await expect(checkout(race.engine, { ref: "topic" })).rejects.toMatchObject({ code: "not-found" });
  });

  it("leaves commits on a detached HEAD to be refused", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    await say(engine, "two");
    await checkout(engine, { ref: one });
    expect((await refusal(engine, () => say(engine, "three"))).code).toBe("detached-head");
  });
});
