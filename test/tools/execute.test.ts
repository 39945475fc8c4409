/** One tool call for any way in: profile, place, arguments, failures. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Engine } from "../../src/engine/engine.ts";
import { withScope } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { StoreError } from "../../src/storage/errors.ts";
import { executeTool, type ToolHost } from "../../src/tools/execute.ts";
import { failureText } from "../../src/tools/failure.ts";
import { text } from "../../src/tools/params.ts";
import { defineTool, type Tool, type ToolContext } from "../../src/tools/tool.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
});
afterEach(async () => await test.close());

const contexts: ToolContext[] = [];
function fakeTool(
  run: (context: ToolContext) => Promise<void> = async () => undefined,
  effect: Tool["effect"] = "read",
): Tool {
  return defineTool({
    name: effect === "read" ? "log" : "verify",
    title: "Fake",
    description: "Does nothing.",
    effect,
    isIdempotent: true,
    input: { message: text },
    output: { message: z.string() },
    run: async (context, { message }) => {
      contexts.push(context);
      await run(context);
      return { structured: { message: message ?? "" }, text: "done" };
    },
  });
}

function hostOf(tool: Tool, host: Partial<ToolHost> = {}): ToolHost {
  return {
    tools: [tool],
    profile: "self",
    engineFor: async ({ tract, worktree }): Promise<Engine> =>
      withScope(test.engine, {
        ...(tract && { tract }),
        ...(worktree && { worktree, createWorktree: false }),
      }),
    readTextFile: async () => "",
    reportBug: () => undefined,
    ...host,
  };
}

async function call(
  tool: Tool,
  args: unknown,
  host: Partial<ToolHost> = {},
  signal = new AbortController().signal,
) {
  return await executeTool({ name: tool.name, args, signal, progress: () => undefined }, hostOf(tool, host));
}

async function failureOf(...parameters: Parameters<typeof call>) {
  const outcome = await call(...parameters);
  if (outcome.ok) throw new Error("succeeded");
  return outcome.failure;
}

describe("executeTool", () => {
  it("runs a tool with an engine of the place that the arguments name", async () => {
    await commit(test.engine, { items: [{ content: "x" }] });
    const outcome = await call(fakeTool(), { message: "hi", tract: "test", worktree: "default" });
    expect(outcome).toMatchObject({ ok: true, result: { structured: { message: "hi" } } });
    expect(contexts.at(-1)?.engine.scope).toMatchObject({
      tract: "test",
      worktree: "default",
      createWorktree: false,
    });
  });

  it("refuses an unknown worktree, and on a read an unknown branch, even where the tool would not look at them", async () => {
    await commit(test.engine, { items: [{ content: "x" }] });
    expect(await failureOf(fakeTool(), { worktree: "other" })).toMatchObject({
      code: "not-found",
      data: { worktree: "other" },
    });
    const tool = {
      ...fakeTool(),
      prepare: () => ({ isRead: true, run: () => Promise.reject(new Error("ran")) }),
    };
    expect(await failureOf(tool, { branch: "mian" })).toMatchObject({
      code: "not-found",
      data: { branch: "mian", near: ["main"] },
    });
  });

  it("tells the ledger the tool and its arguments in short, without what was written", async () => {
    await call(fakeTool(), { message: "a secret of some length" });
    expect(contexts.at(-1)?.engine.scope.tool).toEqual({ name: "log", arguments: "message: 23 chars" });
  });

  it("refuses a tool that the profile does not offer, whatever was listed", async () => {
    const tool = fakeTool(undefined, "write");
    expect(await failureOf(tool, {})).toMatchObject({
      code: "not-allowed",
      data: { tool: "verify", profile: "self" },
    });
    expect(await call(tool, {}, { profile: "full" })).toMatchObject({ ok: true });
  });

  it("refuses an unknown tract on a read with near names, and makes it on a write", async () => {
    await commit(test.engine, { items: [{ content: "x" }] });
    expect(await failureOf(fakeTool(), { tract: "tset" })).toMatchObject({
      code: "not-found",
      data: { tract: "tset", near: ["test"] },
    });
    expect(await call(fakeTool(undefined, "write"), { tract: "tset" }, { profile: "full" })).toMatchObject({
      ok: true,
    });
  });

  it("reads a tract of its own that is empty yet", async () => {
    expect(await call(fakeTool(), {})).toMatchObject({ ok: true });
  });

  it("refuses names that cannot be shown, and arguments that are no object", async () => {
    for (const args of [
      { tract: "" },
      { tract: "a\0b" },
      { worktree: 7 },
      { tract: "x".repeat(201) },
      { tract: "\ud800" },
      [],
      "text",
      3,
    ]) {
      expect(await failureOf(fakeTool(), args)).toMatchObject({ code: "invalid-argument" });
    }
  });

  it("gives an expected failure with code, message, hint and data", async () => {
    const tool = fakeTool(() =>
      Promise.reject(
        new TractError("exists", "it is there", { hint: "Choose another.", data: { name: "x" } }),
      ),
    );
    const failure = await failureOf(tool, {});
    expect(failure).toEqual({
      code: "exists",
      message: "it is there",
      hint: "Choose another.",
      data: { name: "x" },
    });
    expect(failureText(failure)).toBe('exists: it is there\nChoose another.\ndata: {"name":"x"}');
  });

  it("gives a failure of the store with a hint", async () => {
    const tool = fakeTool(() => Promise.reject(new StoreError("store-full", "the disk is full")));
    expect(await failureOf(tool, {})).toMatchObject({ code: "store-full", hint: expect.stringMatching(/./) });
  });

  it("keeps what it knows of a bug to the log", async () => {
    const bugs: unknown[] = [];
    const error = new Error("SELECT secret FROM /home/user/x");
    const failure = await failureOf(
      fakeTool(() => Promise.reject(error)),
      {},
      { reportBug: (bug) => bugs.push(bug) },
    );
    expect(failure.code).toBe("internal");
    expect(JSON.stringify(failure)).not.toMatch(/SELECT|secret|home/);
    expect(bugs).toEqual([error]);
  });

  it("is cancelled before it starts, and when its work is", async () => {
    const aborted = AbortSignal.abort();
    const before = contexts.length;
    expect(await failureOf(fakeTool(), {}, {}, aborted)).toMatchObject({ code: "cancelled" });
    expect(contexts.length).toBe(before);
    const controller = new AbortController();
    const tool = fakeTool(async () => {
      controller.abort();
      throw new Error("half done");
    });
    expect(await failureOf(tool, {}, {}, controller.signal)).toMatchObject({ code: "cancelled" });
  });
});
