import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { revertedState } from "../../../src/engine/history/annotation-state.ts";
import { createBranch, deleteBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { allRefs, inWorktree, outrunOnce, refusal, say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  await test.close();
});

async function annotationOf(hash: Hash): Promise<unknown> {
  const rows = await test.engine.store.readCommitAnnotations("test", hash);
  const { priority = null, labels = [], retain = null } = rows.at(-1) ?? {};
  return { priority, labels, retain };
}

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

describe("taking back one of several changes of an annotation", () => {
  const none = { priority: null, retain: null, labels: [] };
  it.each([
    [
      { ...none, priority: "pinned" },
      { ...none, priority: "pinned", labels: ["b"] },
      { ...none, labels: ["b"] },
    ],
    [
      { ...none, labels: ["a"] },
      { ...none, priority: "skip", labels: ["a", "b"] },
      { ...none, priority: "skip", labels: ["b"] },
    ],
    [
      { ...none, labels: ["a"] },
      { ...none, labels: ["b"] },
      { ...none, labels: ["b"] },
    ],
    [
      { ...none, retain: { mode: "regex" } },
      { ...none, retain: null, priority: "skip" },
      { ...none, priority: "skip" },
    ],
    [{ ...none, priority: "pinned" }, { ...none, priority: "skip" }, none],
  ] as const)("from none over %j and %j leads to %j", (made, current, reverted) => {
    expect(revertedState(none, made, current)).toEqual(reverted);
  });

  it("brings back what was removed and keeps what came", () => {
    const before = {
      priority: "pinned",
      retain: { mode: "regex", patterns: ["x"] },
      labels: ["a", "b"],
    } as const;
    const made = { priority: null, retain: null, labels: ["b"] };
    const current = { priority: null, retain: null, labels: ["b", "c"] };
    expect(revertedState(before, made, current)).toEqual({ ...before, labels: ["b", "c", "a"] });
    expect(revertedState(before, made, made)).toEqual(before);
  });
});
