import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch, renameBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { createTag, deleteTag } from "../../../src/engine/history/tag.ts";
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

/** Refs that an undo restores exactly; ORIG_HEAD is where it says what it moved. */
const VISIBLE = ["branch", "tag", "worktree", "previous"] as const;

async function annotationOf(hash: string): Promise<unknown> {
  const rows = await test.engine.store.readCommitAnnotations("test", hash as never);
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

describe("later work", () => {
  it("stands in the way: conflicts with the ids of what still stands, newest first", async () => {
    const { engine } = test;
    await say(engine, "one");
    const two = await commit(engine, { items: [{ content: "two" }] });
    const three = await commit(engine, { items: [{ content: "three" }] });
    await say(engine, "four");
    await undo(engine);
    const five = await commit(inWorktree(engine, "other"), { items: [{ content: "five" }] });
    expect(await refusal(engine, () => undo(engine, { operation: two.operationId }))).toMatchObject({
      code: "conflicts",
      data: { operations: [five.operationId, three.operationId], refs: ["branch:main"], commits: [] },
    });
    expect((await refusal(engine, () => undo(engine))).data.operations).toEqual([five.operationId]);
  });

  it("is overridden with force, which moves the ref back and lists what it leaves", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const two = await commit(engine, { items: [{ content: "two" }] });
    const three = await commit(engine, { items: [{ content: "three" }] });
    const result = await undo(engine, { operation: two.operationId, force: true });
    expect(result).toMatchObject({
      head: one,
      conflicts: [three.operationId],
      unreachable: { commits: [three.head, two.head], isComplete: true },
    });
    await undo(engine, { operation: result.operationId ?? "" });
    expect(await allRefs(engine, ["branch"])).toEqual({ "branch main": { commit: three.head } });
  });

  it("on other refs is not in the way", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const tag = await createTag(engine, { name: "v1" });
    await createBranch(engine, { name: "topic", switch: true });
    await say(engine, "two");
    const two = await commit(engine, { items: [{ content: "main again" }], branch: "main" });
    expect((await undo(engine, { operation: tag.operationId ?? "" })).conflicts).toEqual([]);
    expect((await undo(engine, { operation: two.operationId })).refMoves[0]).toMatchObject({
      name: "main",
      after: { commit: one },
    });
  });

  it("on the same annotation is in the way; force takes back only what the operation changed", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const first = await annotate(engine, { refs: [one], priority: "pinned", addLabels: ["a"] });
    const second = await annotate(engine, { refs: [one], addLabels: ["b"], retain: { instructions: "x" } });
    expect(await refusal(engine, () => undo(engine, { operation: first.operationId ?? "" }))).toMatchObject({
      code: "conflicts",
      data: { operations: [second.operationId], refs: [], commits: [one] },
    });
    const forced = await undo(engine, { operation: first.operationId ?? "", force: true });
    expect(forced).toMatchObject({ annotated: [one], conflicts: [second.operationId], refMoves: [] });
    expect(await annotationOf(one)).toMatchObject({ priority: null, labels: ["b"] });
    await undo(engine, { operation: forced.operationId ?? "" });
    expect(await annotationOf(one)).toMatchObject({ priority: "pinned", labels: ["a", "b"] });
  });

  it("of a worktree on a branch that would go is in the way; force leaves its HEAD detached there", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const made = await createBranch(engine, { name: "topic" });
    const other = inWorktree(engine, "other");
    const moved = await checkout(other, { ref: "topic" });
    expect(await refusal(engine, () => undo(engine, { operation: made.operationId ?? "" }))).toMatchObject({
      code: "conflicts",
      data: { operations: [moved.operationId], refs: ["worktree:other"] },
    });
    const forced = await undo(engine, { operation: made.operationId ?? "", force: true });
    expect(forced.warnings.length).toBeGreaterThan(0);
    expect((await allRefs(engine, ["worktree"]))["worktree other"]).toEqual({ commit: one });
    await undo(engine, { operation: forced.operationId ?? "" });
    expect((await allRefs(engine, ["worktree"]))["worktree other"]).toEqual({ branch: "topic" });
  });

  it("that deleted the branch to return to is in the way; force leaves HEAD where it is", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic", switch: true });
    const left = await checkout(engine, { ref: "main" });
    const gone = await deleteBranch(engine, { name: "topic" });
    expect(await refusal(engine, () => undo(engine, { operation: left.operationId ?? "" }))).toMatchObject({
      code: "conflicts",
      data: { operations: [gone.operationId], refs: ["branch:topic"] },
    });
    const forced = await undo(engine, { operation: left.operationId ?? "", force: true });
    expect(forced).toMatchObject({ branch: "main" });
    expect(forced.warnings).toHaveLength(1);
  });

  it("that came back to the same place is in the way all the same", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const there = await checkout(engine, { ref: "topic" });
    const back = await checkout(engine, { ref: "main" });
    const operation = there.operationId ?? "";
    expect((await refusal(engine, () => undo(engine, { operation }))).data).toMatchObject({
      operations: [back.operationId],
      refs: ["worktree:default"],
    });
    const forced = await undo(engine, { operation, force: true });
    expect(forced).toMatchObject({ branch: "main", refMoves: [], conflicts: [back.operationId] });
    expect(forced.warnings).toHaveLength(1);
  });

  it("that deleted where HEAD came from leaves it detached when the branch goes, too", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    await createBranch(engine, { name: "old", switch: true });
    const made = await createBranch(engine, { name: "new", switch: true });
    await deleteBranch(engine, { name: "old" });
    const forced = await undo(engine, { operation: made.operationId ?? "", force: true });
    expect(forced).toMatchObject({ branch: null, head: one });
    expect(await allRefs(engine, ["branch", "worktree"])).toEqual({
      "branch main": { commit: one },
      "worktree default": { commit: one },
    });
    await undo(engine, { operation: forced.operationId ?? "" });
    expect((await allRefs(engine, ["worktree"]))["worktree default"]).toEqual({ branch: "new" });
  });

  it("may be a forced undo of something earlier", async () => {
    const { engine } = test;
    const one = await commit(engine, { items: [{ content: "one" }] });
    await say(engine, "two");
    const forced = await undo(engine, { operation: one.operationId, force: true });
    expect((await refusal(engine, () => undo(engine))).data.operations).toEqual([forced.operationId]);
  });

  it("that was forced aside leaves something to act on", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const made = await createBranch(engine, { name: "topic" });
    const there = await checkout(engine, { ref: "topic" });
    await checkout(engine, { ref: "main" });
    await undo(engine, { operation: there.operationId ?? "", force: true });
    expect(await undo(engine)).toMatchObject({ branch: "topic" });
    expect(await refusal(engine, () => undo(engine))).toMatchObject({
      code: "conflicts",
      data: { operation: made.operationId, operations: [], refs: ["worktree:default"] },
    });
    expect(await undo(engine, { force: true })).toMatchObject({ branch: null, head: one });
  });
});

describe("a dry run", () => {
  it("tells what would happen and writes nothing", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const two = await say(engine, "two", { priority: "pinned" });
    const before = await engine.store.findTract("test");
    const planned = await undo(engine, { dryRun: true });
    expect(planned).toMatchObject({
      operationId: null,
      dryRun: true,
      head: one,
      annotated: [two],
      unreachable: { commits: [two] },
    });
    expect(await engine.store.findTract("test")).toEqual(before);
    const done = await undo(engine);
    expect(done).toEqual({ ...planned, operationId: done.operationId, dryRun: false });
  });

  it("names what stands in the way instead of failing", async () => {
    const { engine } = test;
    const one = await commit(engine, { items: [{ content: "one" }] });
    const two = await commit(engine, { items: [{ content: "two" }] });
    const planned = await undo(engine, { operation: one.operationId, dryRun: true });
    expect(planned.conflicts).toEqual([two.operationId]);
    expect(planned.unreachable.commits).toEqual([two.head, one.head]);
  });
});

describe("the operation of an undo", () => {
  it("is in the log and in the ledger, names what it undid, and marks it", async () => {
    const { engine } = test;
    await say(engine, "one");
    const { operationId, undone } = await undo(engine);
    const [newest, oldest] = (await operations(engine)).operations;
    expect(newest).toMatchObject({ id: operationId, type: "undo", branch: "main", undoes: undone.id });
    expect(oldest).toMatchObject({ id: undone.id, undone: true });
    const [entry] = await engine.store.readLedger("test", { order: "desc", limit: 1 });
    expect(entry).toMatchObject({
      eventType: "OPERATION",
      decision: "undo",
      submissionId: operationId,
      metadata: { operation: undone.id, after: null },
    });
  });

  it("plans again when the branch moves meanwhile, and then sees the conflict", async () => {
    const { engine } = test;
    await say(engine, "one");
    const race = outrunOnce(engine, () => say(inWorktree(engine, "other"), "two"));
    await expect(undo(race.engine)).rejects.toMatchObject({ code: "conflicts" });
  });

  it("plans again when a worktree comes to a branch that is about to go, and then sees the conflict", async () => {
    const { engine } = test;
    await say(engine, "one");
    const other = inWorktree(engine, "other");
    await checkout(other, { ref: "main~0" });
    await createBranch(engine, { name: "topic" });
    const race = outrunOnce(engine, () => checkout(other, { ref: "topic" }));
    await expect(undo(race.engine)).rejects.toMatchObject({ code: "conflicts" });
  });

  it("plans again when somebody annotates meanwhile", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    await say(engine, "two");
    await annotate(engine, { refs: [one], priority: "pinned" });
    const race = outrunOnce(engine, () =>
      annotate(inWorktree(engine, "other"), { refs: ["HEAD"], priority: "skip" }),
    );
    expect((await undo(race.engine)).annotated).toEqual([one]);
    expect(race.attempts()).toBe(2);
  });

  it("is done once when two undo the same operation at once; the second goes further back", async () => {
    const { engine } = test;
    await say(engine, "one");
    await say(engine, "two");
    const race = outrunOnce(engine, () => undo(engine));
    expect((await undo(race.engine)).head).toBeNull();
    expect((await operations(engine, { type: "undo" })).operations).toHaveLength(2);
  });
});
