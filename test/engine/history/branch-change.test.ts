import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withScope } from "../../../src/engine/engine.ts";
import {
  createBranch,
  deleteBranch,
  listBranches,
  renameBranch,
  switchBranch,
} from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { allRefs, inWorktree, outrunOnce, refusal, say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  await test.close();
});

describe("renaming a branch", () => {
  it("takes along every worktree on it, and the way back of those that left", async () => {
    const { engine } = test;
    const head = await say(engine, "one");
    const second = inWorktree(engine, "second");
    const third = inWorktree(engine, "third");
    await createBranch(second, { name: "topic", switch: true });
    await checkout(third, { ref: "topic" });
    await checkout(third, { ref: "main" });
    const before = (await operations(engine)).operations.length;
    const result = await renameBranch(engine, { name: "topic", newName: "feature" });
    expect(result).toMatchObject({ branch: "feature", head, current: false });
    expect(await allRefs(engine, ["branch", "worktree", "previous"])).toEqual({
      "branch feature": { commit: head },
      "branch main": { commit: head },
      "previous second": { branch: "main" },
      "previous third": { branch: "feature" },
      "worktree default": { branch: "main" },
      "worktree second": { branch: "feature" },
      "worktree third": { branch: "main" },
    });
    expect((await operations(engine)).operations).toHaveLength(before + 1);
    expect((await checkout(third, { ref: "-" })).branch).toBe("feature");
  });

  it("renames the current branch by default, also an unborn one", async () => {
    const { engine } = test;
    expect(await renameBranch(engine, { newName: "trunk" })).toMatchObject({
      branch: "trunk",
      head: null,
      current: true,
    });
    const head = await say(engine, "one");
    expect(await allRefs(engine, ["branch", "worktree"])).toEqual({
      "branch trunk": { commit: head },
      "worktree default": { branch: "trunk" },
    });
  });

  it("gives its commits to the unborn branch that HEAD is on", async () => {
    const { engine } = test;
    await createBranch(engine, { name: "trunk", switch: true });
    const head = await say(engine, "one");
    await checkout(engine, { ref: "main" });
    expect(await renameBranch(engine, { name: "trunk", newName: "main" })).toMatchObject({
      head,
      current: true,
    });
    expect(await allRefs(engine, ["branch", "worktree"])).toEqual({
      "branch main": { commit: head },
      "worktree default": { branch: "main" },
    });
  });

  it("refuses a taken name, the same name, an unknown branch, and no name on a detached HEAD", async () => {
    const { engine } = test;
    const head = await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    expect((await refusal(engine, () => renameBranch(engine, { newName: "topic" }))).code).toBe("exists");
    expect((await refusal(engine, () => renameBranch(engine, { newName: "main" }))).code).toBe(
      "nothing-to-do",
    );
    expect(
      await refusal(engine, () => renameBranch(engine, { name: "tpoic", newName: "other" })),
    ).toMatchObject({ code: "not-found", data: { near: ["topic"] } });
    await checkout(engine, { ref: head });
    expect((await refusal(engine, () => renameBranch(engine, { newName: "other" }))).code).toBe(
      "detached-head",
    );
  });

  it("follows a worktree that came to the branch meanwhile", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const other = inWorktree(engine, "other");
    await checkout(other, { ref: "main~0" });
    const race = outrunOnce(engine, () => checkout(other, { ref: "topic" }));
    await renameBranch(race.engine, { name: "topic", newName: "feature" });
    expect(race.attempts()).toBe(2);
    expect((await engine.store.readRef("test", "worktree", "other"))?.value).toEqual({ branch: "feature" });
  });
});

describe("deleting a branch", () => {
  it("deletes one whose commits others lead to", async () => {
    const { engine } = test;
    const head = await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    await say(engine, "two");
    expect(await deleteBranch(engine, { name: "topic" })).toMatchObject({
      branch: "topic",
      head,
      current: false,
      warnings: [],
    });
    expect(Object.keys(await allRefs(engine, ["branch"]))).toEqual(["branch main"]);
  });

  it("refuses one that a worktree is on, whoever's it is", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(inWorktree(engine, "other"), { name: "topic", switch: true });
    for (const force of [false, true]) {
      const error = await refusal(engine, () => deleteBranch(engine, { name: "topic", force }));
      expect(error).toMatchObject({ code: "in-use", data: { worktrees: ["other"] } });
    }
    expect((await refusal(engine, () => deleteBranch(engine, { name: "main" }))).code).toBe("in-use");
  });

  it("refuses the unborn branch that HEAD is on", async () => {
    const { engine } = test;
    expect((await refusal(engine, () => deleteBranch(engine, { name: "main" }))).code).toBe("in-use");
  });

  it("refuses when only it leads to commits, names them, and obeys force", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const two = await say(engine, "two", { branch: "topic" });
    const three = await say(engine, "three", { branch: "topic" });
    const error = await refusal(engine, () => deleteBranch(engine, { name: "topic" }));
    expect(error).toMatchObject({
      code: "unmerged",
      data: { head: three, commits: [three, two], commit_count: 2, is_complete: true },
    });
    const result = await deleteBranch(engine, { name: "topic", force: true });
    expect(result.head).toBe(three);
    expect(result.warnings).toHaveLength(1);
    expect(await engine.store.readCommits("test", [two, three])).toHaveLength(2);
  });

  it("counts a tag as leading to them, and only what is behind it", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    await createTag(engine, { name: "kept", ref: await say(engine, "two", { branch: "topic" }) });
    const three = await say(engine, "three", { branch: "topic" });
    const error = await refusal(engine, () => deleteBranch(engine, { name: "topic" }));
    expect(error.data.commits).toEqual([three]);
    await createTag(engine, { name: "all", ref: "topic" });
    expect((await deleteBranch(engine, { name: "topic" })).warnings).toEqual([]);
  });

  it("offers near names for an unknown one", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    expect(await refusal(engine, () => deleteBranch(engine, { name: "topci" }))).toMatchObject({
      code: "not-found",
      data: { near: ["topic"] },
    });
  });

  it("plans again when a worktree comes to the branch meanwhile, and refuses then", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const other = inWorktree(engine, "other");
    await checkout(other, { ref: "main~0" });
    const race = outrunOnce(engine, () => checkout(other, { ref: "topic" }));
    await expect(deleteBranch(race.engine, { name: "topic" })).rejects.toMatchObject({ code: "in-use" });
  });
});

it("refuses an unknown worktree that the caller named", async () => {
  await say(test.engine, "one");
  const engine = withScope(test.engine, { worktree: "defualt", createWorktree: false });
  for (const act of [
    () => listBranches(engine),
    () => createBranch(engine, { name: "topic" }),
    () => switchBranch(engine, { name: "main" }),
    () => renameBranch(engine, { newName: "topic" }),
    () => deleteBranch(engine, { name: "main" }),
  ])
    expect(await refusal(engine, act)).toMatchObject({ code: "not-found", data: { near: ["default"] } });
});
