import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createBranch,
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

describe("listing branches", () => {
  it("shows the unborn default branch of a fresh tract and writes nothing", async () => {
    const { engine } = test;
    expect(await listBranches(engine)).toEqual({
      branches: [{ name: "main", head: null, current: true, ahead: 0, behind: 0, lastActivity: null }],
      total: 1,
    });
    expect(await engine.store.findTract("test")).toBeNull();
  });

  it("counts commits ahead of and behind HEAD, by name", async () => {
    const { engine } = test;
    const first = await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    await say(engine, "two", { branch: "topic" });
    const topic = await say(engine, "three", { branch: "topic" });
    const main = await say(engine, "four");
    await createBranch(engine, { name: "old", from: first });
    const { branches, total } = await listBranches(engine);
    expect(total).toBe(3);
    expect(branches.map(({ lastActivity, ...branch }) => branch)).toEqual([
      { name: "main", head: main, current: true, ahead: 0, behind: 0 },
      { name: "old", head: first, current: false, ahead: 0, behind: 1 },
      { name: "topic", head: topic, current: false, ahead: 2, behind: 1 },
    ]);
    for (const { lastActivity } of branches) expect(lastActivity).toMatch(/^2026-01-01T00:00:00\.\d{3}Z$/);
  });

  it("has no current branch on a detached HEAD and still counts from there", async () => {
    const { engine } = test;
    const first = await say(engine, "one");
    await say(engine, "two");
    await checkout(engine, { ref: first });
    const { branches } = await listBranches(engine);
    expect(branches).toMatchObject([{ name: "main", current: false, ahead: 1, behind: 0 }]);
  });

  it("keeps the current branch and the latest active ones within a limit", async () => {
    const { engine } = test;
    await say(engine, "one");
    for (const name of ["a", "b", "c"]) {
      await createBranch(engine, { name });
      test.advance(1_000);
    }
    const { branches, total } = await listBranches(engine, { limit: 2 });
    expect(branches.map(({ name }) => name)).toEqual(["c", "main"]);
    expect(total).toBe(4);
  });

  it("refuses a limit that is out of bounds", async () => {
    const { engine } = test;
    for (const limit of [0, -1, 1.5, 201, Number.NaN])
      expect((await refusal(engine, () => listBranches(engine, { limit }))).code).toBe("invalid-argument");
  });
});

describe("creating a branch", () => {
  it("starts at HEAD, stays where it is, and is one operation", async () => {
    const { engine } = test;
    const head = await say(engine, "one");
    const made = await createBranch(engine, { name: "topic/first" });
    expect(made).toMatchObject({ branch: "topic/first", head, current: false, warnings: [] });
    expect(await allRefs(engine, ["branch", "worktree"])).toEqual({
      "branch main": { commit: head },
      "branch topic/first": { commit: head },
      "worktree default": { branch: "main" },
    });
    const [newest] = (await operations(engine)).operations;
    expect(newest).toMatchObject({ id: made.operationId, type: "branch", branch: "topic/first" });
  });

  it("starts from any ref and switches when asked", async () => {
    const { engine } = test;
    const first = await say(engine, "one");
    await say(engine, "two");
    await createTag(engine, { name: "v1", ref: "HEAD~1" });
    const made = await createBranch(engine, { name: "topic", from: "v1", switch: true });
    expect(made).toMatchObject({ branch: "topic", head: first, current: true });
    expect(await allRefs(engine, ["worktree", "previous"])).toEqual({
      "worktree default": { branch: "topic" },
      "previous default": { branch: "main" },
    });
  });

  it("is the way out of a detached HEAD", async () => {
    const { engine } = test;
    const first = await say(engine, "one");
    await say(engine, "two");
    await checkout(engine, { ref: first });
    await createBranch(engine, { name: "rescue", switch: true });
    expect(await say(engine, "three")).not.toBe(first);
    expect((await listBranches(engine)).branches.find(({ current }) => current)?.name).toBe("rescue");
  });

  it("makes an unborn branch before the first commit, when it also switches to it", async () => {
    const { engine } = test;
    const made = await createBranch(engine, { name: "trunk", switch: true });
    expect(made).toMatchObject({ branch: "trunk", head: null, current: true });
    const head = await say(engine, "one");
    expect(await allRefs(engine, ["branch"])).toEqual({ "branch trunk": { commit: head } });
  });

  it("refuses to branch off nothing without switching", async () => {
    const { engine } = test;
    const error = await refusal(engine, () => createBranch(engine, { name: "topic" }));
    expect(error.code).toBe("not-found");
    expect(await engine.store.findTract("test")).toBeNull();
  });

  it("refuses a taken name, an unknown start and the unborn branch one is on", async () => {
    const { engine } = test;
    expect((await refusal(engine, () => createBranch(engine, { name: "main", switch: true }))).code).toBe(
      "exists",
    );
    await say(engine, "one");
    const taken = await refusal(engine, () => createBranch(engine, { name: "main" }));
    expect(taken).toMatchObject({ code: "exists", data: { branch: "main" } });
    const unknown = await refusal(engine, () => createBranch(engine, { name: "topic", from: "mian" }));
    expect(unknown).toMatchObject({ code: "not-found", data: { near: ["main"] } });
  });

  it.each([
    ["", "empty"],
    ["-", "begin with -"],
    ["-f", "begin with -"],
    ["@", "HEAD"],
    ["HEAD", "HEAD"],
    ["ORIG_HEAD", "HEAD"],
    ["a b", "spaces"],
    ["a\tb", "control"],
    ["a\u0000b", "control"],
    ["a\u007f", "control"],
    ["a~1", "~"],
    ["a^", "~"],
    ["a:b", "~"],
    ["a?", "~"],
    ["a*", "~"],
    ["a[0]", "~"],
    ["a\\b", "~"],
    ["a..b", "two dots"],
    ["a@{1}", "@{"],
    ["/a", "/"],
    ["a/", "/"],
    ["a//b", "/"],
    ["a.", "dot"],
    [".a", "dot"],
    ["a/.b", "dot"],
    ["a.lock", ".lock"],
    ["a.lock/b", ".lock"],
    ["\ud800", "Unicode"],
    ["a".repeat(251), "250 characters"],
    ["0123456789abcdef".repeat(4), "64 hex"],
    ["0123456789ABCDEF".repeat(4), "64 hex"],
  ])("refuses the name %j and says which rule it breaks", async (name, rule) => {
    const { engine } = test;
    await say(engine, "one");
    const error = await refusal(engine, () => createBranch(engine, { name }));
    expect(error.code).toBe("invalid-name");
    expect(error.data.rule).toContain(rule);
    expect((await refusal(engine, () => renameBranch(engine, { newName: name }))).code).toBe("invalid-name");
  });

  it.each(["a", "a.b", "a@b", "a-", "é/日本", "head", "refs/heads/x", "a{b}", "'", "#1", "😀"])(
    "accepts the name %j",
    async (name) => {
      const { engine } = test;
      await say(engine, "one");
      expect((await createBranch(engine, { name })).branch).toBe(name);
      expect((await checkout(engine, { ref: name })).branch).toBe(name);
    },
  );

  it("warns of a name that could be a hash, and the name wins", async () => {
    const { engine } = test;
    const head = await say(engine, "one");
    await say(engine, "two");
    const { warnings, branch } = await createBranch(engine, { name: head.slice(0, 8), from: "HEAD" });
    expect(warnings).toHaveLength(1);
    expect((await checkout(engine, { ref: branch })).branch).toBe(branch);
  });

  it("plans again when somebody took the name first", async () => {
    const { engine } = test;
    await say(engine, "one");
    const race = outrunOnce(engine, () => createBranch(inWorktree(engine, "other"), { name: "topic" }));
    await expect(createBranch(race.engine, { name: "topic" })).rejects.toMatchObject({ code: "exists" });
    expect(race.attempts()).toBe(1);
  });
});

describe("switching branches", () => {
  it("moves HEAD and remembers where it was", async () => {
    const { engine } = test;
    const head = await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const result = await switchBranch(engine, { name: "topic" });
    expect(result).toMatchObject({ branch: "topic", head, current: true, warnings: [] });
    expect((await checkout(engine, { ref: "-" })).branch).toBe("main");
  });

  it("takes branches only, and offers near names", async () => {
    const { engine } = test;
    const head = await say(engine, "one");
    expect((await refusal(engine, () => switchBranch(engine, { name: head }))).code).toBe("not-found");
    expect(await refusal(engine, () => switchBranch(engine, { name: "mian" }))).toMatchObject({
      code: "not-found",
      data: { near: ["main"] },
    });
  });

  it("writes nothing when HEAD is there already", async () => {
    const { engine } = test;
    await say(engine, "one");
    const result = await switchBranch(engine, { name: "main" });
    expect(result).toMatchObject({ operationId: null, branch: "main", current: true });
    expect(result.warnings).toHaveLength(1);
    expect((await operations(engine)).operations).toHaveLength(1);
  });
});
