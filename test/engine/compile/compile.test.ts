/** compile over a store: refs, settings, earlier moments, records, prefix, refusals (spec 2). */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CompileRequest, compile } from "../../../src/engine/compile/compile.ts";
import { explain } from "../../../src/engine/compile/explain.ts";
import { forecast } from "../../../src/engine/compile/forecast.ts";
import { canonicalJson } from "../../../src/engine/content/canonical-json.ts";
import { TractError } from "../../../src/engine/errors.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import type { CommitRequestItem } from "../../../src/engine/history/commit-items.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
});
afterEach(async () => {
  await test.close();
});

async function say(text: string, more: Partial<CommitRequestItem> = {}, branch?: string): Promise<Hash> {
  const { head } = await commit(test.engine, { items: [{ content: text, ...more }], branch });
  if (head === null) throw new Error("a commit has a head");
  return head;
}

async function texts(request: CompileRequest = {}): Promise<readonly string[]> {
  return (await compile(test.engine, request)).toDicts().map(({ content }) => content);
}

async function errorOf(promise: Promise<unknown>): Promise<TractError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof TractError) return error;
  throw new Error("no TractError was thrown");
}

describe("compile", () => {
  it("of an unborn branch is empty", async () => {
    for (const format of ["messages", "openai", "anthropic", "markdown"] as const)
      expect(await compile(test.engine, { format, record: true })).toMatchObject({
        messages: [],
        system: null,
        tokenCount: 0,
        head: null,
        recordId: null,
        omitted: [],
      });
  });

  it("reads any ref, and refuses an unknown one with near names instead of giving the whole history", async () => {
    await say("one");
    await createTag(test.engine, { name: "start" });
    const two = await say("two");
    await createBranch(test.engine, { name: "feature", from: "HEAD~1" });
    await say("other", {}, "feature");
    expect(await texts({ ref: "start" })).toEqual(["one"]);
    expect(await texts({ ref: two.slice(0, 8) })).toEqual(["one", "two"]);
    expect(await texts({ ref: "feature" })).toEqual(["one", "other"]);
    expect(await texts({ branch: "feature" })).toEqual(["one", "other"]);
    const error = await errorOf(compile(test.engine, { ref: "featur" }));
    expect(error.code).toBe("not-found");
    expect(error.data.near).toEqual(["feature"]);
  });

  it("obeys the settings of the branch, and the request before them", async () => {
    await say("one");
    await say("two");
    await commit(test.engine, {
      items: [{ content: { content_type: "config", settings: { strategy: "adaptive", recent: 1 } } }],
    });
    expect(await texts()).toEqual(["dialogue: one", "two"]);
    expect(await texts({ strategy: "full" })).toEqual(["one", "two"]);
    expect(await texts({ recent: 2 })).toEqual(["one", "two"]);
    await commit(test.engine, {
      items: [{ content: { content_type: "config", settings: { compile_budget: 5 } } }],
    });
    expect((await errorOf(compile(test.engine, {}))).data).toEqual({ needed: 7, budget_tokens: 5 });
    expect(await texts({ budgetTokens: 7 })).toEqual(["two"]);
    expect(await texts({ budgetTokens: 1000 })).toHaveLength(2);
  });

  it.each<[CompileRequest, string]>([
    [{ strategy: "outlin" as never }, "strategy"],
    [{ format: "yaml" as never }, "format"],
    [{ budgetTokens: 0 }, "budget_tokens"],
    [{ budgetTokens: 1.5 }, "budget_tokens"],
    [{ recent: -1 }, "recent"],
    [{ include: ["dialog"] }, "include"],
    [{ include: ["config"] }, "include"],
    [{ exclude: ["dialog"] }, "exclude"],
    [{ asOf: "yesterday?" }, "as_of"],
    [{ asOf: "2026-02-30" }, "as_of"],
  ])("refuses %j by the name of the argument", async (request, path) => {
    await say("one");
    const error = await errorOf(compile(test.engine, request));
    expect([error.code, error.data.path]).toEqual(["invalid-argument", path]);
  });

  it("offers near content types", async () => {
    expect((await errorOf(compile(test.engine, { include: ["dialog"] }))).data.near).toEqual(["dialogue"]);
  });
});

describe("as_of", () => {
  it("gives history, edits and annotations as they were after an operation, at a time, or some operations ago", async () => {
    const first = await say("one");
    const { operationId } = await commit(test.engine, { items: [{ content: "two" }] });
    const moment = new Date(test.engine.clock()).toISOString();
    await say("ONE", { editTarget: first });
    await annotate(test.engine, { refs: ["HEAD~1"], priority: "skip" });
    expect(await texts()).toEqual(["ONE"]);
    expect(await texts({ asOf: operationId })).toEqual(["one", "two"]);
    expect(await texts({ asOf: moment })).toEqual(["one", "two"]);
    expect(await texts({ asOf: "@{1}" })).toEqual(["ONE", "two"]);
    expect(await texts({ asOf: "@{2}" })).toEqual(["one", "two"]);
    expect(await texts({ asOf: "@{0}" })).toEqual(["ONE"]);
  });

  it("of a commit moves the annotations back, and before the first operation there is nothing", async () => {
    const first = await say("one");
    await annotate(test.engine, { refs: [first], priority: "skip" });
    expect(await texts({ ref: first })).toEqual([]);
    expect(await texts({ ref: first, asOf: "@{1}" })).toEqual(["one"]);
    expect(await texts({ asOf: "2020-01-01" })).toEqual([]);
    expect(await texts({ asOf: "@{2}" })).toEqual([]);
  });

  it("refuses what is no operation, and more operations than there were", async () => {
    await say("one");
    expect((await errorOf(compile(test.engine, { asOf: "01J9Z3K7Q8" }))).code).toBe("not-found");
    expect((await errorOf(compile(test.engine, { asOf: "@{9}" }))).code).toBe("not-found");
  });
});

describe("records", () => {
  it("bring the exact messages back after the history went on, was edited and annotated", async () => {
    const first = await say("one");
    await say("two");
    const before = await compile(test.engine, { format: "openai", budgetTokens: 500, record: true });
    await say("ONE", { editTarget: first });
    await annotate(test.engine, { refs: [first], priority: "skip" });
    const again = await compile(test.engine, { recordId: before.recordId ?? "" });
    expect(again.messages).toEqual(before.messages);
    expect(again.digest).toBe(before.digest);
    expect(again).toMatchObject({
      recordId: before.recordId,
      format: "openai",
      tokenCount: before.tokenCount,
    });
    expect(await texts()).toEqual(["two"]);
  });

  it("are a recipe of one size, with effective settings", async () => {
    await say("one");
    const { recordId, digest } = await compile(test.engine, {
      record: true,
      exclude: ["artifact", "output"],
    });
    expect(await test.engine.store.readCompileRecord("test", recordId ?? "")).toMatchObject({
      branch: "main",
      digest,
      options: {
        format: "messages",
        strategy: "full",
        budget_tokens: null,
        exclude: ["artifact", "output"],
        encoding: "o200k_base",
      },
      commitCount: 1,
      messageCount: 1,
      tokenSource: "counted:o200k_base",
    });
  });

  it("are not kept unless asked for, nor on a store that is read-only", async () => {
    await say("one");
    expect((await compile(test.engine, {})).recordId).toBeNull();
    const readonly = {
      ...test.engine,
      store: {
        ...test.engine.store,
        isReadonly: true,
        publish: () => Promise.reject(new Error("written to")),
      },
    };
    expect(await compile(readonly, { record: true })).toMatchObject({ recordId: null, commitCount: 1 });
    expect(await test.engine.store.listCompileRecords("test", { limit: 9 })).toEqual([]);
  });

  it("that cannot be rebuilt to the same bytes are refused, never replaced by other text", async () => {
    await say("one");
    const { recordId } = await compile(test.engine, { record: true });
    const lying = (change: object): TestEngine["engine"] => ({
      ...test.engine,
      store: {
        ...test.engine.store,
        readCompileRecord: async (tract, id) =>
          Object.assign({}, await test.engine.store.readCompileRecord(tract, id), change),
      },
    });
    for (const change of [{ digest: "0".repeat(64) }, { compilerVersion: 99 }])
      expect((await errorOf(compile(lying(change), { recordId: recordId ?? "" }))).code).toBe(
        "record-not-reproducible",
      );
  });

  it("are named alone: other options and unknown ids are refused", async () => {
    expect((await errorOf(compile(test.engine, { recordId: "01JNONE" }))).code).toBe("not-found");
    expect((await errorOf(compile(test.engine, { recordId: "01JNONE", format: "openai" }))).code).toBe(
      "invalid-argument",
    );
  });

  it("have the digest that anyone can work out from the messages", async () => {
    await say("rules", { role: "system" });
    await say("hi");
    await commit(test.engine, {
      items: [
        {
          content: {
            content_type: "tool_io",
            tool_name: "f",
            direction: "call",
            payload: { b: 1, a: [2] },
            call_id: "1",
          },
        },
        {
          content: {
            content_type: "tool_io",
            tool_name: "f",
            direction: "result",
            payload: "ü",
            call_id: "1",
          },
        },
      ],
    });
    for (const format of ["messages", "openai", "anthropic", "markdown"] as const) {
      const { messages, system, digest } = await compile(test.engine, { format });
      const hash = createHash("sha256").update("tract.compile.v1\n");
      for (const message of [...messages, ...(system === null ? [] : [{ role: "system", content: system }])])
        hash.update(`${canonicalJson(message)}\n`);
      expect(digest).toBe(hash.digest("hex"));
    }
  });
});

describe("prefix", () => {
  it("is null before the first record, and whole while the history only grows", async () => {
    await say("rules", { role: "system" });
    await say("one");
    expect((await compile(test.engine, { record: true })).prefix).toBeNull();
    await say("two");
    const { prefix } = await compile(test.engine, {});
    expect(prefix).toEqual({ messages: 2, tokens: 8 });
    expect((await compile(test.engine, { format: "openai" })).prefix).toBeNull();
    expect((await compile(test.engine, { ref: "HEAD" })).prefix).toEqual(prefix);
  });

  it("ends at the first message that is another one now", async () => {
    const rules = await say("rules", { role: "system" });
    const one = await say("one");
    await say("two");
    for (const format of ["openai", "anthropic"] as const)
      await compile(test.engine, { format, record: true });
    await annotate(test.engine, { refs: [one], priority: "skip" });
    expect((await compile(test.engine, { format: "openai" })).prefix).toEqual({ messages: 1, tokens: 4 });
    await say("other rules", { editTarget: rules });
    expect((await compile(test.engine, { format: "anthropic" })).prefix).toEqual({ messages: 0, tokens: 0 });
  });
});

describe("explain", () => {
  it("says whether and why a commit is in", async () => {
    const rules = await say("rules", { role: "system" });
    const one = await say("one");
    const skipped = await say("noise", { priority: "skip" });
    const config =
      (
        await commit(test.engine, {
          items: [{ content: { content_type: "config", settings: { recent: 3 } } }],
        })
      ).head ?? "";
    const edit = await say("ONE", { editTarget: one });
    const later = await say("One", { editTarget: one });
    const told = async (
      ref: string,
      request: CompileRequest = {},
    ): Promise<readonly [boolean, number | null]> => {
      const { included, messageIndex, reason } = await explain(test.engine, request, ref);
      expect(reason).toMatch(/^[A-Z].*\.$/);
      return [included, messageIndex];
    };
    expect(await told(one)).toEqual([true, 1]);
    expect(await told(later)).toEqual([true, 1]);
    expect(await told(edit)).toEqual([false, null]);
    expect(await told(skipped)).toEqual([false, null]);
    expect(await told(config)).toEqual([false, null]);
    expect(await told(rules, { format: "anthropic" })).toEqual([true, null]);
    expect(await told(one, { budgetTokens: 8 })).toEqual([false, null]);
    expect(await told(later, { ref: rules })).toEqual([false, null]);
    const { recordId } = await compile(test.engine, { record: true });
    await annotate(test.engine, { refs: [one], priority: "skip" });
    expect(await told(one)).toEqual([false, null]);
    expect(await told(one, { recordId: recordId ?? "" })).toEqual([true, 1]);
  });
});

describe("forecast", () => {
  it("says what each budget would keep, and what a budget that is too small would need", async () => {
    await say("rules", { role: "system" });
    for (let i = 0; i < 20; i++) await say(`message number ${i}`);
    const budgets = [3, 20, 40, 90, 1000];
    const forecasts = await forecast(test.engine, {}, budgets);
    expect(forecasts[0]).toEqual({ budgetTokens: 3, fits: false, needed: 7 });
    for (const entry of forecasts.slice(1)) {
      const { tokenCount, messages, omitted } = await compile(test.engine, {
        budgetTokens: entry.budgetTokens,
      });
      const omittedMessages = omitted.reduce((sum, run) => sum + run.messages, 0);
      expect(entry).toEqual({
        budgetTokens: entry.budgetTokens,
        fits: true,
        tokenCount,
        messages: messages.length,
        omittedMessages,
      });
    }
    expect((await errorOf(forecast(test.engine, {}, [0]))).code).toBe("invalid-argument");
  });
});
