import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBranch, renameBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { log } from "../../../src/engine/history/log.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { reset } from "../../../src/engine/history/reset.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { allRefs, outrunOnce, refusal, say } from "../../support/history.ts";

let test: TestEngine;
let one: Hash;
let two: Hash;
let three: Hash;
beforeEach(async () => {
  test = await openTestEngine();
  one = await say(test.engine, "one");
  two = await say(test.engine, "two");
  three = await say(test.engine, "three");
});
afterEach(async () => {
  await test.close();
});

describe("reset", () => {
  it("moves the current branch and keeps the old place as ORIG_HEAD", async () => {
    const { engine } = test;
    expect(await reset(engine, { ref: "HEAD~2" })).toMatchObject({
      branch: "main",
      head: one,
      previous: three,
      operationId: expect.any(String),
    });
    expect(await allRefs(engine)).toEqual({
      "branch main": { commit: one },
      "worktree default": { branch: "main" },
      "orig_head default": { commit: three },
    });
    expect((await log(engine)).entries.map(({ hash }) => hash)).toEqual([one]);
    expect((await operations(engine, { type: "reset" })).operations).toMatchObject([
      { branch: "main", sources: [three], results: [] },
    ]);
    expect((await verify(engine)).problems).toEqual([]);
  });

  it("goes back and forth over ORIG_HEAD", async () => {
    const { engine } = test;
    await reset(engine, { ref: one });
    expect(await reset(engine, { ref: "ORIG_HEAD" })).toMatchObject({ head: three, previous: one });
    expect(await reset(engine, { ref: "ORIG_HEAD" })).toMatchObject({ head: one, previous: three });
  });

  it("counts the commits that nothing else leads to", async () => {
    const { engine } = test;
    expect((await reset(engine, { ref: one })).warnings).toEqual([expect.stringMatching(/^2 commits are /)]);
    await reset(engine, { ref: three });
    await createTag(engine, { name: "kept", ref: two });
    expect((await reset(engine, { ref: one })).warnings).toEqual([expect.stringMatching(/^1 commit is /)]);
    await reset(engine, { ref: three });
    await createBranch(engine, { name: "kept-too" });
    expect((await reset(engine, { ref: one })).warnings).toEqual([]);
  });

  it("moves another branch when asked, and no HEAD", async () => {
    const { engine } = test;
    await createBranch(engine, { name: "topic", from: one });
    expect(await reset(engine, { ref: "HEAD~1", branch: "main" })).toMatchObject({
      branch: "main",
      head: two,
      previous: three,
    });
    await checkout(engine, { ref: "topic" });
    expect(await reset(engine, { ref: "topic", branch: "main" })).toMatchObject({ head: one, previous: two });
    expect(await allRefs(engine, ["branch", "worktree"])).toEqual({
      "branch main": { commit: one },
      "branch topic": { commit: one },
      "worktree default": { branch: "topic" },
    });
  });

  it("moves a detached HEAD itself", async () => {
    const { engine } = test;
    await checkout(engine, { ref: three });
    expect(await reset(engine, { ref: two })).toMatchObject({ branch: null, head: two, previous: three });
    expect(await allRefs(engine)).toEqual({
      "branch main": { commit: three },
      "worktree default": { commit: two },
      "orig_head default": { commit: three },
      "previous default": { branch: "main" },
    });
    await undo(engine);
    expect(await allRefs(engine, ["worktree"])).toEqual({ "worktree default": { commit: three } });
  });

  it("gives an unborn branch its first commit", async () => {
    const { engine } = test;
    await renameBranch(engine, { newName: "trunk" });
    expect(await reset(engine, { ref: two, branch: "main" })).toMatchObject({
      branch: "main",
      head: two,
      previous: null,
      warnings: [],
    });
    expect(await allRefs(engine, ["branch", "orig_head"])).toEqual({
      "branch main": { commit: two },
      "branch trunk": { commit: three },
    });
  });

  it("is undone and done again", async () => {
    const { engine } = test;
    await reset(engine, { ref: one });
    const after = await allRefs(engine, ["branch", "worktree"]);
    expect(await undo(engine)).toMatchObject({ undone: { type: "reset" }, head: three });
    expect(await allRefs(engine, ["branch"])).toEqual({ "branch main": { commit: three } });
    const [undone] = (await operations(engine)).operations;
    await undo(engine, { operation: undone?.id });
    expect(await allRefs(engine, ["branch", "worktree"])).toEqual(after);
  });

  it("writes nothing where the branch is already", async () => {
    const { engine } = test;
    const before = (await operations(engine)).operations.length;
    expect(await reset(engine, { ref: "main" })).toMatchObject({
      operationId: null,
      head: three,
      previous: three,
      warnings: [expect.stringMatching(/already/)],
    });
    expect((await operations(engine)).operations).toHaveLength(before);
  });

  it("plans again when somebody commits meanwhile, so that ORIG_HEAD is the newest", async () => {
    const { engine } = test;
    const race = outrunOnce(engine, () => say(engine, "four"));
    const { previous } = await reset(race.engine, { ref: one });
    expect(race.attempts()).toBe(2);
    expect(previous).not.toBe(three);
    expect(await allRefs(engine, ["orig_head"])).toEqual({ "orig_head default": { commit: previous } });
  });

  it.each([
    [{ ref: "mian" }, "not-found"],
    [{ ref: "HEAD~9" }, "not-found"],
    [{ ref: "main", branch: "nowhere" }, "not-found"],
    [{ ref: "main..main" }, "not-found"],
    [{ ref: "f".repeat(64) }, "not-found"],
  ])("refuses %j and changes nothing", async (request, code) => {
    expect((await refusal(test.engine, () => reset(test.engine, request))).code).toBe(code);
  });

  it("refuses an ambiguous prefix with the candidates", async () => {
    const { engine } = test;
    const made = [one, two, three];
    while (new Set(made.map((hash) => hash.slice(0, 4))).size === made.length && made.length < 3_000)
      made.push(await say(engine, `more ${made.length}`));
    const prefixes = made.map((hash) => hash.slice(0, 4));
    const shared = prefixes.find((prefix, at) => prefixes.indexOf(prefix) !== at);
    expect(await refusal(engine, () => reset(engine, { ref: shared ?? "" }))).toMatchObject({
      code: "ambiguous-ref",
      data: { candidates: [expect.any(String), expect.any(String)] },
    });
  });

  it("of an unborn branch to itself names what is missing", async () => {
    const empty = await openTestEngine({ store: "memory" });
    expect((await refusal(empty.engine, () => reset(empty.engine, { ref: "HEAD" }))).code).toBe("not-found");
    await empty.close();
  });
});
