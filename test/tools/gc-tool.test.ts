/** What gc answers to a model: what would go and why the rest stays, and that nothing goes without being told. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBranch, deleteBranch } from "../../src/engine/history/branch.ts";
import { checkout } from "../../src/engine/history/checkout.ts";
import { gcTool } from "../../src/tools/catalog/gc.ts";
import type { ToolResult } from "../../src/tools/tool.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  await say(test.engine, "first");
  await createBranch(test.engine, { name: "attempt", switch: true });
  await say(test.engine, "tried");
  await checkout(test.engine, { ref: "main" });
  await deleteBranch(test.engine, { name: "attempt", force: true });
  await say(test.engine, "second");
});
afterEach(() => test.close());

const OLD = { older_than_days: 0, keep_operations_days: 0 };

async function call(args: Readonly<Record<string, unknown>>): Promise<ToolResult> {
  const signal = new AbortController().signal;
  const readTextFile = () => Promise.reject(new Error("no files"));
  return await gcTool
    .prepare(args)
    .run({ engine: test.engine, signal, profile: "full", progress: () => {}, readTextFile });
}

describe("the tool gc", () => {
  it("tells what would go and what keeps the rest, and how to go on", async () => {
    const { structured, text } = await call(OLD);
    expect(structured).toMatchObject({
      dry_run: true,
      removed: { commits: 1, contents: 1 },
      kept: { commits: 2 },
    });
    expect(text).toContain("Would remove 1 commit and 1 content");
    expect(text).toContain("behind branches");
    expect(text).toContain("dry_run false");
    expect((await call(OLD)).structured).toMatchObject({ removed: { commits: 1 } });
  });

  it("removes when it is told to, and then has nothing more to do", async () => {
    const { structured, text } = await call({ ...OLD, dry_run: false });
    expect(structured).toMatchObject({ dry_run: false, removed: { commits: 1 }, run_id: expect.any(String) });
    expect(text).toContain("Removed 1 commit");
    expect((await call(OLD)).text).toContain("Nothing to remove");
  });

  it("counts as a write only when it removes", () => {
    expect(gcTool.effect).toBe("destructive");
    const isRead = (args: Readonly<Record<string, unknown>>) => gcTool.prepare(args).isRead;
    expect([isRead({}), isRead({ dry_run: true }), isRead({ dry_run: false })]).toEqual([true, true, false]);
  });
});
