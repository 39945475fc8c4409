import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compress } from "../../../src/engine/compress/compress.ts";
import type { CompressRequest } from "../../../src/engine/compress/request.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { status } from "../../../src/engine/history/status.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import {
  assistant,
  commitAll,
  done,
  exchange,
  FILLER,
  plannedBy,
  user,
  workOn,
} from "../../support/compress.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";

let opened: TestEngine;
let engine: Engine;
beforeEach(async () => {
  opened = await openTestEngine({ store: "memory" });
  engine = opened.engine;
});
afterEach(async () => await opened.close());

/** The commits that a selection comes to, by group. */
async function selected(request: CompressRequest): Promise<readonly (readonly string[])[]> {
  const { plan } = await plannedBy(engine, { strategy: "agent", dryRun: true, ...request });
  return plan.groups.map(({ sources }) => sources);
}

describe("ranges", () => {
  test("take both ends, and begin or end with the context where an end is missing", async () => {
    const made = await workOn(engine, 3);
    expect(await selected({ from: made[4], to: made[6] === undefined ? "" : made[7] })).toEqual([
      made.slice(4, 8),
    ]);
    expect(await selected({ to: made[4] })).toEqual([made.slice(1, 5)]);
    expect(await selected({ from: made[9] })).toEqual([made.slice(9)]);
    expect(await selected({ from: "HEAD~3", to: "HEAD" })).toEqual([made.slice(9)]);
  });

  test("may end at commits that never show: the place where they were made counts", async () => {
    const made = await workOn(engine, 2);
    await commit(engine, { items: [{ content: { content_type: "config", settings: { recent: 4 } } }] });
    const setting = (
      await engine.store.readSnapshot("test", { worktree: "default", branch: null, defaultBranch: "main" })
    ).head?.hash;
    const more = await commitAll(engine, [user(`next ${FILLER}`), assistant(`yes ${FILLER}`)]);
    expect(await selected({ from: setting })).toEqual([more]);
    expect(await selected({ from: made[5], to: setting })).toEqual([made.slice(5)]);
    expect(
      (await refusal(engine, () => compress(engine, { from: setting, to: setting, summary: "x" }))).code,
    ).toBe("nothing-to-do");
  });

  test("between two commits that never show, in order, are empty and not backwards", async () => {
    const made = await workOn(engine, 2);
    const config = (recent: number): Parameters<typeof commitAll>[1][number] => ({
      content: { content_type: "config", settings: { recent } },
    });
    const [first, second] = await commitAll(engine, [config(4), config(5), user(`next ${FILLER}`)]);
    const codeOf = async (request: Parameters<typeof compress>[1]): Promise<string> =>
      (await refusal(engine, () => compress(engine, { ...request, summary: "x" }))).code;
    expect(await codeOf({ from: first, to: second })).toBe("nothing-to-do");
    expect(await codeOf({ from: second, to: first })).toBe("invalid-argument");
    expect(await codeOf({ from: second, to: made[3] })).toBe("invalid-argument");
  });

  test("from HEAD to HEAD mean that commit alone", async () => {
    const made = await workOn(engine, 3);
    const { head } = await compress(engine, { from: made[1], to: made[8], summary: "Two parts are fine." });
    expect(await selected({ from: head, to: head })).toEqual([[head]]);
  });

  test("to HEAD mean the end, also when HEAD is an edit or a summary of something old", async () => {
    const made = await workOn(engine, 3);
    await commit(engine, { items: [{ content: "changed", editTarget: made[1] }] });
    expect(await selected({ from: made[9], to: "HEAD" })).toEqual([made.slice(9)]);
    const { groups } = await done(engine, { from: made[1], to: made[4], summary: "Part 0." });
    expect(await selected({ from: made[5], to: "HEAD" })).toEqual([made.slice(5)]);
    expect(await selected({ from: groups[0]?.summary ?? "", to: made[8] })).toEqual([
      [groups[0]?.summary, ...made.slice(5, 9)],
    ]);
  });

  test("mean the summary where an end is a commit that it stands for", async () => {
    const made = await workOn(engine, 3);
    const { groups } = await done(engine, { from: made[1], to: made[4], summary: "Part 0." });
    expect(await selected({ from: made[2], to: made[8] })).toEqual([
      [groups[0]?.summary, ...made.slice(5, 9)],
    ]);
  });
});

describe("lists", () => {
  test("take an edit for what it edits, and leave out what does not show, with a warning", async () => {
    const made = await workOn(engine, 3);
    const edit = await say(engine, `changed ${FILLER}`, { editTarget: made[1] ?? "" });
    await annotate(engine, { refs: [made[4] ?? ""], priority: "skip" });
    const { plan, warnings } = await plannedBy(engine, {
      strategy: "agent",
      dryRun: true,
      commits: [edit, made[4] ?? "", made[2] ?? "", made[3] ?? "", made[0] ?? ""],
    });
    expect(plan.groups.map(({ sources }) => sources)).toEqual([made.slice(1, 4)]);
    expect(warnings.length).toBeGreaterThan(0);
  });

  test("refuse a commit that a summary stands for, with the summary", async () => {
    const made = await workOn(engine, 3);
    const { groups } = await done(engine, { from: made[1], to: made[4], summary: "Part 0." });
    const error = await refusal(engine, () => compress(engine, { commits: [made[1] ?? ""], summary: "x" }));
    expect(error.data.summary).toBe(groups[0]?.summary);
  });
});

describe("what is old", () => {
  test("older_than leaves the newest messages, whole units, and what was asked last", async () => {
    const made = await workOn(engine, 3);
    expect(await selected({ olderThan: 4 })).toEqual([made.slice(1, 9)]);
    // The unit on the border has a call and a result: both stay.
    expect(await selected({ olderThan: 6 })).toEqual([made.slice(1, 6)]);
    expect(await selected({ olderThan: 0 })).toEqual([made.slice(1, 9), made.slice(10)]);
  });

  test("what the system said is not old, unless it is named", async () => {
    const said = { content_type: "dialogue", role: "system", text: `Obey the policy. ${FILLER.repeat(3)}` };
    const made = await commitAll(engine, [
      { content: said },
      user(`one ${FILLER}`),
      assistant(`two ${FILLER}`),
      user("three"),
    ]);
    expect(await selected({ olderThan: 1 })).toEqual([made.slice(1, 3)]);
    expect(await selected({ targetTokens: 1 })).toEqual([made.slice(1, 3)]);
    expect(await selected({ to: made[2] })).toEqual([made.slice(0, 3)]);
  });

  test("target_tokens takes the oldest first, important ones after all others, and no more than it takes", async () => {
    const made = await workOn(engine, 6);
    await annotate(engine, { refs: made.slice(1, 5), priority: "important" });
    const { contextTokens } = await plannedBy(engine, { strategy: "agent", dryRun: true, olderThan: 1 });
    const [group, ...others] = await selected({ targetTokens: contextTokens - 150 });
    expect(others).toEqual([]);
    expect(group?.[0]).toBe(made[5]);
    expect(group?.length).toBeLessThan(12);
    const all = (await selected({ targetTokens: 1 })).flat();
    expect(all).toEqual(expect.arrayContaining(made.slice(1, 5)));
  });

  test("summaries of the planned size reach the target", async () => {
    await workOn(engine, 8);
    const { contextTokens } = await plannedBy(engine, { strategy: "agent", dryRun: true, olderThan: 1 });
    const targetTokens = Math.floor(contextTokens * 0.6);
    const result = await done(engine, { strategy: "extract", targetTokens });
    expect(result.contextTokens).toBeLessThanOrEqual(targetTokens);
  });
});

describe("runs that are too short", () => {
  test("stay as they are beside longer ones, unless they are listed", async () => {
    const made = await commitAll(engine, [
      user("ok"),
      user("pin"),
      user(`one ${FILLER.repeat(3)}`),
      user("last"),
    ]);
    await annotate(engine, { refs: [made[1] ?? ""], priority: "pinned" });
    expect(await selected({ to: made[2] })).toEqual([[made[2]]]);
    expect(await selected({ to: made[0] })).toEqual([[made[0]]]);
    expect(await selected({ commits: [made[0] ?? "", made[2] ?? ""] })).toEqual([[made[0]], [made[2]]]);
  });
});

describe("what is never part of it", () => {
  test("a call that still waits for its result", async () => {
    const [question = "", call = ""] = await commitAll(engine, [
      user(`do it ${FILLER}`),
      ...exchange("open", "later").slice(0, 1),
    ]);
    expect(await selected({ from: question })).toEqual([[question]]);
    expect((await refusal(engine, () => compress(engine, { commits: [call], summary: "x" }))).code).toBe(
      "nothing-to-do",
    );
  });

  test("a message that shows both sides of a conflict", async () => {
    const made = await workOn(engine, 2);
    await createBranch(engine, { name: "topic" });
    await say(engine, `ours ${FILLER}`, { editTarget: made[1] ?? "" });
    await say(engine, `theirs ${FILLER}`, { editTarget: made[1] ?? "", branch: "topic" });
    await merge(engine, { source: "topic", strategy: "record" });
    expect(await selected({ to: made[4] })).toEqual([made.slice(2, 5)]);
    expect((await status(engine)).conflicts).toHaveLength(1);
  });

  test("an instruction that keeps an earlier one of its name out", async () => {
    const rule = (text: string): object => ({ content_type: "instruction", name: "style", text });
    const made = await commitAll(engine, [
      { content: rule("Be long.") },
      { content: rule("Be short.") },
      user(`one ${FILLER}`),
      assistant(`two ${FILLER}`),
    ]);
    await annotate(engine, { refs: made.slice(0, 2), priority: "normal" });
    expect(await selected({ from: made[0] })).toEqual([made.slice(2)]);
  });

  test("part of units that stand in each other", async () => {
    const [call, result] = exchange("x", FILLER);
    if (call === undefined || result === undefined) throw new Error("an exchange has two halves");
    const made = await commitAll(engine, [
      call,
      assistant(`waiting ${FILLER}`),
      result,
      user(`thanks ${FILLER}`),
    ]);
    const error = await refusal(engine, () =>
      compress(engine, { commits: [made[0] ?? "", made[2] ?? ""], summary: "x" }),
    );
    expect(error.data.belong_together).toEqual([made[0], made[2], made[1]]);
    expect(await selected({ from: made[0], to: made[2] })).toEqual([[made[0], made[2], made[1]]]);
  });
});
