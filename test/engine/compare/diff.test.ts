import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CommitsDiff,
  type ContextDiff,
  type DiffRequest,
  diff,
} from "../../../src/engine/compare/diff.ts";
import { compile } from "../../../src/engine/compile/compile.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, switchBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { reset } from "../../../src/engine/history/reset.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";
import { mergeIn } from "../../support/merge-in.ts";
import { reveal, summarise } from "../../support/summaries.ts";

let test: TestEngine;
let engine: Engine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  engine = test.engine;
});
afterEach(async () => {
  await test.close();
});

async function contexts(request: DiffRequest = {}): Promise<ContextDiff> {
  const result = await diff(engine, request);
  if (result.kind !== "context") throw new Error("asked for contexts");
  return result;
}

async function commits(request: DiffRequest = {}): Promise<CommitsDiff> {
  const result = await diff(engine, { ...request, kind: "commits" });
  if (result.kind !== "commits") throw new Error("asked for commits");
  return result;
}

function statuses({ messages }: ContextDiff): readonly string[] {
  return messages.map(({ status, moved }) => (moved ? `${status} moved` : status));
}

function sumOf({ messages }: ContextDiff): number {
  return messages.reduce((sum, { tokenDelta }) => sum + tokenDelta, 0);
}

describe("diff of contexts", () => {
  it("shows by default what the newest commit changed", async () => {
    const one = await say(engine, "one");
    const two = await say(engine, "two\nlines");
    expect(await contexts()).toMatchObject({
      a: one,
      b: two,
      totals: { added: 1, removed: 0, modified: 0, unchanged: 1, moved: 0 },
      messages: [
        { status: "unchanged", hashes: [one], indexA: 0, indexB: 0, lines: [], tokenDelta: 0 },
        { status: "added", role: "user", hashes: [two], indexA: null, indexB: 1, lines: ["+two", "+lines"] },
      ],
      leftOut: 0,
      nextCursor: null,
    });
  });

  it("of an edit shows what its target showed before", async () => {
    const one = await say(engine, "the old text");
    const two = await say(engine, "between");
    const first = await say(engine, "the first edit", { editTarget: one });
    const second = await say(engine, "the second edit", { editTarget: one });
    expect(await contexts()).toMatchObject({
      a: first,
      b: second,
      totals: { modified: 1, unchanged: 1, added: 0 },
      messages: [
        {
          status: "modified",
          hashes: [one, first, second],
          lines: ["@@ -1,1 +1,1 @@", "-the first edit", "+the second edit"],
        },
        { status: "unchanged", hashes: [two] },
      ],
    });
    const earlier = await contexts({ b: first });
    expect(earlier.messages[0]).toMatchObject({ hashes: [one, first] });
  });

  it("compares a commit without parent with an empty context, prompt tokens included", async () => {
    const one = await say(engine, "one");
    const { tokenCount } = await compile(engine, {});
    const result = await contexts();
    expect(result).toMatchObject({
      a: null,
      b: one,
      totals: { added: 1, tokensA: 0, tokensB: tokenCount, tokenDelta: tokenCount },
    });
    expect(sumOf(result)).toBe(tokenCount);
    const back = await contexts({ a: "HEAD", b: "HEAD" });
    expect(back.totals).toMatchObject({ unchanged: 1, tokenDelta: 0 });
  });

  it("of an unborn branch is empty", async () => {
    expect(await contexts()).toMatchObject({
      a: null,
      b: null,
      messages: [],
      totals: { added: 0, tokensA: 0, tokensB: 0 },
    });
  });

  it("compares two branches, or a range", async () => {
    const base = await say(engine, "base");
    await createBranch(engine, { name: "topic" });
    await say(engine, "on main");
    await say(engine, "on topic", { branch: "topic" });
    const between = await contexts({ a: "main", b: "topic" });
    expect(statuses(between)).toEqual(["unchanged", "removed", "added"]);
    expect(between.messages[0]?.hashes).toEqual([base]);
    expect(await contexts({ a: "main..topic" })).toEqual(between);
    expect(statuses(await contexts({ branch: "topic" }))).toEqual(["unchanged", "added"]);
  });

  it("counts real tokens, framing and names included", async () => {
    await say(engine, "Find the bug in the parser.");
    await say(engine, "On it.", { role: "assistant", name: "Ada" });
    await say(engine, "Find the bug in the lexer, and mend it.", { editTarget: "HEAD~1" });
    const result = await contexts({ a: "HEAD~2" });
    const before = (await compile(engine, { ref: "HEAD~2" })).tokenCount;
    const after = (await compile(engine, {})).tokenCount;
    expect(result.totals).toMatchObject({ tokensA: before, tokensB: after, tokenDelta: after - before });
    expect(sumOf(result)).toBe(after - before);
  });

  it("names changed settings of a message, also where its text is the same", async () => {
    const config = (temperature: number) => ({ model: "m", temperature, extra: { seed_style: { a: 1 } } });
    const one = await say(engine, "answer", { role: "assistant", generationConfig: config(0) });
    await commit(engine, {
      items: [
        {
          content: "answer",
          editTarget: one,
          generationConfig: { ...config(1), max_tokens: 5, extra: { b: 2 } },
        },
      ],
    });
    const result = await contexts();
    expect(result.totals).toMatchObject({ modified: 1, configChanged: 1, tokenDelta: 0 });
    expect(result.messages[0]).toMatchObject({ status: "modified", lines: [] });
    expect(result.configChanges).toEqual([
      { commit: one, field: "extra.b", from: null, to: 2 },
      { commit: one, field: "extra.seed_style", from: { a: 1 }, to: null },
      { commit: one, field: "max_tokens", from: null, to: 5 },
      { commit: one, field: "temperature", from: 0, to: 1 },
    ]);
  });

  it("tells a changed role as lines", async () => {
    const one = await say(engine, "same");
    await commit(engine, { items: [{ content: "same", role: "assistant", editTarget: one }] });
    expect((await contexts()).messages).toMatchObject([
      { status: "modified", role: "assistant", lines: ["-role: user", "+role: assistant"] },
    ]);
  });

  it("shows a summary in place of what it stands for, and the originals again", async () => {
    const one = await say(engine, "one");
    const two = await say(engine, "two");
    const three = await say(engine, "three");
    const summary = await summarise(engine, [one, two], "both");
    const covered = await contexts();
    expect(covered.totals).toMatchObject({ added: 1, removed: 2, unchanged: 1, moved: 0 });
    expect(covered.messages.find(({ status }) => status === "added")).toMatchObject({
      hashes: [summary],
      indexB: 0,
    });
    expect(covered.messages.at(-1)?.hashes).toEqual([three]);
    await reveal(engine, summary);
    expect((await contexts()).totals).toMatchObject({ added: 2, removed: 1, unchanged: 1 });
  });

  it("of a merge shows what came in from the other side", async () => {
    await say(engine, "base");
    await createBranch(engine, { name: "topic" });
    const ours = await say(engine, "ours");
    const theirs = await say(engine, "theirs", { branch: "topic" });
    const merge = await mergeIn(engine, "topic");
    const result = await contexts();
    expect(result).toMatchObject({ a: ours, b: merge, totals: { added: 1, unchanged: 2 } });
    expect(result.messages.find(({ status }) => status === "added")?.hashes).toEqual([theirs]);
  });

  it("says which messages stand in another order", async () => {
    await say(engine, "base");
    await createBranch(engine, { name: "one" });
    await createBranch(engine, { name: "two" });
    const first = await say(engine, "first", { branch: "one" });
    const second = await say(engine, "second", { branch: "two" });
    await switchBranch(engine, { name: "one" });
    await mergeIn(engine, "two");
    await switchBranch(engine, { name: "two" });
    await mergeIn(engine, first);
    const result = await contexts({ a: "one", b: "two" });
    expect(result.totals).toMatchObject({ added: 0, removed: 0, modified: 0, unchanged: 3, moved: 1 });
    const moved = result.messages.filter((each) => each.moved);
    expect(moved).toHaveLength(1);
    expect([first, second]).toContain(moved[0]?.hashes[0]);
  });

  it("gives totals only when asked", async () => {
    await say(engine, "one");
    await say(engine, "two");
    expect(await contexts({ stat: true })).toMatchObject({
      totals: { added: 1, unchanged: 1 },
      messages: [],
      nextCursor: null,
    });
  });

  it("looks at both ends with the annotations of now", async () => {
    const one = await say(engine, "one");
    await say(engine, "two");
    await annotate(engine, { refs: [one], priority: "skip" });
    expect(statuses(await contexts())).toEqual(["added"]);
  });
});

describe("a large diff", () => {
  async function many(count: number): Promise<readonly Hash[]> {
    const items = Array.from({ length: count }, (_, i) => ({ content: `message ${i}` }));
    return (await commit(engine, { items })).commits.map(({ hash }) => hash);
  }

  it("comes in pages that together are all of it, while branches move", async () => {
    const base = await say(engine, "base");
    const made = await many(50);
    const seen: string[] = [];
    let page = await contexts({ a: base, b: "main", limit: 15 });
    expect(page.leftOut).toBe(36); // The base is unchanged and few: listed.
    for (;;) {
      seen.push(...page.messages.flatMap(({ hashes }) => hashes));
      if (page.nextCursor === null) break;
      await say(engine, "later");
      page = await contexts({ a: base, b: "main", limit: 15, cursor: page.nextCursor });
      expect(page.totals).toMatchObject({ added: 50 });
    }
    expect(seen).toEqual([base, ...made]);
  });

  it("counts unchanged messages and does not list them when they are many", async () => {
    await many(30);
    const last = await say(engine, "last");
    const result = await contexts();
    expect(result.totals.unchanged).toBe(30);
    expect(result.messages.map(({ hashes }) => hashes)).toEqual([[last]]);
  });

  it("of long messages ends a page early and cuts what is longer than a page", async () => {
    const long = Array.from({ length: 300 }, (_, i) => `${i} ${"word ".repeat(30)}`).join("\n");
    const base = await say(engine, "base");
    await commit(engine, {
      items: [{ content: long }, { content: long }, { content: long }, { content: long }],
    });
    const page = await contexts({ a: base });
    expect(page.messages.length).toBeLessThan(5);
    expect(page.nextCursor).not.toBeNull();
    expect(page.messages.at(-1)?.linesLeftOut).toBe(300 - engine.limits.diffLinesMax);
    const chars = page.messages.flatMap(({ lines }) => lines).join("").length;
    expect(chars).toBeLessThan(engine.limits.diffPageCharsMax);
  });

  it("takes a cursor only for what it was given for", async () => {
    const base = await say(engine, "base");
    await many(30);
    const { nextCursor } = await contexts({ a: base });
    const cursor = nextCursor ?? "";
    expect((await refusal(engine, () => contexts({ a: "HEAD~1", cursor }))).code).toBe("invalid-argument");
    expect((await refusal(engine, () => commits({ a: base, cursor }))).code).toBe("invalid-argument");
    expect((await refusal(engine, () => contexts({ a: base, cursor: "nonsense" }))).code).toBe(
      "invalid-argument",
    );
  });
});

describe("diff of commits", () => {
  it("lists what only each side has, merged commits too", async () => {
    await say(engine, "base");
    await createBranch(engine, { name: "topic" });
    await createBranch(engine, { name: "third" });
    const a = await say(engine, "a");
    const t = await say(engine, "t", { branch: "topic" });
    const x = await say(engine, "x", { branch: "third" });
    await switchBranch(engine, { name: "topic" });
    const m = await mergeIn(engine, "third");
    const result = await commits({ a: "main", b: "topic" });
    expect(result.totals).toEqual({ onlyA: 1, onlyB: 3 });
    expect(result.onlyA.map(({ hash }) => hash)).toEqual([a]);
    expect(result.onlyB.map(({ hash }) => hash)[0]).toBe(m);
    expect(new Set(result.onlyB.map(({ hash }) => hash))).toEqual(new Set([m, t, x]));
    expect((await commits({ a: "main", b: "topic", limit: 2 })).onlyB).toHaveLength(2);
    expect(await commits({ a: "main", b: "topic", stat: true })).toMatchObject({
      totals: { onlyA: 1, onlyB: 3 },
      onlyB: [],
    });
  });

  it("after a reset names what ORIG_HEAD still has", async () => {
    await say(engine, "one");
    const two = await say(engine, "two");
    await reset(engine, { ref: "HEAD~1" });
    expect((await commits({ a: "ORIG_HEAD" })).onlyA.map(({ hash }) => hash)).toEqual([two]);
  });

  it("of the first commit has nothing on the other side", async () => {
    const one = await say(engine, "one");
    expect(await commits()).toMatchObject({ a: null, b: one, totals: { onlyA: 0, onlyB: 1 } });
  });
});

describe("diff refuses", () => {
  it.each<[DiffRequest & Record<string, unknown>, string]>([
    [{ a: "mian" }, "not-found"],
    [{ b: "mian" }, "not-found"],
    [{ a: "HEAD~7" }, "not-found"],
    [{ branch: "nowhere" }, "not-found"],
    [{ a: "main..HEAD", b: "main" }, "invalid-argument"],
    [{ a: "main...HEAD" }, "invalid-argument"],
    [{ limit: 0 }, "invalid-argument"],
    [{ limit: 2.5 }, "invalid-argument"],
    [{ cursor: "" }, "invalid-argument"],
  ])("%j", async (request, code) => {
    await say(engine, "one");
    expect((await refusal(engine, () => diff(engine, request))).code).toBe(code);
    expect((await refusal(engine, () => diff(engine, { ...request, kind: "commits" }))).code).toBe(code);
  });

  it("a kind it does not know, with those it knows", async () => {
    const request = { kind: "words" } as unknown as DiffRequest;
    expect(await refusal(engine, () => diff(engine, request))).toMatchObject({
      code: "invalid-argument",
      data: { expected: ["context", "commits"] },
    });
  });
});
