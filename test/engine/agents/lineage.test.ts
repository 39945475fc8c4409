/** The tree of spawns, and the timeline of all its tracts. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collapse } from "../../../src/engine/agents/collapse.ts";
import { type LineageNode, lineage } from "../../../src/engine/agents/lineage.ts";
import { spawn } from "../../../src/engine/agents/spawn.ts";
import { type TimelineEntry, timeline } from "../../../src/engine/agents/timeline.ts";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { status } from "../../../src/engine/history/status.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { inChild } from "../../support/children.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
});
afterEach(async () => {
  await test.close();
});

async function childOf(engine: Engine, name: string, as: "branch" | "tract"): Promise<Engine> {
  const { child } = await spawn(engine, { purpose: `the work of ${name}`, name, as, inherit: "none" });
  return inChild(engine, child);
}

/** `name(child child)`, with the states that are not active. */
function shapeOf({ worktree, state, children }: LineageNode): string {
  const inside = children.length === 0 ? "" : `(${children.map(shapeOf).join(" ")})`;
  return `${worktree}${state === "active" ? "" : `:${state}`}${inside}`;
}

describe("lineage", () => {
  it("of a tract without children is the tract itself", async () => {
    const { engine } = test;
    expect(await lineage(engine)).toMatchObject({ total: 1, isComplete: true, tree: { tokens: null } });
    await say(engine, "hello");
    const { tree } = await lineage(engine);
    const { tokens } = await status(engine);
    expect(tree).toMatchObject({ tract: "test", branch: "main", worktree: "default", tokens, children: [] });
  });

  it("has every child below the one that spawned it, and is the same from each of its tracts", async () => {
    const { engine } = test;
    await say(engine, "hello");
    const a = await childOf(engine, "a", "branch");
    const b = await childOf(engine, "b", "tract");
    await childOf(a, "a1", "branch");
    await childOf(a, "a2", "tract");
    const b1 = await childOf(b, "b1", "tract");
    await childOf(withScope(b, { worktree: "default", createWorktree: true }), "b2", "branch");
    await childOf(b1, "b11", "tract");
    const expected = "default(a(a1 a2) b(b1(b11) b2))";
    for (const from of [engine, a, b, b1]) {
      const { tree, total, isComplete } = await lineage(from);
      expect(shapeOf(tree)).toBe(expected);
      expect({ total, isComplete }).toEqual({ total: 8, isComplete: true });
    }
  });

  it("says what each is for, how large it is and when it last moved", async () => {
    const { engine } = test;
    await say(engine, "hello");
    const child = await childOf(engine, "a", "tract");
    const before = (await lineage(engine)).tree.children[0];
    await say(child, "done");
    const { tokens } = await status(child);
    const after = (await lineage(engine)).tree.children[0];
    expect(after).toMatchObject({ purpose: "the work of a", tokens, tract: "test/a", branch: "main" });
    expect(after?.lastActivity ?? "").toMatch(/^2026/);
    expect((after?.lastActivity ?? "") > (before?.lastActivity ?? "")).toBe(true);
  });

  it("says which were collapsed and which were undone", async () => {
    const { engine } = test;
    await say(engine, "hello");
    for (const as of ["branch", "tract"] as const) {
      await childOf(engine, `${as}-done`, as);
      await collapse(engine, { child: `${as}-done`, summary: "all of it" });
      await childOf(engine, `${as}-gone`, as);
      await undo(engine);
    }
    const { tree } = await lineage(engine);
    expect(shapeOf(tree)).toBe(
      "default(branch-done:collapsed branch-gone:undone tract-done:collapsed tract-gone:undone)",
    );
    expect(tree.children.map(({ tokens }) => tokens === null)).toEqual([false, true, false, false]);
    await undo(engine, { operation: (await collapsing(engine)) ?? "" });
    expect(shapeOf((await lineage(engine)).tree)).toContain("tract-done tract-gone");
  });

  it("is cut at its limit, and says so", async () => {
    const { engine } = test;
    const limited = { ...engine, limits: { ...engine.limits, lineageNodesMax: 3 } };
    await say(engine, "hello");
    for (const name of ["a", "b", "c", "d"]) await childOf(engine, name, "tract");
    const { tree, isComplete } = await lineage(limited);
    expect(tree.children).toHaveLength(3);
    expect(isComplete).toBe(false);
  });
});

async function collapsing(engine: Engine): Promise<string | undefined> {
  const [newest] = await engine.store.readOperations("test", { type: "collapse", limit: 1 });
  return newest?.id;
}

describe("timeline", () => {
  async function allPages(engine: Engine, limit: number): Promise<readonly TimelineEntry[]> {
    const commits: TimelineEntry[] = [];
    let cursor: string | undefined;
    do {
      const page = await timeline(engine, { limit, cursor });
      expect(page.commits.length).toBe(page.nextCursor === null ? page.commits.length : limit);
      commits.push(...page.commits);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return commits;
  }

  async function work(): Promise<Engine> {
    const { engine } = test;
    await commit(engine, { items: ["one", "two", "three"].map((content) => ({ content })) });
    const { child } = await spawn(engine, { purpose: "apart", as: "tract", inherit: "full" });
    const own = inChild(engine, child);
    await say(engine, "parent works");
    await say(own, "child works");
    const branch = await spawn(engine, { purpose: "beside", inherit: "head" });
    await say(inChild(engine, branch.child), "branch works");
    await say(engine, "taken back");
    await undo(engine);
    return own;
  }

  it("is in order of time over all tracts, without copies and without what was undone", async () => {
    const child = await work();
    const commits = await allPages(test.engine, 50);
    expect(commits.map(({ tract, message }) => `${tract} ${message}`)).toEqual([
      "test dialogue: branch works",
      "test dialogue: beside",
      "test Spawned beside",
      "test/apart dialogue: child works",
      "test dialogue: parent works",
      "test/apart dialogue: apart",
      "test Spawned apart",
      "test dialogue: three",
      "test dialogue: two",
      "test dialogue: one",
    ]);
    const times = commits.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().reverse());
    expect(await allPages(child, 50)).toEqual(commits);
  });

  it.each([1, 2, 3, 4])("is the same in pages of %i", async (limit) => {
    await work();
    expect(await allPages(test.engine, limit)).toEqual(await allPages(test.engine, 50));
  });

  it("goes on where it was, whatever is done between two pages", async () => {
    const { engine } = test;
    await work();
    const whole = await allPages(engine, 50);
    const first = await timeline(engine, { limit: 4 });
    await say(engine, "new");
    await spawn(engine, { purpose: "new", as: "tract" });
    const second = await timeline(engine, { limit: 4, cursor: first.nextCursor ?? "" });
    expect([...first.commits, ...second.commits]).toEqual(whole.slice(0, 8));
  });

  it("refuses a cursor of another list", async () => {
    const { engine } = test;
    await work();
    await expect(timeline(engine, { cursor: "AAAA" })).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(timeline(engine, { limit: 0 })).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
