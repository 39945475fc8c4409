/** Which calls are noted in the ledger, and that noting never changes what a call answers. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { queryLedger } from "../../src/engine/ledger/query-ledger.ts";
import { executeTool, type ToolHost, type ToolOutcome } from "../../src/tools/execute.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  await commit(test.engine, { items: [{ content: "x" }] });
});
afterEach(async () => await test.close());

async function call(
  name: string,
  args: unknown,
  {
    reads = false,
    store = test.engine.store,
  }: { readonly reads?: boolean; readonly store?: Engine["store"] } = {},
): Promise<ToolOutcome> {
  const engine = { ...test.engine, store };
  const engineFor: ToolHost["engineFor"] = async ({ tract }) =>
    withScope(engine, tract === undefined ? {} : { tract });
  return await executeTool(
    { name, args, signal: new AbortController().signal, progress: () => undefined },
    {
      tools: TOOLS,
      profile: "full",
      engineFor,
      notes: { reads, openEngine: engineFor },
      readTextFile: async () => "",
      reportBug: () => undefined,
    },
  );
}

async function noted(): Promise<readonly unknown[]> {
  const { entries } = await queryLedger(test.engine, {
    eventType: "TOOL_CALL",
    order: "asc",
    metadata: "full",
  });
  return entries.map(({ decision, metadata }) => [
    metadata?.tool,
    decision,
    metadata?.error_code ?? metadata?.result_chars,
  ]);
}

describe("a call", () => {
  it("that fails is noted with its code, whatever it fails at", async () => {
    await call("show", { refs: ["nope"] });
    await call("commit", { content: "x", colour: "red" });
    await call("comit", {});
    await call("log", [1]);
    await call("log", { worktree: "\u0000" });
    expect(await noted()).toEqual([
      ["show", "ERROR", "not-found"],
      ["commit", "ERROR", "invalid-argument"],
      ["comit", "ERROR", "not-found"],
      ["log", "ERROR", "invalid-argument"],
      ["log", "ERROR", "invalid-argument"],
    ]);
  });

  it("that made an operation stands there alone", async () => {
    await call("commit", { content: "x" });
    await call("tag", { action: "create", name: "v1" });
    expect(await noted()).toEqual([]);
  });

  it("that wrote without an operation is noted", async () => {
    const { head } = await commit(test.engine, { items: [{ content: "y" }] });
    const outcome = await call("record_usage", { usage: { input_tokens: 3, output_tokens: 1 }, head });
    expect(outcome.ok).toBe(true);
    expect(await noted()).toEqual([["record_usage", "OK", expect.any(Number)]]);
  });

  it("that reads or only tries something out is noted when that is configured", async () => {
    for (const reads of [false, true]) {
      await call("log", {}, { reads });
      await call("tag", { action: "list" }, { reads });
      await call("undo", { dry_run: true }, { reads });
    }
    expect(await noted()).toEqual([
      ["log", "OK", expect.any(Number)],
      ["tag", "OK", expect.any(Number)],
      ["undo", "OK", expect.any(Number)],
    ]);
  });

  it("never holds what was said, only a digest that is the same for the same arguments", async () => {
    const args = { content: "a secret", edit_target: "nope" };
    await call("commit", args);
    await call("commit", args);
    const { entries } = await queryLedger(test.engine, { eventType: "TOOL_CALL", metadata: "full" });
    expect(JSON.stringify(entries)).not.toContain("secret");
    const digests = entries.map(({ metadata }) => metadata?.arguments_digest);
    expect(digests).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), digests[0]]);
  });

  it("for a tract that does not exist makes none", async () => {
    await call("log", { tract: "other" });
    expect((await test.engine.store.listTracts()).map(({ name }) => name)).toEqual(["test"]);
  });

  it("answers the same when it cannot be noted", async () => {
    const store = new Proxy(test.engine.store, {
      get: (target, name) => {
        if (name === "publish") return () => Promise.reject(new Error("no room"));
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    expect(await call("show", { refs: ["nope"] }, { store })).toMatchObject({
      ok: false,
      failure: { code: "not-found" },
    });
    expect(await noted()).toEqual([]);
  });
});
