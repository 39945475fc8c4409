import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch, renameBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { createTag, deleteTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { allRefs, inWorktree, refusal, say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  await test.close();
});

/** Refs that an undo restores exactly; ORIG_HEAD is where it says what it moved. */
const VISIBLE = ["branch", "tag", "worktree", "previous"] as const;

async function annotationOf(hash: Hash): Promise<unknown> {
  const rows = await test.engine.store.readCommitAnnotations("test", hash);
  const { priority = null, labels = [], retain = null } = rows.at(-1) ?? {};
  return { priority, labels, retain };
}

describe("undo restores what the operation changed", () => {
  it("takes a commit back, keeps it in the store, and ORIG_HEAD leads to it", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const two = await say(engine, "two");
    const result = await undo(engine);
    expect(result).toMatchObject({
      branch: "main",
      head: one,
      undone: { type: "commit" },
      dryRun: false,
      conflicts: [],
      warnings: [],
      unreachable: { commits: [two], isComplete: true },
    });
    expect(result.operationId).not.toBeNull();
    expect(await engine.store.readCommits("test", [two])).toHaveLength(1);
    expect((await checkout(engine, { ref: "ORIG_HEAD" })).head).toBe(two);
  });

  it("takes a whole batch back in one step", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    await commit(engine, { items: [{ content: "two" }, { content: "three" }, { content: "four" }] });
    const result = await undo(engine);
    expect(result.head).toBe(one);
    expect(result.unreachable.commits).toHaveLength(3);
  });

  it("lists what it leaves up to a limit, and says that there is more", async () => {
    const { engine } = test;
    await say(engine, "one");
    await commit(engine, { items: Array.from({ length: 4 }, (_, i) => ({ content: `message ${i}` })) });
    const narrow = { ...engine, limits: { ...engine.limits, pageMax: 3 } };
    const { unreachable } = await undo(narrow, { dryRun: true });
    expect(unreachable).toMatchObject({ isComplete: false });
    expect(unreachable.commits).toHaveLength(3);
    expect((await undo(engine)).unreachable).toMatchObject({ isComplete: true });
  });

  it("moves ORIG_HEAD only when commits lose their branch", async () => {
    const { engine } = test;
    await say(engine, "one");
    const two = await say(engine, "two");
    await undo(engine);
    await createBranch(engine, { name: "topic" });
    await undo(engine);
    expect(await allRefs(engine, ["orig_head"])).toEqual({ "orig_head default": { commit: two } });
    await createBranch(engine, { name: "topic", from: two });
    await undo(engine);
    expect(await allRefs(engine, ["orig_head"])).toEqual({ "orig_head default": { commit: two } });
  });

  it("takes the first commit back to an unborn branch, and does it again", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const { operationId, branch, head } = await undo(engine);
    expect({ branch, head }).toEqual({ branch: "main", head: null });
    expect(await allRefs(engine, ["branch"])).toEqual({});
    expect(await undo(engine, { operation: operationId ?? "" })).toMatchObject({ branch: "main", head: one });
    expect(await allRefs(engine, ["branch", "orig_head"])).toEqual({ "branch main": { commit: one } });
  });

  const steps: readonly (readonly [string, (engine: TestEngine["engine"]) => Promise<unknown>])[] = [
    ["creating a branch", (engine) => createBranch(engine, { name: "new" })],
    ["creating and switching", (engine) => createBranch(engine, { name: "new", switch: true })],
    ["deleting a branch", (engine) => deleteBranch(engine, { name: "topic", force: true })],
    ["renaming a branch", (engine) => renameBranch(engine, { name: "shared", newName: "new" })],
    ["renaming the current branch", (engine) => renameBranch(engine, { newName: "new" })],
    ["checking out a branch", (engine) => checkout(engine, { ref: "topic" })],
    ["checking out a commit", (engine) => checkout(engine, { ref: "HEAD~1" })],
    ["returning", (engine) => checkout(engine, { ref: "-" })],
    ["creating a tag", (engine) => createTag(engine, { name: "v2", note: "two" })],
    ["deleting a tag", (engine) => deleteTag(engine, { name: "v1" })],
    [
      "annotating",
      (engine) => annotate(engine, { refs: ["HEAD", "HEAD~1"], priority: "skip", addLabels: ["z"] }),
    ],
    ["committing with a priority", (engine) => say(engine, "pinned", { priority: "pinned" })],
    ["editing", (engine) => say(engine, "edited", { editTarget: "HEAD" })],
    ["committing elsewhere", (engine) => say(engine, "there", { branch: "topic" })],
    [
      "setting",
      (engine) => say(engine, "", { content: { content_type: "config", settings: { recent: 3 } } }),
    ],
  ];
  it.each(steps)("of %s exactly, and doing it again too", async (_, act) => {
    const { engine } = test;
    await say(engine, "one");
    const two = await say(engine, "two");
    await annotate(engine, {
      refs: [two],
      priority: "important",
      addLabels: ["a"],
      retain: { instructions: "x" },
    });
    await createTag(engine, { name: "v1", note: "one" });
    await createBranch(engine, { name: "topic" });
    await say(engine, "three", { branch: "topic" });
    await createBranch(inWorktree(engine, "other"), { name: "shared", switch: true });
    await checkout(engine, { ref: "topic" });
    await checkout(engine, { ref: "main" });
    const look = async (): Promise<unknown> => ({
      refs: await allRefs(engine, VISIBLE),
      annotation: await annotationOf(two),
    });
    const before = await look();
    await act(engine);
    const after = await look();
    const first = await undo(engine);
    expect(await look()).toEqual(before);
    const again = await undo(engine, { operation: first.operationId ?? "" });
    expect(again.undone.id).toBe(first.operationId);
    expect(await look()).toEqual(after);
    await undo(engine);
    expect(await look()).toEqual(before);
  });

  it("leaves the annotation of an undone commit as if it had never been", async () => {
    const { engine } = test;
    await say(engine, "one");
    const two = await say(engine, "two", { priority: "pinned" });
    await undo(engine);
    expect(await annotationOf(two)).toEqual({ priority: null, labels: [], retain: null });
  });

  it("keeps the branch of the annotation that it takes back", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    await annotate(engine, { refs: ["HEAD"], branch: "topic", priority: "pinned" });
    await undo(engine);
    const rows = await engine.store.readAnnotations("test", { after: 0, upTo: 9 });
    expect(rows.map(({ priority, branch }) => [priority, branch])).toEqual([
      ["pinned", "topic"],
      [null, "topic"],
    ]);
  });

  it("moves the HEAD of another worktree back, and says so", async () => {
    const { engine } = test;
    await say(engine, "one");
    const other = inWorktree(engine, "other");
    await createBranch(other, { name: "topic", switch: true });
    await renameBranch(engine, { name: "topic", newName: "feature" });
    const result = await undo(engine);
    expect(result.warnings).toHaveLength(1);
    expect((await allRefs(engine, ["worktree"]))["worktree other"]).toEqual({ branch: "topic" });
  });
});

describe("undo chooses", () => {
  it("further back each time, and nothing at the end", async () => {
    const { engine } = test;
    const heads = [await say(engine, "one"), await say(engine, "two"), await say(engine, "three")];
    const seen = [await undo(engine), await undo(engine), await undo(engine)];
    expect(seen.map(({ head }) => head)).toEqual([heads[1], heads[0], null]);
    expect((await refusal(engine, () => undo(engine))).code).toBe("nothing-to-do");
    for (const { operationId } of seen.toReversed()) await undo(engine, { operation: operationId ?? "" });
    expect(await allRefs(engine, ["branch"])).toEqual({ "branch main": { commit: heads[2] } });
  });

  it("the newest operation of its own worktree", async () => {
    const { engine } = test;
    const other = inWorktree(engine, "other");
    await say(engine, "one");
    await createTag(engine, { name: "mine" });
    await createTag(other, { name: "theirs" });
    await undo(engine);
    expect(Object.keys(await allRefs(engine, ["tag"]))).toEqual(["tag theirs"]);
    expect((await refusal(inWorktree(engine, "third"), () => undo(inWorktree(engine, "third")))).code).toBe(
      "nothing-to-do",
    );
  });

  it("the newest operation that moved a branch, whoever did it", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "idea" });
    const other = inWorktree(engine, "other");
    await commit(other, { items: [{ content: "two" }], branch: "idea" });
    const { operationId } = await commit(engine, { items: [{ content: "three" }] });
    const { undone, refMoves } = await undo(engine, { branch: "idea" });
    expect(undone.type).toBe("commit");
    expect(refMoves[0]).toMatchObject({ kind: "branch", name: "idea" });
    expect((await undo(engine, { branch: "idea" })).undone.type).toBe("branch");
    expect(await refusal(engine, () => undo(engine, { branch: "idea" }))).toMatchObject({
      code: "not-found",
    });
    const both = await refusal(engine, () => undo(engine, { branch: "main", operation: operationId }));
    expect(both).toMatchObject({ code: "invalid-argument", data: { path: "branch" } });
    expect((await undo(engine, { branch: "main" })).undone.id).toBe(operationId);
  });

  it("an operation by id, in either case, or by a unique start of it, also of another worktree", async () => {
    const { engine } = test;
    await say(engine, "one");
    const other = inWorktree(engine, "other");
    const { operationId } = await createTag(other, { name: "theirs" });
    const id = operationId ?? "";
    for (const operation of [id, id.toLowerCase(), id.slice(0, 14)]) {
      const { undone, operationId: made } = await undo(engine, { operation });
      expect(undone.id).toBe(id);
      expect(await allRefs(engine, ["tag"])).toEqual({});
      await undo(engine, { operation: made ?? "" });
    }
  });

  it("nothing for an unknown or a too short id", async () => {
    const { engine } = test;
    const { operationId } = await commit(engine, { items: [{ content: "one" }] });
    for (const operation of ["", "01", operationId.slice(0, 7), "ZZZZZZZZZZ", "%"])
      expect((await refusal(engine, () => undo(engine, { operation }))).code).toBe("not-found");
  });

  it("nothing that is undone already, and names the undo to undo", async () => {
    const { engine } = test;
    await say(engine, "one");
    await say(engine, "two");
    const { undone, operationId } = await undo(engine);
    expect(await refusal(engine, () => undo(engine, { operation: undone.id }))).toMatchObject({
      code: "nothing-to-do",
      data: { undone_by: operationId },
    });
  });

  it("what stands again after a redo, through chains of undo", async () => {
    const { engine } = test;
    await say(engine, "one");
    await say(engine, "two");
    let last = await undo(engine);
    const id = last.undone.id;
    for (const isUndone of [false, true, false, true, false]) {
      last = await undo(engine, { operation: last.operationId ?? "" });
      const log = (await operations(engine)).operations;
      expect(log.find((entry) => entry.id === id)?.undone).toBe(isUndone);
    }
    expect((await undo(engine)).undone.id).toBe(id);
  });
});
