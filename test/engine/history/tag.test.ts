import { afterEach, beforeEach, expect, it } from "vitest";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { createTag, deleteTag, listTags } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { inWorktree, outrunOnce, refusal, say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  await test.close();
});

it("lists no tags of a fresh tract", async () => {
  expect(await listTags(test.engine)).toEqual({ tags: [], total: 0 });
});

it("tags HEAD or any ref, with a note", async () => {
  const { engine } = test;
  const one = await say(engine, "one");
  const two = await say(engine, "two");
  const made = await createTag(engine, { name: "v2", note: "before the rewrite" });
  expect(made).toMatchObject({
    branch: "main",
    head: two,
    warnings: [],
    tag: { name: "v2", commit: two, note: "before the rewrite" },
  });
  await createTag(engine, { name: "v1", ref: "HEAD~1" });
  const { tags, total } = await listTags(engine);
  expect(tags).toMatchObject([
    { name: "v1", commit: one, note: null },
    { name: "v2", commit: two, note: "before the rewrite" },
  ]);
  expect(total).toBe(2);
  expect(tags[1]).toEqual(made.tag);
});

it("is found by the commit it is on", async () => {
  const { engine } = test;
  const one = await say(engine, "one");
  await say(engine, "two");
  const { operationId } = await createTag(engine, { name: "v1", ref: one });
  const found = (await operations(engine, { commit: one })).operations;
  expect(found.map(({ type }) => type)).toEqual(["tag", "commit"]);
  expect(found[0]?.id).toBe(operationId);
});

it("works on a detached HEAD", async () => {
  const { engine } = test;
  const one = await say(engine, "one");
  await say(engine, "two");
  await checkout(engine, { ref: one });
  expect(await createTag(engine, { name: "v1" })).toMatchObject({
    branch: null,
    head: one,
    tag: { commit: one },
  });
});

it("never moves a tag", async () => {
  const { engine } = test;
  const one = await say(engine, "one");
  await createTag(engine, { name: "v1" });
  await say(engine, "two");
  expect(await refusal(engine, () => createTag(engine, { name: "v1" }))).toMatchObject({
    code: "exists",
    data: { tag: "v1", commit: one },
  });
});

it("refuses bad names, notes and refs", async () => {
  const { engine } = test;
  expect((await refusal(engine, () => createTag(engine, { name: "v1" }))).code).toBe("not-found");
  await say(engine, "one");
  for (const name of ["", "HEAD", "a b", "-x", "0".repeat(64)])
    expect((await refusal(engine, () => createTag(engine, { name }))).code).toBe("invalid-name");
  for (const note of ["\ud800", "x".repeat(10_001)])
    expect((await refusal(engine, () => createTag(engine, { name: "v1", note }))).code).toBe(
      "invalid-argument",
    );
  expect(await refusal(engine, () => createTag(engine, { name: "v1", ref: "mian" }))).toMatchObject({
    code: "not-found",
    data: { near: ["main"] },
  });
});

it("warns when the name means a branch", async () => {
  const { engine } = test;
  await say(engine, "one");
  await createBranch(engine, { name: "release" });
  expect((await createTag(engine, { name: "release" })).warnings).toHaveLength(1);
});

it("deletes a tag, warns when nothing else leads to its commit, and undo brings it back with its note", async () => {
  const { engine } = test;
  await say(engine, "one");
  await createTag(engine, { name: "v1", note: "first" });
  const before = await listTags(engine);
  expect((await deleteTag(engine, { name: "v1" })).warnings).toEqual([]);
  expect((await listTags(engine)).total).toBe(0);
  await undo(engine);
  expect((await listTags(engine)).tags).toMatchObject([{ ...before.tags[0], createdAt: expect.any(String) }]);

  await say(engine, "two");
  await createTag(engine, { name: "lonely" });
  const { operations: log } = await operations(engine, { type: "commit", limit: 1 });
  await undo(engine, { operation: log[0]?.id });
  expect((await deleteTag(engine, { name: "lonely" })).warnings).toHaveLength(1);
});

it("offers near names for an unknown tag", async () => {
  const { engine } = test;
  await say(engine, "one");
  await createTag(engine, { name: "release" });
  expect(await refusal(engine, () => deleteTag(engine, { name: "relaese" }))).toMatchObject({
    code: "not-found",
    data: { near: ["release"] },
  });
});

it("shows the newest tags within a limit, by name", async () => {
  const { engine } = test;
  await say(engine, "one");
  for (const name of ["c", "a", "b"]) {
    await createTag(engine, { name });
    test.advance(1_000);
  }
  const { tags, total } = await listTags(engine, { limit: 2 });
  expect(tags.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(total).toBe(3);
});

it("plans again when somebody took the name first", async () => {
  const { engine } = test;
  await say(engine, "one");
  const race = outrunOnce(engine, () => createTag(inWorktree(engine, "other"), { name: "v1" }));
  await expect(createTag(race.engine, { name: "v1" })).rejects.toMatchObject({ code: "exists" });
});
