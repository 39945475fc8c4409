/** What query_by_config and record_usage answer to a model. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { queryByConfigTool } from "../../src/tools/catalog/query-by-config.ts";
import { recordUsageTool } from "../../src/tools/catalog/record-usage.ts";
import type { Tool, ToolResult } from "../../src/tools/tool.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  await say(test.engine, "question");
  for (const temperature of [0, 0.7])
    await say(test.engine, `answer at ${temperature}`, {
      role: "assistant",
      generationConfig: { model: "m", temperature, extra: { Tier: { deepKey: 1 } } },
    });
});
afterEach(() => test.close());

async function call(tool: Tool, args: Readonly<Record<string, unknown>>): Promise<ToolResult> {
  const signal = new AbortController().signal;
  const readTextFile = () => Promise.reject(new Error("no files"));
  return await tool
    .prepare(args)
    .run({ engine: test.engine, signal, profile: "full", progress: () => {}, readTextFile });
}

describe("the tool query_by_config", () => {
  it("gives entries with config, usage and ledger entry, and their configs in the text", async () => {
    await call(recordUsageTool, { usage: { prompt_tokens: 1_200, completion_tokens: 8 } });
    const { structured, text } = await call(queryByConfigTool, {
      conditions: [{ field: "temperature", op: ">", value: 0.5 }],
    });
    expect(structured).toMatchObject({
      entries: [
        {
          message: "dialogue: answer at 0.7",
          generation_config: { model: "m", temperature: 0.7, extra: { Tier: { deepKey: 1 } } },
          usage: { prompt_tokens: 1_200, completion_tokens: 8 },
          ledger_id: expect.stringMatching(/^LED-/),
        },
      ],
      next_cursor: null,
    });
    expect(queryByConfigTool.output.safeParse(structured).success).toBe(true);
    expect(text).toContain('"temperature":0.7');
    expect(text).toContain("used 1,200 + 8 tokens");
    expect(text).toMatch(/Next: show/);
  });

  it("takes a whole config, pages, and says how to go on", async () => {
    const config = { model: "m", extra: { Tier: { deepKey: 1 } } };
    const first = await call(queryByConfigTool, { config, limit: 1 });
    const { next_cursor: cursor } = first.structured;
    expect(first.text).toContain(`query_by_config with cursor ${cursor}`);
    const second = await call(queryByConfigTool, { config, limit: 1, cursor });
    expect(second.structured).toMatchObject({
      entries: [{ message: "dialogue: answer at 0" }],
      next_cursor: null,
    });
    const none = await call(queryByConfigTool, { config: { model: "n" } });
    expect(none.text).toContain("fewer conditions");
  });

  it.each([
    [{}, "conditions"],
    [{ conditions: [{ field: "temperature", op: "~", value: 1 }] }, "conditions[0].op"],
    [{ conditions: [{ field: "temperature", op: "=", value: 1, extra: 2 }] }, "conditions[0].extra"],
    [{ conditions: [{ field: 7, op: "=" }] }, "conditions[0].field"],
    [{ conditions: "temperature > 1" }, "conditions"],
    [{ config: [1] }, "config"],
  ])("refuses %j", async (args, path) => {
    await expect((async () => await call(queryByConfigTool, args))()).rejects.toMatchObject({
      code: "invalid-argument",
      data: { path },
    });
  });
});

describe("the tool record_usage", () => {
  it("gives the size of the context from then on", async () => {
    const usage = { input_tokens: 30, output_tokens: 4, cache_read_input_tokens: 9 };
    const { structured, text } = await call(recordUsageTool, { usage });
    expect(structured).toMatchObject({ token_count: 34, token_source: "api:30+4" });
    expect(text).toContain("34 tokens");
    const older = await call(recordUsageTool, { usage, head: "HEAD~1" });
    expect(older.structured.head).not.toBe(structured.head);
  });

  it.each([
    [{}],
    [{ usage: { prompt_tokens: 1 } }],
    [{ usage: { prompt_tokens: -1, completion_tokens: 0 } }],
    [{ usage: 5 }],
  ])("refuses %j", async (args) => {
    await expect((async () => await call(recordUsageTool, args))()).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });
});
