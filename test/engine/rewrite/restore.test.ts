import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, switchBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { log } from "../../../src/engine/history/log.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { readSettings } from "../../../src/engine/history/settings.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { restore } from "../../../src/engine/rewrite/restore.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";
import { reveal, summarise } from "../../support/summaries.ts";

let test: TestEngine;
let engine: Engine;
beforeEach(async () => {
  test = await openTestEngine();
  engine = test.engine;
});
afterEach(async () => await test.close());

async function digest(ref?: string): Promise<string> {
  return (await compile(engine, { ref })).digest;
}

describe("restore", () => {
  it("shows what an earlier commit showed, and keeps all that came since in history", async () => {
    const first = await say(engine, "Which port?");
    const second = await say(engine, "8080", { role: "assistant" });
    const before = await compile(engine, {});
    await commit(engine, { items: [{ content: "9090", editTarget: second }] });
    const third = await say(engine, "Never mind", { role: "system" });
    await say(engine, "More");
    const { setAside, restored, commits, tokensBefore, tokensAfter } = await restore(engine, { ref: second });
    expect(restored).toBe(second);
    expect(setAside).toHaveLength(2);
    expect(setAside[0]).toBe(third);
    const after = await compile(engine, {});
    expect(after.messages).toEqual(before.messages);
    expect(after.digest).toBe(before.digest);
    expect(tokensAfter).toBe(before.tokenCount);
    expect(tokensBefore).toBeGreaterThan(tokensAfter);
    const { entries } = await log(engine, {});
    expect(entries.map(({ hash }) => hash)).toEqual(
      expect.arrayContaining([first, second, third, ...commits]),
    );
    expect((await verify(engine, {})).problems).toEqual([]);
  });

  it("is undone and redone", async () => {
    await say(engine, "one");
    const kept = await say(engine, "two");
    await say(engine, "three");
    const late = await digest();
    await restore(engine, { ref: kept });
    const early = await digest();
    await undo(engine);
    expect(await digest()).toBe(late);
    const [undone] = (await operations(engine, { limit: 1 })).operations;
    await undo(engine, { operation: undone?.id });
    expect(await digest()).toBe(early);
  });

  it("can go forward again to a state that it set aside", async () => {
    const one = await say(engine, "one");
    await say(engine, "two");
    await createTag(engine, { name: "late" });
    const late = await digest();
    await restore(engine, { ref: one });
    const early = await digest();
    await say(engine, "another two");
    await restore(engine, { ref: "late" });
    expect(await digest()).toBe(late);
    await restore(engine, { ref: one });
    expect(await digest()).toBe(early);
  });

  it("ends later summaries and makes ended ones again", async () => {
    const hashes = [await say(engine, "one"), await say(engine, "two"), await say(engine, "three")];
    const summary = await summarise(engine, hashes.slice(0, 2), "both");
    await commit(engine, { items: [{ content: "both, better", editTarget: summary }] });
    await createTag(engine, { name: "summarised" });
    const summarised = await digest();
    await reveal(engine, summary);
    await summarise(engine, hashes.slice(1), "the end");
    await say(engine, "four");
    await restore(engine, { ref: "summarised" });
    expect(await digest()).toBe(summarised);
    const plain = await digest(hashes[2]);
    await restore(engine, { ref: String(hashes[2]) });
    expect(await digest()).toBe(plain);
  });

  it("warns when what comes back is over the budget, and is never refused for it", async () => {
    const one = await say(engine, "one of quite a few words");
    await createTag(engine, { name: "long" });
    await annotate(engine, { refs: [one], priority: "skip" });
    const budget = { max_tokens: 5, action: "reject" };
    await commit(engine, { items: [{ content: { content_type: "config", settings: { budget } } }] });
    const { warnings } = await restore(engine, { ref: "long", only: "annotations" });
    expect(warnings).toEqual([expect.stringContaining("budget of 5")]);
    const [entry] = await engine.store.readLedger(engine.scope.tract, { order: "desc", limit: 1 });
    expect(entry).toMatchObject({ eventType: "BUDGET", decision: "WARNED" });
    // Without the budget that came since there is nothing to warn of.
    expect((await restore(engine, { ref: "long" })).warnings).toEqual([]);
  });

  it("puts settings and annotations back, each alone when asked", async () => {
    await commit(engine, {
      items: [{ content: { content_type: "config", settings: { recent: 3, compile_budget: 500 } } }],
    });
    const one = await say(engine, "one");
    await annotate(engine, { refs: [one], priority: "important", addLabels: ["kept"] });
    await createTag(engine, { name: "checked" });
    await commit(engine, {
      items: [
        {
          content: {
            content_type: "config",
            settings: { recent: 7, compile_budget: null, strategy: "outline" },
          },
        },
      ],
    });
    await annotate(engine, { refs: [one], priority: "skip", removeLabels: ["kept"] });
    await restore(engine, { ref: "checked", only: "config" });
    const settings = async (): Promise<unknown> =>
      await readSettings(
        engine,
        engine.scope.tract,
        (await log(engine, { limit: 1 })).entries[0]?.hash ?? null,
      );
    expect(await settings()).toMatchObject({ recent: 3, compile_budget: 500, strategy: null });
    expect((await compile(engine, {})).messages).toEqual([]);
    const { annotated, commits } = await restore(engine, { ref: "checked", only: "annotations" });
    expect(annotated).toEqual([one]);
    expect(commits).toEqual([]);
    const [entry] = (await log(engine, { text: "one" })).entries;
    expect(entry).toMatchObject({ priority: "important", labels: ["kept"] });
  });

  it("keeps the settings when only commits are asked for", async () => {
    const one = await say(engine, "one");
    await commit(engine, { items: [{ content: { content_type: "config", settings: { recent: 7 } } }] });
    await say(engine, "two");
    const { head } = await restore(engine, { ref: one, only: "commits" });
    expect((await readSettings(engine, engine.scope.tract, head)).recent).toBe(7);
    expect((await compile(engine, {})).messages).toHaveLength(1);
  });

  it("means the moment of the operation with @{n}", async () => {
    const one = await say(engine, "one");
    await annotate(engine, { refs: [one], priority: "pinned" });
    await annotate(engine, { refs: [one], priority: "skip" });
    await restore(engine, { ref: "@{1}" });
    const [entry] = (await log(engine, {})).entries;
    expect(entry).toMatchObject({ hash: one, priority: "pinned" });
  });

  it("refuses what it cannot go back to, and changes nothing", async () => {
    const one = await say(engine, "one");
    await createBranch(engine, { name: "other" });
    const two = await say(engine, "two");
    await switchBranch(engine, { name: "other" });
    const cases: readonly [string, () => Promise<unknown>][] = [
      ["invalid-argument", () => restore(engine, { ref: two })],
      ["invalid-argument", () => restore(engine, { ref: one, only: "refs" as "config" })],
      ["not-found", () => restore(engine, { ref: "nowhere" })],
      ["not-found", () => restore(engine, { ref: one, branch: "nowhere" })],
      ["nothing-to-do", () => restore(engine, { ref: "HEAD" })],
    ];
    for (const [code, act] of cases) expect((await refusal(engine, act)).code).toBe(code);
    await checkout(engine, { ref: one });
    expect((await refusal(engine, () => restore(engine, { ref: one }))).code).toBe("detached-head");
  });
});
