import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Expanded, expand } from "../../../src/engine/compress/expand.ts";
import { uncompress } from "../../../src/engine/compress/uncompress.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { bytesOf, commitAll, done, FILLER, user, workOn } from "../../support/compress.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";

let opened: TestEngine;
let engine: Engine;
beforeEach(async () => {
  opened = await openTestEngine({ store: "memory" });
  engine = opened.engine;
});
afterEach(async () => await opened.close());

async function summarised(
  turns: number,
  to: number,
): Promise<{ readonly made: readonly string[]; readonly summary: string; readonly before: string }> {
  const made = await workOn(engine, turns);
  const before = await bytesOf(engine);
  const result = await done(engine, { from: made[1], to: made[to], summary: "Some parts are fine." });
  return { made, summary: result.groups[0]?.summary ?? "", before };
}

async function expanded(request: Parameters<typeof expand>[1]): Promise<Expanded> {
  const result = await expand(engine, request);
  if (result.kind !== "expanded") throw new Error("it was restored");
  return result;
}

describe("expand", () => {
  test("gives the originals in order with their content, and changes nothing", async () => {
    const { made, summary } = await summarised(4, 8);
    const before = await engine.store.findTract("test");
    const result = await expanded({ summary });
    expect(result.commits.map(({ hash }) => hash)).toEqual(made.slice(1, 9));
    expect(result.commits[0]?.content).toMatchObject({ content_type: "dialogue", role: "user" });
    expect(result.leftOut).toMatchObject({ commits: 0, tokens: 0 });
    expect(await engine.store.findTract("test")).toEqual(before);
  });

  test("finds what a query is about, whole units, within the budget, and says what it left out", async () => {
    const { made, summary } = await summarised(6, 20);
    const result = await expanded({ summary, query: "what was at the end of 3?", budgetTokens: 250 });
    expect(result.tokens).toBeLessThanOrEqual(250);
    expect(result.commits.map(({ hash }) => hash)).toEqual(expect.arrayContaining([made[14], made[15]]));
    expect(result.leftOut.commits).toBe(20 - result.commits.length);
    expect(result.leftOut.hashes).toHaveLength(result.leftOut.commits);
  });

  test("without a query gives the oldest first, as many as fit", async () => {
    const { made, summary } = await summarised(6, 20);
    const result = await expanded({ summary, budgetTokens: 200 });
    expect(result.commits.map(({ hash }) => hash)).toEqual(made.slice(1, 1 + result.commits.length));
    expect(result.commits.length).toBeGreaterThan(0);
    expect(result.tokens).toBeLessThanOrEqual(200);
  });

  test("looks through summaries of summaries to the real originals", async () => {
    const { made, summary } = await summarised(5, 8);
    const outer = await done(engine, { from: summary, to: made[12] ?? "", summary: "More parts are fine." });
    const result = await expanded({ summary: outer.groups[0]?.summary ?? "" });
    expect(result.commits.map(({ hash }) => hash)).toEqual(made.slice(1, 13));
  });

  test("gives the text of an edited original as it was edited", async () => {
    const [first = ""] = await commitAll(engine, [user(`Old words. ${FILLER.repeat(3)}`)]);
    await commit(engine, { items: [{ content: `New words. ${FILLER.repeat(3)}`, editTarget: first }] });
    const result = await done(engine, { commits: [first], summary: "Words." });
    const { commits } = await expanded({ summary: result.groups[0]?.summary ?? "" });
    expect(JSON.stringify(commits)).toContain("New words.");
    expect(JSON.stringify(commits)).not.toContain("Old words.");
  });

  test("gives what a receipt stands for, by the result's own hash or by the receipt's", async () => {
    const made = await workOn(engine, 3);
    const result = await done(engine, { strategy: "mask", keep: 1 });
    for (const summary of [made[3] ?? "", result.groups[0]?.summary ?? ""]) {
      const { commits } = await expanded({ summary });
      expect(commits).toHaveLength(1);
      expect(commits[0]?.content).toMatchObject({ payload: expect.stringContaining("end of 0") });
    }
  });

  test("reads a summary of another branch", async () => {
    const { made, summary } = await summarised(4, 8);
    await createBranch(engine, { name: "side", from: made[2], switch: true });
    expect((await expanded({ summary })).commits).toHaveLength(8);
  });

  test("refuses what stands for nothing, budgets that hold nothing, and empty queries", async () => {
    const { made, summary } = await summarised(4, 8);
    expect((await refusal(engine, () => expand(engine, { summary: made[9] ?? "" }))).code).toBe(
      "invalid-argument",
    );
    const small = await refusal(engine, () => expand(engine, { summary, budgetTokens: 5 }));
    expect(small.code).toBe("budget-too-small");
    await expanded({ summary, budgetTokens: Number(small.data.needed) });
    for (const wrong of [{ query: " ?!" }, { budgetTokens: 0 }, { restore: true, query: "x" }])
      expect((await refusal(engine, () => expand(engine, { summary, ...wrong }))).code).toBe(
        "invalid-argument",
      );
    expect((await refusal(engine, () => expand(engine, { summary: "no-such" }))).code).toBe("not-found");
    expect((await expanded({ summary, query: "zebra" })).commits).toEqual([]);
  });
});

describe("uncompress", () => {
  test("shows the originals again byte for byte; undo makes the summary stand again", async () => {
    const { summary, before, made } = await summarised(4, 8);
    const compressed = await bytesOf(engine);
    const result = await uncompress(engine, { summary });
    expect(await bytesOf(engine)).toBe(before);
    expect(result.restored).toEqual(made.slice(1, 9));
    expect(result.contextTokens).toBeGreaterThan(result.contextTokensBefore);
    expect((await verify(engine, {})).problems).toEqual([]);
    expect((await refusal(engine, () => uncompress(engine, { summary }))).code).toBe("nothing-to-do");
    await undo(engine, {});
    expect(await bytesOf(engine)).toBe(compressed);
  });

  test("is what expand does with restore, for receipts too", async () => {
    const made = await workOn(engine, 3);
    const before = await bytesOf(engine);
    await done(engine, { strategy: "mask", keep: 2 });
    const result = await expand(engine, { summary: made[3] ?? "", restore: true });
    expect(result.kind).toBe("restored");
    expect(await bytesOf(engine)).toBe(before);
    expect((await refusal(engine, () => uncompress(engine, { summary: made[3] ?? "" }))).code).toBe(
      "nothing-to-do",
    );
  });

  test("of an outer summary shows the inner one; the inner is refused while the outer covers it", async () => {
    const { made, summary } = await summarised(5, 8);
    const between = await bytesOf(engine);
    const outer = await done(engine, { from: summary, to: made[12] ?? "", summary: "More parts are fine." });
    const by = outer.groups[0]?.summary ?? "";
    const error = await refusal(engine, () => uncompress(engine, { summary }));
    expect(error.code).toBe("invalid-argument");
    expect(error.data.summary).toBe(by);
    await uncompress(engine, { summary: by });
    expect(await bytesOf(engine)).toBe(between);
  });

  test("refuses a summary that is not on the branch", async () => {
    const { made, summary } = await summarised(4, 8);
    await createBranch(engine, { name: "side", from: made[2], switch: true });
    await say(engine, "here");
    expect((await refusal(engine, () => uncompress(engine, { summary }))).code).toBe("invalid-argument");
  });

  test("what was restored can be compressed again", async () => {
    const { made, summary } = await summarised(4, 8);
    await uncompress(engine, { summary });
    const result = await done(engine, { from: made[1], to: made[8], summary: "Once more." });
    expect(result.groups[0]?.sources).toEqual(made.slice(1, 9));
  });
});
