/** configure, and the config that a call gets: four levels and the settings below them, field by field. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkLlmConfig } from "../../../src/engine/content/llm-config-check.ts";
import { chat } from "../../../src/engine/conversation/chat.ts";
import { generate } from "../../../src/engine/conversation/generate.ts";
import { createBranch, switchBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { log } from "../../../src/engine/history/log.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { configure } from "../../../src/engine/llm/configure.ts";
import { configOf, fieldsOf } from "../../../src/engine/llm/resolve-config.ts";
import { type Conversation, openConversation } from "../../support/conversing.ts";
import { outrunOnce, refusal, say } from "../../support/history.ts";
import { runs } from "../../support/long-mode.ts";

let on: Conversation;
beforeEach(async () => {
  on = await openConversation();
});
afterEach(async () => await on.close());

describe("the config of a call", () => {
  test("takes each field from the nearest level that has it", async () => {
    await configure(on.engine, { set: { temperature: 0.1, top_p: 0.2, seed: 3, extra: { a: 1, b: 1 } } });
    await configure(on.engine, {
      operation: "chat",
      set: { top_p: 0.3, max_tokens: 30, extra: { b: 2, c: 2 } },
    });
    on.llm.script("hello", "again");
    const reply = await chat(on.engine, {
      text: "hi",
      llmConfig: { max_tokens: 40, frequency_penalty: 0, extra: { c: 3 } },
      temperature: 0,
    });
    expect(reply.generationConfig).toEqual({
      model: "test-model",
      temperature: 0,
      top_p: 0.3,
      max_tokens: 40,
      seed: 3,
      frequency_penalty: 0,
      extra: { a: 1, b: 2, c: 3 },
    });
    expect(on.llm.requests[0]?.body).toEqual({
      messages: [{ role: "user", content: "hi" }],
      stream: false,
      model: "test-model",
      temperature: 0,
      top_p: 0.3,
      max_tokens: 40,
      seed: 3,
      frequency_penalty: 0,
      a: 1,
      b: 2,
      c: 3,
    });
    // generate has the config of chat.
    expect((await generate(on.engine, { llmConfig: { seed: null } })).generationConfig).toMatchObject({
      seed: 3,
      max_tokens: 30,
    });
  });

  test("has the model of the settings only where the tract keeps none", async () => {
    expect((await configure(on.engine, {})).resolved).toEqual({
      model: { value: "test-model", from: "setting" },
    });
    await configure(on.engine, { set: { model: "kept" } });
    expect((await configure(on.engine, {})).resolved).toEqual({ model: { value: "kept", from: "default" } });
    await configure(on.engine, { set: { model: "for-chat" }, operation: "chat" });
    on.llm.script("hello", "hello");
    expect((await chat(on.engine, { text: "hi" })).generationConfig.model).toBe("for-chat");
    expect((await chat(on.engine, { text: "hi", model: "mine" })).generationConfig.model).toBe("mine");
  });
});

describe("configure", () => {
  test("keeps values as a config commit, and says where each comes from", async () => {
    const kept = await configure(on.engine, { set: { model: "m", temperature: 0 } });
    expect(kept).toMatchObject({ operationId: expect.any(String), branch: "main", operation: null });
    const shown = await configure(on.engine, { operation: "compress" });
    expect(shown).toMatchObject({
      operationId: null,
      head: kept.head,
      resolved: { model: { value: "m", from: "default" }, temperature: { value: 0, from: "default" } },
    });
    await configure(on.engine, { operation: "compress", set: { temperature: 1 } });
    expect((await configure(on.engine, { operation: "compress", get: ["temperature"] })).resolved).toEqual({
      temperature: { value: 1, from: "operation" },
    });
    expect((await configure(on.engine, { get: ["temperature", "seed"] })).resolved).toEqual({
      temperature: { value: 0, from: "default" },
    });
    const { entries } = await log(on.engine, {});
    expect(entries.map(({ contentType, message }) => [contentType, message])).toEqual([
      ["config", "config: llm compress"],
      ["config", "config: llm default"],
    ]);
  });

  test("unsets fields, keys of extra one by one, and null is the same", async () => {
    await configure(on.engine, { set: { seed: 1, top_k: 2, top_p: 0.5, extra: { a: 1, b: 2, "c.d": 3 } } });
    await configure(on.engine, { unset: ["seed", "extra.c.d"], set: { top_k: null, extra: { a: 9 } } });
    const { model: _, ...rest } = (await configure(on.engine, {})).resolved;
    expect(Object.fromEntries(Object.entries(rest).map(([field, { value }]) => [field, value]))).toEqual({
      top_p: 0.5,
      "extra.a": 9,
      "extra.b": 2,
    });
    await configure(on.engine, { unset: ["extra"] });
    expect(Object.keys((await configure(on.engine, { get: ["extra", "top_p"] })).resolved)).toEqual([
      "top_p",
    ]);
  });

  test("writes nothing when nothing changes", async () => {
    await configure(on.engine, { set: { seed: 1, extra: { a: [1] } } });
    const before = (await log(on.engine, {})).entries.length;
    for (const request of [
      { set: { seed: 1 } },
      { set: { extra: { a: [1] } } },
      { unset: ["top_p"] },
      {},
      { set: {} },
    ])
      expect((await configure(on.engine, request)).operationId).toBeNull();
    expect((await log(on.engine, {})).entries).toHaveLength(before);
  });

  test("is of a branch, and can be undone", async () => {
    await say(on.engine, "common");
    await createBranch(on.engine, { name: "side" });
    await configure(on.engine, { set: { seed: 1 } });
    expect((await configure(on.engine, { branch: "side" })).resolved.seed).toBeUndefined();
    await configure(on.engine, { set: { seed: 2 }, branch: "side" });
    expect((await configure(on.engine, {})).resolved.seed?.value).toBe(1);
    await undo(on.engine, {});
    expect((await configure(on.engine, { branch: "side" })).resolved.seed).toBeUndefined();
    await switchBranch(on.engine, { name: "side" });
    expect((await configure(on.engine, {})).branch).toBe("side");
  });

  test("loses nothing of what another writer keeps at the same moment", async () => {
    await say(on.engine, "common");
    const { engine, attempts } = outrunOnce(on.engine, () => configure(on.engine, { set: { seed: 1 } }));
    const { resolved } = await configure(engine, { set: { top_k: 2 } });
    expect(attempts()).toBeGreaterThan(1);
    expect(resolved).toMatchObject({ seed: { value: 1 }, top_k: { value: 2 } });
  });

  test("shows on a detached HEAD and keeps nothing there", async () => {
    const hash = await say(on.engine, "hello");
    await checkout(on.engine, { ref: hash });
    expect((await configure(on.engine, {})).branch).toBeNull();
    const error = await refusal(on.engine, () => configure(on.engine, { set: { seed: 1 } }));
    expect(error.code).toBe("detached-head");
  });

  test.each([
    [{ set: { temprature: 1 } }, "set.temprature", ["temperature"]],
    [{ set: { max_token: 1 } }, "set.max_token", ["max_tokens"]],
    [{ set: { stop: "x" } }, "set.stop", undefined],
    [{ set: { temperature: "hot" } }, "set.temperature", undefined],
    [{ set: { max_tokens: 0 } }, "set.max_tokens", undefined],
    [{ set: { top_p: 2 } }, "set.top_p", undefined],
    [{ set: { model: " " } }, "set.model", undefined],
    [{ set: { stop_sequences: "x" } }, "set.stop_sequences", undefined],
    [{ set: { extra: [] } }, "set.extra", undefined],
    [{ set: { seed: Number.NaN } }, "set.seed", undefined],
    [{ set: { seed: 1 }, unset: ["seed"] }, "unset", undefined],
    [{ set: { extra: { a: 1 } }, unset: ["extra"] }, "unset", undefined],
    [{ unset: ["modl"] }, "unset.modl", ["model"]],
    [{ get: ["modl"] }, "get.modl", ["model"]],
    [{ operation: "compres", set: { seed: 1 } }, "operation.compres", ["compress"]],
    [{ operation: "generate", set: { seed: 1 } }, "operation", ["chat"]],
  ])("refuses %j with its path and the nearest name", async (request, path, near) => {
    const error = await refusal(on.engine, () => configure(on.engine, request));
    expect(error).toMatchObject({ code: "invalid-argument", data: { path } });
    if (near !== undefined) expect(error.data.near).toEqual(expect.arrayContaining(near));
  });

  test("and a config commit refuse the same", async () => {
    const wrong = [
      [{ defalt: {} }, "content.settings.llm.defalt"],
      [{ default: { temprature: 1 } }, "content.settings.llm.default.temprature"],
      [{ operations: { chats: {} } }, "content.settings.llm.operations.chats"],
      [{ operations: { chat: { seed: "1" } } }, "content.settings.llm.operations.chat.seed"],
      ["gpt", "content.settings.llm"],
    ] as const;
    for (const [llm, path] of wrong) {
      const content = { content_type: "config", settings: { llm } };
      const error = await refusal(on.engine, () => say(on.engine, "", { content }));
      expect(error).toMatchObject({ code: "invalid-content", data: { path } });
    }
    await say(on.engine, "", {
      content: { content_type: "config", settings: { llm: { default: { seed: 7 } } } },
    });
    expect((await configure(on.engine, {})).resolved.seed).toEqual({ value: 7, from: "default" });
  });
});

test("fields and config are two forms of the same", () => {
  const config = fc.record(
    {
      model: fc.string({ minLength: 1 }).filter((name) => name.trim() !== "" && name.isWellFormed()),
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      max_tokens: fc.integer({ min: 1 }),
      stop_sequences: fc.array(fc.string()),
      seed: fc.integer(),
      extra: fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        fc.oneof(fc.integer(), fc.string(), fc.boolean()),
        { minKeys: 1 },
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(config, (given) => {
      const read = checkLlmConfig(given, { path: "", code: "invalid-argument" });
      expect(configOf(fieldsOf(read))).toEqual(read);
      expect(checkLlmConfig(read, { path: "", code: "invalid-argument" })).toEqual(read);
    }),
    { numRuns: runs(100) },
  );
});
