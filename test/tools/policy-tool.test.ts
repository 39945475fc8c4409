/** What the tool policy answers to a model: every field filled in, findings with the calls that answer them, and the next step. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TractError } from "../../src/engine/errors.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { policyTool } from "../../src/tools/catalog/policy.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  await say(test.engine, "hello");
});
afterEach(async () => await test.close());

async function call(args: Readonly<Record<string, unknown>>) {
  const { signal } = new AbortController();
  const readTextFile = async () => "";
  const result = await policyTool
    .prepare(args)
    .run({ engine: test.engine, signal, profile: "full", progress: () => undefined, readTextFile });
  expect(policyTool.output.safeParse(result.structured).error).toBeUndefined();
  return result;
}

const set = async (policy: unknown, more: object = {}) => await call({ action: "set", policy, ...more });

describe("the tool policy", () => {
  it("lists nothing at first, and says how to begin", async () => {
    const { structured, text } = await call({});
    expect(structured).toEqual({ policies: [] });
    expect(text).toMatch(/No policies[\s\S]*Next: policy with action set/);
  });

  it("gives the policy as it is after a change, with what the write was", async () => {
    const { structured, text } = await set({ kind: "checkpoint", params: { every_commits: 2 } });
    expect(structured).toMatchObject({
      operation_id: expect.any(String),
      branch: "main",
      policies: [
        { name: "checkpoint", params: { every_commits: 2, every_tokens: null, prefix: "checkpoint" } },
      ],
    });
    expect(text).toMatch(/Set policy on main[\s\S]*undo takes it back/);
    expect((await set({ name: "checkpoint" })).structured).toMatchObject({ operation_id: null });
  });

  it("takes a name in place of an object with it", async () => {
    await set("auto-pin");
    expect((await call({ action: "pause", policy: "auto-pin" })).structured).toMatchObject({
      policies: [{ name: "auto-pin", enabled: false }],
    });
    expect((await call({})).text).toContain("paused");
  });

  it("takes an object as JSON, as a shell gives it", async () => {
    const { structured } = await set('{ "kind": "checkpoint", "params": { "every_commits": 3 } }');
    expect(structured).toMatchObject({ policies: [{ name: "checkpoint", params: { every_commits: 3 } }] });
  });

  it("takes back what it listed, also of another branch", async () => {
    await createBranch(test.engine, { name: "topic" });
    await set({ kind: "checkpoint" }, { branch: "topic" });
    const { structured } = await call({ branch: "topic" });
    const [listed] = structured.policies as readonly object[];
    expect((await set({ ...listed, priority: 1 })).structured).toMatchObject({
      branch: "topic",
      policies: [{ priority: 1 }],
    });
    expect((await call({})).structured).toEqual({ policies: [] });
  });

  it("tells what is found with the call that answers it, and writes nothing", async () => {
    await set({ kind: "checkpoint", params: { every_commits: 1 } });
    const { structured, text } = await call({ action: "evaluate" });
    expect(structured).toMatchObject({
      policies: [{ name: "checkpoint" }],
      findings: [
        {
          policy: "checkpoint",
          target: "main",
          gain: 0,
          action: { tool: "tag", arguments: { action: "create" } },
        },
      ],
    });
    expect(structured).not.toHaveProperty("operation_id");
    expect(text).toMatch(/^checkpoint: .*\. tag \{/);
    expect((await call({ action: "evaluate", policy: "checkpoint" })).structured.findings).toHaveLength(1);
  });

  it("only reads with list and evaluate", () => {
    const isRead = (action: string) => policyTool.prepare({ action, policy: undefined }).isRead;
    expect(["list", "evaluate", "set", "remove"].map(isRead)).toEqual([true, true, false, false]);
  });

  it.each([
    [{ action: "set" }, "policy"],
    [{ action: "pause", policy: {} }, "policy.name"],
    [{ action: "set", policy: { name: 3, kind: "checkpoint" } }, "policy.name"],
    [{ action: "set", policy: { kind: "checkpoint", params: { every: 3 } } }, "policy.params.every"],
    [{ action: "list", policy: "x" }, "policy"],
    [{ action: "set", policy: "{kind}" }, "policy"],
    [{ action: "set", policy: '{"name": 3}' }, "policy.name"],
    [{ action: "set", policy: 3 }, "policy"],
  ])("refuses %j", async (args, path) => {
    const error: unknown = await call(args).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TractError);
    expect(error).toMatchObject({ code: "invalid-argument", data: { path } });
  });

  it("says of a text that is neither a name nor JSON what it takes", async () => {
    const error = await set("{kind").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "invalid-argument", data: { path: "policy" } });
    expect(error).toHaveProperty(
      "message",
      expect.stringContaining("a name, or a policy as well-formed JSON"),
    );
  });
});
