/** record_usage: what an API reported is how large a context is, as long as only appends follow (spec 1.7; spec 9, 27). */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCompileCache } from "../../../src/engine/compile/cache.ts";
import { compile } from "../../../src/engine/compile/compile.ts";
import { compress } from "../../../src/engine/compress/compress.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { gc } from "../../../src/engine/gc/gc.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch, switchBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { recordUsage } from "../../../src/engine/history/record-usage.ts";
import { reset } from "../../../src/engine/history/reset.ts";
import { status } from "../../../src/engine/history/status.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import { openStore } from "../../../src/index.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";

const USAGE = { prompt_tokens: 5_000, completion_tokens: 40 };
const REPORTED = "api:5000+40";
const COUNTED = "counted:o200k_base";

describe.each(["sqlite", "memory"] as const)("record_usage (%s)", (store) => {
  let test: TestEngine;
  let engine: Engine;
  let question: Hash;
  let answer: Hash;
  beforeEach(async () => {
    test = await openTestEngine({ store });
    engine = test.engine;
    question = await say(engine, "What is the answer?");
    answer = await say(engine, "It is forty-two.", { role: "assistant" });
  });
  afterEach(async () => await test.close());

  const now = async (branch?: string) => {
    const { tokens, tokenSource } = await status(engine, { branch });
    return { tokens, tokenSource };
  };
  /** Tokens of a message with its framing, as the next commit would add them. */
  const added = async (text: string): Promise<number> => {
    const [made] = (await commit(engine, { items: [{ content: text }] })).commits;
    return (made?.tokens ?? 0) + 3;
  };

  it("makes the reported size that of the head, and adds what is counted of later appends", async () => {
    expect(await recordUsage(engine, { usage: USAGE })).toEqual({
      head: answer,
      tokenCount: 5_040,
      tokenSource: REPORTED,
    });
    expect(await now()).toEqual({ tokens: 5_040, tokenSource: REPORTED });
    const more = (await added("Why?")) + (await added("Tell me more of it."));
    expect(await now()).toEqual({ tokens: 5_040 + more, tokenSource: REPORTED });
    const { contextTokens, commits } = await commit(engine, {
      items: [{ content: "x" }],
      contextTokens: true,
    });
    expect(contextTokens).toBe(5_040 + more + (commits[0]?.tokens ?? 0) + 3);
  });

  describe("beside another process, which shares nothing but the store", () => {
    let other: Engine;
    beforeEach(() => {
      other = { ...engine, compileCache: createCompileCache(engine.limits) };
    });
    const measured = async (on: Engine, content: string) => {
      const { contextTokens, commits } = await commit(on, { items: [{ content }], contextTokens: true });
      return { contextTokens, own: (commits[0]?.tokens ?? 0) + 3 };
    };

    it("is looked for once, as long as this one writes alone", async () => {
      await measured(engine, "one");
      const findUsage = vi.spyOn(engine.store, "findUsage");
      for (const content of ["two", "three", "four"]) await measured(engine, content);
      expect(findUsage).not.toHaveBeenCalled();
      await measured(other, "five");
      findUsage.mockClear();
      await measured(engine, "six");
      expect(findUsage).toHaveBeenCalledTimes(1);
    });

    it("is known when it comes between two commits", async () => {
      await measured(engine, "one");
      await measured(engine, "two");
      await recordUsage(other, { usage: USAGE });
      const three = await measured(engine, "three");
      expect(three.contextTokens).toBe(5_040 + three.own);
    });

    it("is known when it comes while a commit is stored", async () => {
      await measured(engine, "one");
      const publish = vi.spyOn(engine.store, "publish").mockImplementationOnce(async (...given) => {
        publish.mockRestore();
        await recordUsage(other, { usage: USAGE });
        return await engine.store.publish(...given);
      });
      const two = await measured(engine, "two");
      const three = await measured(engine, "three");
      expect(three.contextTokens).toBe(5_040 + two.own + three.own);
    });
  });

  it("takes both spellings, an older head, and a better report for the same head", async () => {
    await say(engine, "later");
    const usage = { input_tokens: 70, output_tokens: 5 };
    expect(await recordUsage(engine, { usage, head: answer })).toMatchObject({
      head: answer,
      tokenCount: 75,
      tokenSource: "api:70+5",
    });
    await recordUsage(engine, { usage: { prompt_tokens: 90, completion_tokens: 5 }, head: "HEAD~1" });
    expect((await now()).tokenSource).toBe("api:90+5");
    await recordUsage(engine, { usage: USAGE });
    expect(await now()).toEqual({ tokens: 5_040, tokenSource: REPORTED });
  });

  it("counts once in the sums of the ledger, as it was reported last", async () => {
    await recordUsage(engine, { usage: { prompt_tokens: 90, completion_tokens: 5 }, head: answer });
    await recordUsage(engine, { usage: { prompt_tokens: 70, completion_tokens: 9 }, head: answer });
    const { totals } = await queryLedger(engine, { aggregate: "operation" });
    const reported = totals?.groups.find(({ group }) => group === "record_usage");
    expect(reported).toMatchObject({ calls: 1, inputTokens: 70, outputTokens: 9, totalTokens: 79 });
  });

  it("is counted again behind an edit, a merge or a summary, and reported again where they are undone", async () => {
    const counted = await now();
    await recordUsage(engine, { usage: USAGE });
    await say(engine, "It is 42.", { operation: "edit", editTarget: answer });
    expect((await now()).tokenSource).toBe(COUNTED);
    await undo(engine, {});
    expect(await now()).toEqual({ tokens: 5_040, tokenSource: REPORTED });
    await compress(engine, { strategy: "manual", from: question, to: answer, summary: "42" });
    expect(await now()).toMatchObject({ tokenSource: COUNTED });
    await undo(engine, {});
    await createBranch(engine, { name: "side", from: question });
    await say(engine, "aside", { branch: "side" });
    await merge(engine, { source: "side" });
    expect(await now()).toMatchObject({ tokenSource: COUNTED });
    await undo(engine, {});
    expect((await now()).tokenSource).toBe(REPORTED);
    await reset(engine, { ref: question });
    expect((await now()).tokenSource).toBe(COUNTED);
    await reset(engine, { ref: answer });
    expect(await now()).toEqual({ tokens: 5_040, tokenSource: REPORTED });
    expect(counted.tokenSource).toBe(COUNTED);
  });

  it("is counted again when something in it is annotated, not when something elsewhere is", async () => {
    await recordUsage(engine, { usage: USAGE });
    await createBranch(engine, { name: "side", from: question });
    const aside = await say(engine, "aside", { branch: "side" });
    await annotate(engine, { refs: [aside], priority: "skip" });
    expect(await now()).toEqual({ tokens: 5_040, tokenSource: REPORTED });
    const later = await added("later");
    await annotate(engine, { refs: ["HEAD"], priority: "skip" });
    expect(await now()).toEqual({ tokens: 5_040, tokenSource: REPORTED });
    await annotate(engine, { refs: ["HEAD"], priority: "pinned" });
    expect(await now()).toEqual({ tokens: 5_040 + later, tokenSource: REPORTED });
    const { contextTokens } = await annotate(engine, { refs: [question], priority: "skip" });
    expect(await now()).toEqual({ tokens: contextTokens, tokenSource: COUNTED });
    expect(contextTokens).toBeLessThan(5_000);
    await recordUsage(engine, { usage: USAGE });
    expect(await now()).toEqual({ tokens: 5_040, tokenSource: REPORTED });
  });

  it("is counted again where the branch's settings show it otherwise", async () => {
    await recordUsage(engine, { usage: USAGE });
    await say(engine, "", { content: { content_type: "config", settings: { recent: 3 } } });
    expect((await now()).tokenSource).toBe(COUNTED);
    await undo(engine, {});
    await say(engine, "", { content: { content_type: "config", settings: { compile_budget: 9_000 } } });
    expect(await now()).toEqual({ tokens: 5_040, tokenSource: REPORTED });
  });

  it("goes with branches by ancestry", async () => {
    await createBranch(engine, { name: "early", from: question });
    await recordUsage(engine, { usage: USAGE });
    await createBranch(engine, { name: "late" });
    await switchBranch(engine, { name: "late" });
    expect(await now()).toEqual({ tokens: 5_040, tokenSource: REPORTED });
    expect((await now("early")).tokenSource).toBe(COUNTED);
    await recordUsage(engine, { usage: { prompt_tokens: 9, completion_tokens: 1 }, head: "early" });
    expect(await now("early")).toEqual({ tokens: 10, tokenSource: "api:9+1" });
    expect((await now("main")).tokenSource).toBe(REPORTED);
  });

  it("decides about a budget, while compile fits what it counts itself", async () => {
    const budget = { content_type: "config", settings: { budget: { max_tokens: 5_045, action: "reject" } } };
    await say(engine, "", { content: budget });
    await recordUsage(engine, { usage: USAGE });
    expect((await status(engine)).budget).toMatchObject({ used: 5_040, percent: 99.9 });
    await expect(say(engine, "A message that is too long for what is left.")).rejects.toMatchObject({
      code: "budget-exceeded",
      data: { max_tokens: 5_045 },
    });
    expect((await commit(engine, { items: [{ content: "ok" }] })).budget).toMatchObject({ used: 5_044 });
    const fitted = await compile(engine, { budgetTokens: 100 });
    expect(fitted).toMatchObject({ tokenSource: COUNTED, omitted: [] });
    expect(fitted.tokenCount).toBeLessThan(100);
    // An edit that makes the context smaller is the way back under the budget.
    await say(engine, "42.", { operation: "edit", editTarget: answer });
    expect((await now()).tokenSource).toBe(COUNTED);
  });

  it("is what compile tells of the whole context, and what a record keeps", async () => {
    await recordUsage(engine, { usage: USAGE });
    const whole = await compile(engine, { record: true });
    expect(whole).toMatchObject({ tokenCount: 5_040, tokenSource: REPORTED });
    expect(await compile(engine, { format: "openai" })).toMatchObject({ tokenCount: 5_040 });
    for (const request of [{ exclude: ["tool_io"] }, { strategy: "full" }, { asOf: "@{0}" }] as const)
      expect(await compile(engine, request)).toMatchObject({ tokenSource: COUNTED });
    await annotate(engine, { refs: [question], priority: "skip" });
    const again = await compile(engine, { recordId: whole.recordId ?? "" });
    expect(again).toMatchObject({ tokenCount: 5_040, tokenSource: REPORTED, digest: whole.digest });
  });

  it("is no operation, stands in the ledger, and is sound", async () => {
    const before = (await operations(engine)).operations.length;
    await recordUsage(engine, { usage: USAGE });
    expect((await operations(engine)).operations).toHaveLength(before);
    const { entries } = await queryLedger(engine, { eventType: "LLM_CALL", metadata: "full" });
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      decision: "OK",
      metadata: { operation: "record_usage", commit: answer, input_tokens: 5_000, output_tokens: 40 },
    });
    expect((await verify(engine)).problems).toEqual([]);
  });

  it("goes when gc removes its commit, and with no other", async () => {
    await createBranch(engine, { name: "side", from: question });
    const aside = await say(engine, "aside", { branch: "side", generationConfig: { seed: 5 } });
    const usage = { prompt_tokens: 1, completion_tokens: 1 };
    await recordUsage(engine, { usage, head: aside });
    await recordUsage(engine, { usage: USAGE });
    await deleteBranch(engine, { name: "side", force: true });
    await say(engine, "the newest stays");
    test.advance(400 * 24 * 3_600_000);
    await say(engine, "long after");
    const { removed } = await gc(engine, { dryRun: false, olderThanDays: 1, keepOperationsDays: 1 });
    expect(removed.commits).toBe(1);
    expect(await engine.store.readUsages(engine.scope.tract, [aside, answer])).toMatchObject([
      { commit: answer },
    ]);
    const conditions = [{ field: "seed", operator: "=", value: 5 }] as const;
    expect(
      (await engine.store.readByConfig(engine.scope.tract, { conditions, limit: 9, scanMax: 99 })).commits,
    ).toEqual([]);
    expect((await verify(engine)).problems).toEqual([]);
  });

  it("refuses what is no usage and heads that are none", async () => {
    const bad: readonly unknown[] = [
      null,
      {},
      { prompt_tokens: 1 },
      { prompt_tokens: -1, completion_tokens: 0 },
      { prompt_tokens: 1.5, completion_tokens: 0 },
      { prompt_tokens: "1", completion_tokens: 0 },
      { prompt_tokens: Number.NaN, completion_tokens: 0 },
    ];
    for (const usage of bad)
      expect(
        await refusal(engine, () => recordUsage(engine, { usage: usage as typeof USAGE })),
        JSON.stringify(usage),
      ).toMatchObject({ code: "invalid-argument" });
    expect(await refusal(engine, () => recordUsage(engine, { usage: USAGE, head: "nowhere" }))).toMatchObject(
      {
        code: "not-found",
      },
    );
  });
});

it("refuses usage of a tract that has no commit", async () => {
  const { engine, close } = await openTestEngine({ store: "memory" });
  expect(await refusal(engine, () => recordUsage(engine, { usage: USAGE }))).toMatchObject({
    code: "nothing-to-do",
  });
  await close();
});

it("is there after a restart, and for another process", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tract-usage-"));
  const open = async () => await (await openStore(join(folder, "store.db"))).tract("test");
  const first = await open();
  await first.user("What is the answer?");
  await first.assistant("It is forty-two.", { generationConfig: { model: "m" } });
  const other = await open();
  await first.recordUsage({ usage: USAGE });
  expect(await other.status()).toMatchObject({ tokens: 5_040, tokenSource: REPORTED });
  await Promise.all([first.close(), other.close()]);
  const again = await open();
  expect(await again.status()).toMatchObject({ tokens: 5_040, tokenSource: REPORTED });
  const { entries } = await again.queryByConfig({ config: { model: "m" } });
  expect(entries).toMatchObject([{ usage: { promptTokens: 5_000, completionTokens: 40 } }]);
  await expect(again.recordUsage({ usage: { prompt_tokens: 1 } as typeof USAGE })).rejects.toMatchObject({
    code: "invalid-argument",
  });
  await expect(
    again.queryByConfig({ conditions: [{ field: "model", op: "=", valu: 1 } as never] }),
  ).rejects.toMatchObject({ code: "invalid-argument" });
  await again.close();
  await rm(folder, { recursive: true, force: true });
});
