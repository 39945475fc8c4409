/** What proposals answers to a model, and how what policies say reaches the result of any call. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { propose } from "../../src/engine/policies/propose.ts";
import type { ToolActionOutcome } from "../../src/engine/toolbox.ts";
import type { JsonObject } from "../../src/storage/records.ts";
import { withWarnings } from "../../src/tools/render.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";
import { givePolicy, TOOLBOX, type WatchedEngine, watched } from "../support/policies.ts";

let test: TestEngine;
let engine: WatchedEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  engine = watched(test.engine);
  await say(engine, "hello");
});
afterEach(async () => await test.close());

async function call(tool: string, args: JsonObject = {}): Promise<ToolActionOutcome> {
  const signal = new AbortController().signal;
  return await TOOLBOX.call(engine, { tool, arguments: args }, { profile: "full", signal });
}

async function answered(tool: string, args: JsonObject = {}) {
  const outcome = await call(tool, args);
  if (!outcome.ok) throw new Error(outcome.text);
  return outcome;
}

async function proposeTag(note?: string): Promise<string> {
  const made = await propose(engine, {
    policy: "checkpoint",
    kind: "checkpoint",
    autonomy: "collaborative",
    target: "main",
    reason: "1 commit since the beginning of main",
    gain: 0,
    action: {
      tool: "tag",
      arguments: { action: "create", name: "one", ...(note === undefined ? {} : { note }) },
    },
  });
  return made?.proposal.id ?? "";
}

describe("the tool proposals", () => {
  it("says that nothing waits, and lists what does, with how to go on", async () => {
    expect((await answered("proposals")).text).toContain("Nothing waits");
    const id = await proposeTag();
    const { text, structured } = await answered("proposals");
    for (const part of [id, "checkpoint", "1 commit since", "Next: proposals with action show"])
      expect(text).toContain(part);
    expect(structured.proposals).toMatchObject([{ id, action: { tool: "tag", arguments: { name: "one" } } }]);
  });

  it("shows one with what approving does, does it, and names the undo", async () => {
    const id = await proposeTag();
    const shown = await answered("proposals", { action: "show", id });
    expect(shown.text).toContain("calls tag for main with action create, name one");
    expect(shown.structured.proposals).toMatchObject([{ id, effect: { tokens_before: null } }]);
    const { text, structured } = await answered("proposals", { action: "approve", id });
    expect(structured).toMatchObject({ proposals: [{ state: "applied" }], branch: "main", warnings: [] });
    expect(text).toContain(`undo with operation ${structured.operation_id}`);
    expect(text.match(/Next: /g)).toHaveLength(1);
    expect((await answered("proposals", { action: "show", id })).structured.proposals).toMatchObject([
      { effect: null },
    ]);
  });

  it("cuts long arguments in the list, and shows them whole", async () => {
    const id = await proposeTag("n".repeat(5_000));
    const notesIn = async (args: JsonObject) =>
      JSON.stringify((await answered("proposals", args)).structured);
    expect(await notesIn({})).toMatch(/"note":"n{900,1000}… \(chars: 5000\)"/);
    expect(await notesIn({ action: "show", id })).toMatch(/"note":"n{5000}"/);
  });

  it("refuses a decision without what it needs, before it looks for the proposal", async () => {
    for (const args of [{ action: "approve" }, { action: "reject", id: "x" }, { action: "edit", id: "x" }])
      expect(await call("proposals", args)).toMatchObject({ ok: false, error: { code: "invalid-argument" } });
  });
});

describe("what a policy says", () => {
  const TAG = { kind: "checkpoint", autonomy: "manual", params: { every_commits: 1 } };

  it("is a warning of a write, in structure and text, before the next step", async () => {
    await givePolicy(engine, TAG);
    const { structured, text } = await answered("commit", { content: "more" });
    expect(structured.warnings).toEqual([expect.stringMatching(/^Policy checkpoint: /)]);
    expect(text.split("\n").slice(-2)).toEqual([
      expect.stringMatching(/^Warning: Policy checkpoint: /),
      expect.stringMatching(/^Next: /),
    ]);
  });

  it("stands in the text alone where a result has no warnings", async () => {
    await givePolicy(engine, { ...TAG, trigger: "compile" });
    const { structured, text } = await answered("compile");
    expect(text).toContain("Warning: Policy checkpoint: ");
    expect(structured).not.toHaveProperty("warnings");
  });

  it("comes at the end of a text without a next step", () => {
    expect(withWarnings("done", ["careful"])).toBe("done\nWarning: careful");
    expect(withWarnings("done\nNext: go", [])).toBe("done\nNext: go");
  });
});
