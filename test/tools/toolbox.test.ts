/** The tools for callers inside: in the scope of their engine, with the profile enforced, and failures as outcomes. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import { queryLedger } from "../../src/engine/ledger/query-ledger.ts";
import type { ToolAction, ToolBox } from "../../src/engine/toolbox.ts";
import { PROFILES } from "../../src/tools/profiles.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { defineTool } from "../../src/tools/tool.ts";
import { createToolBox } from "../../src/tools/toolbox.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";

const parts = { tools: TOOLS, readTextFile: async () => "", notesReads: false };
const toolbox: ToolBox = createToolBox(parts);
let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
});
afterEach(async () => await test.close());

async function call(
  tool: string,
  args: ToolAction["arguments"] = {},
  { profile = "full", engine = test.engine, signal = new AbortController().signal, box = toolbox } = {},
) {
  return await box.call(engine, { tool, arguments: args }, { profile, signal });
}

describe("a tool box", () => {
  it("lists the tools of a profile as an LLM is told of them", () => {
    const listed = toolbox.list("observer");
    expect(listed.map(({ name }) => name)).toEqual(PROFILES.observer);
    expect(listed[0]).toMatchObject({
      name: "compile",
      description: expect.stringMatching(/./),
      inputSchema: { type: "object", properties: { budget_tokens: { type: "integer" } } },
    });
    expect(() => toolbox.list("everything")).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });

  it("runs a tool on behalf of whoever calls", async () => {
    const engine = withScope(test.engine, {
      author: { kind: "policy", name: "checkpoint", session_id: null },
    });
    const outcome = await call("commit", { content: "Kept." }, { engine });
    expect(outcome).toMatchObject({ ok: true, text: expect.stringContaining("Committed") });
    const { entries } = await queryLedger(test.engine, { eventType: "OPERATION" });
    expect(entries[0]).toMatchObject({ decision: "commit", metadata: { tool: "commit" } });
    const shown = await call("log", {});
    expect(shown).toMatchObject({ structured: { entries: [{ author: { kind: "policy" } }] } });
  });

  it("works at the place that a call names, and makes no worktree for it", async () => {
    await say(test.engine, "One.");
    expect(await call("status", { worktree: "elsewhere" })).toMatchObject({ error: { code: "not-found" } });
    expect(await call("status", { worktree: "default" })).toMatchObject({ ok: true });
    expect(await call("commit", { content: "Two.", tract: "other" })).toMatchObject({ ok: true });
    expect((await test.engine.store.listTracts()).map(({ name }) => name)).toEqual(["other", "test"]);
  });

  it("tells a failure in structure and in text, and notes it", async () => {
    await say(test.engine, "One.");
    const outcome = await call("checkout", { ref: "mian" });
    expect(outcome).toMatchObject({ ok: false, error: { code: "not-found", data: { near: ["main"] } } });
    expect(outcome.text).toMatch(/^not-found: /);
    const { entries } = await queryLedger(test.engine, { eventType: "TOOL_CALL" });
    expect(entries).toMatchObject([
      { decision: "ERROR", metadata: { tool: "checkout", error_code: "not-found" } },
    ]);
  });

  it.each([
    ["an unknown tool", "comit", {}, "full", "not-found"],
    ["a tool that the profile lacks", "verify", {}, "self", "not-allowed"],
    ["a change in a profile that reads", "tag", { action: "create", name: "v1" }, "observer", "not-allowed"],
    ["wrong arguments", "search", { queri: "x" }, "full", "invalid-argument"],
    ["an unknown profile", "log", {}, "all", "invalid-argument"],
    ["a profile named like a member of every object", "log", {}, "constructor", "invalid-argument"],
  ])("refuses %s as an outcome", async (_, tool, args, profile, code) => {
    expect(await call(tool, args as ToolAction["arguments"], { profile })).toMatchObject({
      ok: false,
      error: { code },
    });
  });

  it("says cancelled of a call whose signal has been raised", async () => {
    expect(await call("log", {}, { signal: AbortSignal.abort() })).toMatchObject({
      error: { code: "cancelled" },
    });
  });

  it("lets a bug rise", async () => {
    const broken = defineTool({
      name: "log",
      title: "Broken",
      description: "Breaks.",
      effect: "read",
      isIdempotent: true,
      input: {},
      output: {},
      run: async (context: { readonly engine: Engine }) => {
        throw new TypeError(`no ${context.engine.scope.tract}`);
      },
    });
    const box = createToolBox({ ...parts, tools: [broken] });
    await expect(call("log", {}, { box })).rejects.toThrow(TypeError);
  });

  it.each<[boolean, ToolAction]>([
    [true, { tool: "log", arguments: {} }],
    [true, { tool: "branch", arguments: { action: "list", tract: "other" } }],
    [false, { tool: "branch", arguments: { action: "create", name: "idea" } }],
    [false, { tool: "gc", arguments: { dry_run: false } }],
    [true, { tool: "gc", arguments: {} }],
    [true, { tool: "nothing", arguments: {} }],
    [true, { tool: "commit", arguments: { contents: "x" } }],
  ])("says %s of whether %j only reads", (isRead, action) => {
    expect(toolbox.isRead(action)).toBe(isRead);
  });
});
