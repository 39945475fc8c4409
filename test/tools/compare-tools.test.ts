/** What diff, blame, reset, show and log answer to a model: bounded text, whole structure, arguments that are refused. */
import { getEncoding } from "js-tiktoken";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withScope } from "../../src/engine/engine.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { executeTool } from "../../src/tools/execute.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";
import { mergeIn } from "../support/merge-in.ts";
import { reveal, summarise } from "../support/summaries.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
});
afterEach(async () => await test.close());

const encoding = getEncoding("o200k_base");

async function outcomeOf(name: string, args: unknown) {
  const { signal } = new AbortController();
  return await executeTool(
    { name, args, signal, progress: () => undefined },
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

/** The result, which its tool's output schema takes. */
async function call(name: string, args: unknown = {}) {
  const outcome = await outcomeOf(name, args);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
  const { text, structured } = outcome.result;
  expect(TOOLS.find((tool) => tool.name === name)?.output.safeParse(structured).error).toBeUndefined();
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of every shape.
  return { text, structured: structured as any };
}

async function codeOf(name: string, args: unknown): Promise<string> {
  const outcome = await outcomeOf(name, args);
  return outcome.ok ? "ok" : outcome.failure.code;
}

describe("the tool diff", () => {
  it("tells the lines that changed, and spells its structure in snake case", async () => {
    const one = await say(test.engine, "old", { role: "assistant", generationConfig: { temperature: 0 } });
    const edit = await say(test.engine, "new", { editTarget: one, generationConfig: { temperature: 1 } });
    const { text, structured } = await call("diff");
    expect(text).toContain(
      `modified assistant ${one.slice(0, 8)} ${edit.slice(0, 8)} (+0)\n  @@ -1,1 +1,1 @@\n  -old\n  +new`,
    );
    expect(text).toContain(`config of ${one.slice(0, 8)}: temperature 0 to 1`);
    expect(structured).toMatchObject({
      totals: { modified: 1, tokens_a: structured.totals.tokens_b, token_delta: 0, config_changed: 1 },
      messages: [{ status: "modified", index_a: 0, index_b: 0, token_delta: 0, lines_left_out: 0 }],
      config_changes: [{ commit: one, field: "temperature", from: 0, to: 1 }],
      left_out: 0,
      next_cursor: null,
    });
  });

  it("of large messages stays within about 2,000 tokens, and its cursor goes on", async () => {
    const long = Array.from({ length: 400 }, (_, i) => `${i}: {"id": "${i * 7_919}", "ok": true}`).join("\n");
    const base = await say(test.engine, "base");
    await commit(test.engine, { items: Array.from({ length: 60 }, () => ({ content: long })) });
    const first = await call("diff", { a: base });
    expect(encoding.encode(first.text).length).toBeLessThanOrEqual(2_400);
    expect(first.text).toMatch(/more messages? in the structured result/);
    expect(first.structured.left_out + first.structured.messages.length).toBe(61);
    const second = await call("diff", { a: base, cursor: first.structured.next_cursor });
    expect(second.structured.messages[0].index_b).toBe(first.structured.messages.length);
  });

  it("gives totals alone with stat, and commits with kind commits", async () => {
    await say(test.engine, "one");
    await createBranch(test.engine, { name: "topic" });
    const two = await say(test.engine, "two");
    expect((await call("diff", { stat: true })).structured).not.toHaveProperty("messages");
    expect((await call("diff", { a: "topic", kind: "commits" })).structured).toMatchObject({
      totals: { only_a: 0, only_b: 1 },
      only_a: [],
      only_b: [{ hash: two, operation: "append" }],
    });
  });

  it.each([
    { from: "HEAD" },
    { after: "HEAD" },
    { ref: "HEAD" },
    { kind: "text" },
    { stat: "yes" },
    { limit: 0 },
    { a: 7 },
  ])("refuses %j", async (args) => {
    expect(await codeOf("diff", args)).toBe("invalid-argument");
  });
});

describe("the tool blame", () => {
  it("tells who made it, and what a summary stands for", async () => {
    const sources = [await say(test.engine, "one"), await say(test.engine, "two")];
    const summary = await summarise(test.engine, sources, "in short");
    const { text, structured } = await call("blame", { text: "in short" });
    expect(structured.origins).toMatchObject([
      { commit: summary, commit_operation: "summary", shown: true, sources, generation_config: null },
    ]);
    expect(text).toContain("stands for 2 commits");
    expect((await call("blame", { text: "two" })).text).toContain(
      "does not show: A summary stands in its place.",
    );
  });

  it("refuses to guess", async () => {
    expect(await codeOf("blame", {})).toBe("invalid-argument");
    expect(await codeOf("blame", { text: "a", ref: "HEAD" })).toBe("invalid-argument");
    expect(await codeOf("blame", { text: "nowhere" })).toBe("not-found");
  });
});

describe("the tool reset", () => {
  it("tells where the branch was and how to return", async () => {
    const one = await say(test.engine, "one");
    const two = await say(test.engine, "two");
    const { text, structured } = await call("reset", { ref: one });
    expect(structured).toMatchObject({
      branch: "main",
      head: one,
      previous: two,
      warnings: [expect.any(String)],
    });
    expect(text).toContain(`main moved from ${two.slice(0, 8)} to ${one.slice(0, 8)}.`);
    expect((await call("reset", { ref: one })).structured).toMatchObject({ operation_id: null });
    expect(await codeOf("reset", {})).toBe("invalid-argument");
    expect(await codeOf("reset", { ref: "main", mode: "hard" })).toBe("invalid-argument");
  });
});

describe("commits that operations make", () => {
  it("can be read in show and log", async () => {
    const one = await say(test.engine, "one");
    await createBranch(test.engine, { name: "topic" });
    const two = await say(test.engine, "two");
    const other = await say(test.engine, "other", { branch: "topic" });
    const merge = await mergeIn(test.engine, "topic", {
      conflicts: [{ kind: "both_edit" }, { kind: "config" }],
    });
    const summary = await summarise(test.engine, [one, two], "in short");
    const shown = await call("show", { refs: [merge, summary, one] });
    expect(shown.text).toContain(`joins: ${two.slice(0, 8)}, ${other.slice(0, 8)}`);
    expect(shown.text).toContain("recorded conflicts: 2 (both_edit, config)");
    expect(shown.text).toContain(`stands for 2 commits: ${one.slice(0, 8)}, ${two.slice(0, 8)}`);
    expect(shown.text).toContain(`covered by summary: ${summary.slice(0, 8)}`);
    expect(shown.structured.commits).toMatchObject([
      { content: null, covered_by: null },
      { content: { sources: [one, two] }, covered_by: null },
      { covered_by: summary },
    ]);
    const end = await reveal(test.engine, summary);
    expect((await call("show", { refs: end })).text).toContain(`ends: ${summary.slice(0, 8)}`);
    expect((await call("log", { operation: ["merge", "reveal"] })).structured.entries).toHaveLength(2);
    const all = await call("log", { first_parent: false });
    expect(all.text).toMatch(new RegExp(`^${other.slice(0, 8)}.*on topic`, "m"));
    expect((await call("log")).text).not.toContain("on main");
  });

  it("are told with a next step that can be taken", async () => {
    expect((await call("log")).text).toContain("Next: commit something");
    await say(test.engine, "one");
    await createBranch(test.engine, { name: "topic" });
    await say(test.engine, "other", { branch: "topic" });
    expect((await call("log", { ref: "topic..main" })).text).toContain("Next: nothing matches; log without");
    const merge = await mergeIn(test.engine, "topic", {});
    expect((await call("show", { refs: merge })).text).toContain(`Next: log with ref ${merge.slice(0, 12)}`);
  });
});
