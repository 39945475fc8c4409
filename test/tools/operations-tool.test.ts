/** What the tool operations answers: tokens where an operation replaced some, in any order that it offers. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { withScope } from "../../src/engine/engine.ts";
import { summaryItem } from "../../src/engine/history/internal-items.ts";
import { executeTool } from "../../src/tools/execute.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";
import { publishItems } from "../support/publish-items.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
});
afterEach(async () => await test.close());

async function outcomeOf(args: unknown) {
  const { signal } = new AbortController();
  return await executeTool(
    { name: "operations", args, signal, progress: () => undefined },
    {
      tools: TOOLS,
      profile: "full",
      engineFor: async () => withScope(test.engine, {}),
      readTextFile: async () => "",
      reportBug: (error) => {
        throw error;
      },
    },
  );
}

/** The result, which the tool's output schema takes. */
async function call(args: unknown) {
  const outcome = await outcomeOf(args);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
  const { text, structured } = outcome.result;
  expect(TOOLS.find(({ name }) => name === "operations")?.output.safeParse(structured).error).toBeUndefined();
  // biome-ignore lint/suspicious/noExplicitAny: the schema above has looked at it.
  return { text, structured: structured as any };
}

async function compressed(originalTokens: number, compressedTokens: number): Promise<void> {
  const source = await say(test.engine, "one");
  const summary = summaryItem(test.engine, { sources: [source], strategy: "manual", text: "in short" });
  await publishItems(test.engine, [summary], { note: { originalTokens, compressedTokens } });
}

it("shows the tokens of operations that replaced some, and of no other", async () => {
  await compressed(4310, 128);
  const { text, structured } = await call({});
  const [summary, commit] = structured.operations;
  expect(summary).toMatchObject({ type: "compress", original_tokens: 4310, compressed_tokens: 128 });
  expect(Object.keys(commit)).not.toContain("original_tokens");
  expect(text).toContain("1 commit, 4,310 tokens to 128");
});

it("sorts and pages by tokens and by ratio", async () => {
  for (const [original, left] of [
    [100, 50],
    [300, 200],
    [200, 20],
  ] as const)
    await compressed(original, left);
  const first = await call({ sort: "ratio", original_tokens_min: 100, limit: 2 });
  const sizes = (page: typeof first) =>
    page.structured.operations.map((found: { original_tokens: number }) => found.original_tokens);
  expect(sizes(first)).toEqual([200, 100]);
  const cursor = first.structured.next_cursor;
  expect(first.text).toContain(cursor);
  const second = await call({ sort: "ratio", original_tokens_min: 100, limit: 2, cursor });
  expect([sizes(second), second.structured.next_cursor]).toEqual([[300], null]);
});

it("says how to go on when nothing was replaced, and refuses other orders", async () => {
  await say(test.engine, "one");
  const { text, structured } = await call({ sort: "original_tokens" });
  expect(structured.operations).toEqual([]);
  expect(text).toContain("operations without sort");
  expect((await call({ type: "compress" })).structured.operations).toEqual([]);
  for (const args of [{ sort: "age" }, { original_tokens_min: -1 }])
    expect(await outcomeOf(args)).toMatchObject({ ok: false, failure: { code: "invalid-argument" } });
});
