import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import { expand } from "../../../src/engine/compress/expand.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { type CommitResult, commit } from "../../../src/engine/history/commit.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { anthropicProblems } from "../../support/anthropic-rules.ts";
import { assistant, bytesOf, exchange, FILLER, user, workOn } from "../../support/compress.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { openAiProblems } from "../../support/openai-rules.ts";

let opened: TestEngine;
let engine: Engine;
beforeEach(async () => {
  opened = await openTestEngine();
  engine = opened.engine;
});
afterEach(async () => await opened.close());

async function setBudget(maxTokens: number): Promise<CommitResult> {
  const settings = { budget: { max_tokens: maxTokens, action: "compact" } };
  return await commit(engine, { items: [{ content: { content_type: "config", settings } }] });
}

async function tokenCount(): Promise<number> {
  return (await compile(engine, {})).tokenCount;
}

async function askMore(id: string): Promise<CommitResult> {
  return await commit(engine, {
    items: [user(`Question ${id}? ${FILLER}`), ...exchange(id, FILLER.repeat(6)), assistant(`Answer ${id}.`)],
  });
}

describe("the budget action compact", () => {
  test("makes room in the same operation, says so, and leaves the new commits whole", async () => {
    await workOn(engine, 14);
    const maxTokens = (await tokenCount()) + 50;
    await setBudget(maxTokens);
    const operations = (await engine.store.findTract("test"))?.operationSequence ?? 0;
    const result = await askMore("new");
    expect((await engine.store.findTract("test"))?.operationSequence).toBe(operations + 1);
    expect(result.commits).toHaveLength(4);
    expect(result.budget).toMatchObject({ action: "compact", maxTokens });
    expect(result.budget?.used).toBe(await tokenCount());
    expect(result.budget?.used).toBeLessThanOrEqual(maxTokens);
    expect(result.warnings).toHaveLength(1);
    expect(result.head).not.toBe(result.commits.at(-1)?.hash);
    const context = await bytesOf(engine);
    expect(context).toContain("Answer new.");
    expect(context).toContain(FILLER.repeat(6).trim());
    const { entries } = await queryLedger(engine, { eventType: "BUDGET", metadata: "full" });
    expect(entries.map(({ decision }) => decision)).toEqual(["COMPACTED"]);
    expect(entries[0]?.metadata).toMatchObject({ limit: maxTokens, size: result.budget?.used });
    expect((await verify(engine, {})).problems).toEqual([]);
  });

  test("is one operation to undo, with its numbers", async () => {
    await workOn(engine, 14);
    await setBudget((await tokenCount()) + 50);
    const before = await bytesOf(engine);
    const { operationId, commits } = await askMore("new");
    const operation = await engine.store.findOperation("test", operationId);
    expect(operation?.type).toBe("commit");
    expect(operation?.originalTokens).toBeGreaterThan(
      operation?.compressedTokens ?? Number.POSITIVE_INFINITY,
    );
    expect(operation?.results.slice(0, 4)).toEqual(commits.map(({ hash }) => hash));
    await undo(engine, {});
    expect(await bytesOf(engine)).toBe(before);
  });

  test("makes more room than is needed, so that the next commit changes nothing before it", async () => {
    await workOn(engine, 14);
    await setBudget((await tokenCount()) + 50);
    await askMore("first");
    const before = await compile(engine, {});
    const { warnings } = await askMore("second");
    expect(warnings).toEqual([]);
    expect((await compile(engine, {})).messages.slice(0, before.messages.length)).toEqual(before.messages);
  });

  test("summarises the oldest messages when receipts do not do; pins, the last request and important messages stay", async () => {
    const made = await workOn(engine, 10);
    await annotate(engine, { refs: [made[1] ?? ""], priority: "pinned" });
    await annotate(engine, { refs: [made[5] ?? ""], priority: "important" });
    const whole = await compile(engine, {});
    const result = await setBudget(Math.floor(whole.tokenCount * 0.55));
    expect(result.budget?.used).toBeLessThanOrEqual(result.budget?.maxTokens ?? 0);
    const context = await compile(engine, {});
    const bytes = JSON.stringify(context.messages);
    expect(bytes).toContain("[Summary of ");
    for (const kept of [0, 1, 5, 37]) expect(bytes).toContain(JSON.stringify(whole.messages[kept]));
    expect(openAiProblems(context.toOpenAI())).toEqual([]);
    expect(anthropicProblems(context.toAnthropic())).toEqual([]);
    const summary = result.head ?? "";
    expect((await expand(engine, { summary })).kind).toBe("expanded");
  });

  test("compacts its own summaries again when it must, and warns when it cannot", async () => {
    await workOn(engine, 4);
    await setBudget(700);
    for (let i = 0; i < 8; i++) {
      const { budget } = await askMore(`more${i}`);
      expect(budget?.used).toBe(await tokenCount());
    }
    await setBudget(20);
    const { warnings, budget } = await askMore("last");
    expect(budget?.used).toBeGreaterThan(20);
    expect(warnings.some((warning) => warning.includes("over the branch's budget"))).toBe(true);
    expect((await verify(engine, {})).problems).toEqual([]);
  });

  test("repeats the first result for the same idempotency key, without the commits that made room", async () => {
    await workOn(engine, 14);
    await setBudget((await tokenCount()) + 10);
    const request = { items: [user(`Next? ${FILLER}`)], idempotencyKey: "once" };
    const first = await commit(engine, request);
    const again = await commit(engine, request);
    expect(again.commits).toEqual(first.commits);
    expect(again.head).toBe(first.head);
  });

  test("does nothing within the budget", async () => {
    await workOn(engine, 3);
    await setBudget(1_000_000);
    const { warnings, commits, head } = await askMore("new");
    expect(warnings).toEqual([]);
    expect(head).toBe(commits.at(-1)?.hash);
  });

  test("never fails a commit for a retain rule that it cannot meet", async () => {
    const made = await workOn(engine, 6);
    await annotate(engine, { refs: [made[4] ?? ""], retain: { patterns: ["(a+)+$"], mode: "regex" } });
    await setBudget(Math.floor((await tokenCount()) * 0.5));
    expect((await askMore("new")).commits).toHaveLength(4);
  });
});
