import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { effectivePriority } from "../../../src/engine/history/priority.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { inWorktree, outrunOnce, refusal, say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  await test.close();
});

describe("annotate", () => {
  it("annotates several commits in one operation, each row with the whole new state", async () => {
    const { engine } = test;
    const one = await say(engine, "one", { labels: ["made"] });
    const two = await say(engine, "two");
    await annotate(engine, { refs: [one], priority: "important", addLabels: ["a"] });
    const result = await annotate(engine, {
      refs: ["HEAD", one],
      retain: { patterns: ["x+"], mode: "regex" },
      addLabels: ["b"],
      removeLabels: ["a"],
      reason: "keep it",
    });
    const retain = { patterns: ["x+"], mode: "regex" };
    expect(result).toMatchObject({ branch: "main", head: two, warnings: [] });
    expect(result.annotated).toEqual([
      { hash: two, priority: "normal", labels: ["b"], retain },
      { hash: one, priority: "important", labels: ["made", "b"], retain },
    ]);
    const [, row] = await engine.store.readCommitAnnotations("test", one);
    expect(row).toMatchObject({
      sequence: 3,
      commit: one,
      priority: "important",
      labels: ["b"],
      retain,
      reason: "keep it",
      branch: "main",
    });
    const [newest] = (await operations(engine)).operations;
    expect(newest).toMatchObject({
      id: result.operationId,
      type: "annotate",
      annotations: 2,
      sources: [two, one],
    });
  });

  it("tells the compiled size as annotated", async () => {
    const { engine } = test;
    await say(engine, "one two three four five six seven eight");
    const two = await say(engine, "two");
    const skipped = await annotate(engine, { refs: [two], priority: "skip" });
    const shown = await annotate(engine, { refs: [two], priority: "normal" });
    expect(skipped.contextTokens).toBeGreaterThan(0);
    expect(shown.contextTokens).toBeGreaterThan(skipped.contextTokens);
  });

  it("goes back to the defaults with null", async () => {
    const { engine } = test;
    const system = await say(engine, "Be brief", { role: "system" });
    await annotate(engine, { refs: [system], priority: "skip", retain: { instructions: "names" } });
    const { annotated } = await annotate(engine, { refs: [system], priority: null, retain: null });
    expect(annotated).toEqual([{ hash: system, priority: "pinned", labels: [], retain: null }]);
  });

  it("gives an edit its target's priority until it is annotated itself", async () => {
    const { engine } = test;
    const system = await say(engine, "Be brief", { role: "system" });
    const edit = await say(engine, "Be very brief", { editTarget: system });
    await annotate(engine, { refs: [system], priority: "important" });
    const labelled = await annotate(engine, { refs: [edit], addLabels: ["x"] });
    expect(labelled.annotated[0]?.priority).toBe("important");
    const both = await annotate(engine, { refs: [edit, system], priority: "normal" });
    expect(both.annotated.map(({ priority }) => priority)).toEqual(["normal", "normal"]);
    await annotate(engine, { refs: [system], priority: "skip" });
    expect((await annotate(engine, { refs: [edit], addLabels: ["y"] })).annotated[0]?.priority).toBe(
      "normal",
    );
  });

  it("keeps the branch that it was made on", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    await say(engine, "two", { branch: "topic" });
    const result = await annotate(engine, { refs: ["HEAD"], branch: "topic", priority: "pinned" });
    expect(result.branch).toBe("topic");
    expect(result.annotated[0]?.hash).not.toBe(one);
    const rows = await engine.store.readAnnotations("test", { after: 0, upTo: 9 });
    expect(rows.map(({ branch }) => branch)).toEqual(["topic"]);
  });

  it("keeps labels of commit time and says so", async () => {
    const { engine } = test;
    const one = await say(engine, "one", { labels: ["made"] });
    const result = await annotate(engine, { refs: [one], removeLabels: ["made"], addLabels: ["later"] });
    expect(result.annotated[0]?.labels).toEqual(["made", "later"]);
    expect(result.warnings).toHaveLength(1);
  });

  it("writes rows only for commits that change, and shows all", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const two = await say(engine, "two");
    await annotate(engine, { refs: [one], priority: "pinned" });
    const { annotated } = await annotate(engine, { refs: [one, two, "HEAD"], priority: "pinned" });
    expect(annotated.map(({ hash }) => hash)).toEqual([one, two]);
    expect(await engine.store.readCommitAnnotations("test", one)).toHaveLength(1);
  });

  it("has nothing to do when all is so already, the default priority included", async () => {
    const { engine } = test;
    const one = await say(engine, "one", { labels: ["made"] });
    await annotate(engine, { refs: [one], priority: "pinned", addLabels: ["a"] });
    await say(engine, "two");
    for (const request of [
      { refs: [one], priority: "pinned" },
      { refs: [one], addLabels: ["a", "made"] },
      { refs: [one], removeLabels: ["b"] },
      { refs: [one], retain: null },
      { refs: ["HEAD"], priority: "normal" },
    ] as const)
      expect((await refusal(engine, () => annotate(engine, request))).code).toBe("nothing-to-do");
  });

  it.each([
    { refs: [], priority: "pinned" },
    { refs: ["HEAD"] },
    { refs: ["HEAD"], reason: "why not" },
    { refs: ["HEAD"], addLabels: ["a"], removeLabels: ["a"] },
    { refs: ["HEAD"], addLabels: [""] },
    { refs: ["HEAD"], addLabels: ["x".repeat(201)] },
    { refs: ["HEAD"], addLabels: Array.from({ length: 65 }, (_, i) => `l${i}`) },
    { refs: ["HEAD"], priority: "pinned", reason: "x".repeat(10_001) },
    { refs: ["HEAD"], retain: {} },
    { refs: ["HEAD"], retain: { patterns: [] } },
    { refs: ["HEAD"], retain: { patterns: [""] } },
    { refs: ["HEAD"], retain: { patterns: ["x".repeat(1_001)] } },
    { refs: ["HEAD"], retain: { patterns: ["("], mode: "regex" } },
    { refs: ["HEAD"], retain: { instructions: "\ud800" } },
    { refs: ["HEAD"], retain: { instructions: "x", other: 1 } },
    { refs: ["HEAD"], retain: { patterns: ["x"], mode: "glob" } },
  ])("refuses %j", async (request) => {
    const { engine } = test;
    await say(engine, "one");
    // Some of these are wrong by type as well; callers in JavaScript are not held back by types.
    const act = (): Promise<unknown> => annotate(engine, request as Parameters<typeof annotate>[1]);
    expect((await refusal(engine, act)).code).toBe("invalid-argument");
  });

  it("refuses more labels than a commit may have in all", async () => {
    const { engine } = test;
    await say(engine, "one");
    const labels = Array.from({ length: 64 }, (_, i) => `l${i}`);
    await annotate(engine, { refs: ["HEAD"], addLabels: labels });
    const act = (): Promise<unknown> => annotate(engine, { refs: ["HEAD"], addLabels: ["one more"] });
    expect((await refusal(engine, act)).code).toBe("invalid-argument");
  });

  it("refuses unknown refs with near names, and an empty tract", async () => {
    const { engine } = test;
    expect((await refusal(engine, () => annotate(engine, { refs: ["HEAD"], priority: "skip" }))).code).toBe(
      "not-found",
    );
    await say(engine, "one");
    expect(
      await refusal(engine, () => annotate(engine, { refs: ["HEAD", "mian"], priority: "skip" })),
    ).toMatchObject({
      code: "not-found",
      data: { near: ["main"] },
    });
  });

  it("refuses a commit that nothing leads to, and takes one that another branch or a detached HEAD has", async () => {
    const { engine } = test;
    await say(engine, "one");
    await createBranch(engine, { name: "topic" });
    const two = await say(engine, "two", { branch: "topic" });
    await annotate(engine, { refs: [two], priority: "important" });
    await checkout(inWorktree(engine, "other"), { ref: two });
    await deleteBranch(engine, { name: "topic", force: true });
    await annotate(engine, { refs: [two], priority: "pinned" });
    await checkout(inWorktree(engine, "other"), { ref: "main" });
    const act = (): Promise<unknown> => annotate(engine, { refs: [two], priority: "skip" });
    expect(await refusal(engine, act)).toMatchObject({ code: "not-found", data: { commit: two } });
  });

  it("builds on what another annotator wrote meanwhile", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const other = inWorktree(engine, "other");
    const race = outrunOnce(engine, () => annotate(other, { refs: [one], addLabels: ["theirs"] }));
    const { annotated } = await annotate(race.engine, { refs: [one], priority: "pinned" });
    expect(race.attempts()).toBe(2);
    expect(annotated).toMatchObject([{ priority: "pinned", labels: ["theirs"] }]);
  });

  it("never puts text of the caller into the ledger", async () => {
    const { engine } = test;
    await say(engine, "one");
    await annotate(engine, { refs: ["HEAD"], reason: "sesame", retain: { instructions: "sesame" } });
    const ledger = await engine.store.readLedger("test", { order: "desc", limit: 1 });
    expect(JSON.stringify(ledger)).not.toContain("sesame");
  });
});

describe("the priority in force", () => {
  it.each([
    [{ byDefault: "normal", annotated: null }, null, "normal"],
    [{ byDefault: "pinned", annotated: "skip" }, null, "skip"],
    [{ byDefault: "normal", annotated: null }, { byDefault: "pinned", annotated: null }, "pinned"],
    [{ byDefault: "pinned", annotated: null }, { byDefault: "normal", annotated: "important" }, "important"],
    [{ byDefault: "normal", annotated: "skip" }, { byDefault: "pinned", annotated: "important" }, "skip"],
  ] as const)("of %j with target %j is %s", (commit, target, priority) => {
    expect(effectivePriority(commit, target)).toBe(priority);
  });
});
