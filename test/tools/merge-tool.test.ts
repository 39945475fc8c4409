/** What the tool merge answers: a readable report, how to go on, and refusals in the one shape. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { withScope } from "../../src/engine/engine.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { commit } from "../../src/engine/history/commit.ts";
import type { Hash } from "../../src/storage/records.ts";
import { executeTool } from "../../src/tools/execute.ts";
import { failureText } from "../../src/tools/failure.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say, wholeState } from "../support/history.ts";

let test: TestEngine;
let a: Hash;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  a = await say(test.engine, "a");
  await createBranch(test.engine, { name: "topic" });
  await say(test.engine, "a of main", { editTarget: a });
  await say(test.engine, "a of topic", { editTarget: a, branch: "topic" });
});
afterEach(async () => await test.close());

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

/** The result, which the tool's output schema takes. */
async function call(args: unknown, name = "merge") {
  const outcome = await outcomeOf(name, args);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
  const { text, structured } = outcome.result;
  expect(TOOLS.find((tool) => tool.name === name)?.output.safeParse(structured).error).toBeUndefined();
  // biome-ignore lint/suspicious/noExplicitAny: the schema above has looked at it.
  return { text, structured: structured as any };
}

it("reports conflicts with short texts and says how each is resolved", async () => {
  const { text, structured } = await call({ source: "topic" });
  expect(structured).toMatchObject({ kind: "conflicts", operation_id: null, merge_commit: null });
  expect(structured.conflicts[0]).toMatchObject({
    kind: "both_edit",
    target: a,
    ours: { text: "a of main" },
  });
  for (const part of [a.slice(0, 12), "a of main", "a of topic", "resolutions", "record"])
    expect(text).toContain(part);
});

it("takes resolutions and strategies, and lists what is on record in status", async () => {
  const recorded = await call({ source: "topic", strategy: "record" });
  expect(recorded.structured).toMatchObject({ kind: "recorded", resolutions: [{ target: a, by: "record" }] });
  const status = await call({}, "status");
  expect(status.structured.conflicts).toEqual([
    { kind: "both_edit", target: a, merge: recorded.structured.merge_commit },
  ]);
  expect(status.text).toContain(a.slice(0, 12));
  const resolved = await call({
    source: "topic",
    resolutions: [{ target: a, content: null, pick: "theirs" }],
  });
  expect(resolved.structured).toMatchObject({ kind: "resolved", resolutions: [{ by: "theirs" }] });
  expect((await call({ source: "topic" })).structured.kind).toBe("up_to_date");
});

it("says of conflicts that cannot be both how to go on, and shows those on record again", async () => {
  const setting = (recent: number) => ({ content: { content_type: "config", settings: { recent } } });
  await call(setting(5), "commit");
  await call({ ...setting(7), branch: "topic" }, "commit");
  const both = await call({ source: "topic", strategy: "both" });
  expect(both.structured).toMatchObject({ kind: "conflicts", conflicts: [{ target: "recent" }] });
  expect(both.text).toMatch(/Next: these cannot be both .*"recent"/);
  const recorded = await call({ source: "topic", strategy: "record" });
  const again = await call({ source: recorded.structured.merge_commit, dry_run: true });
  expect(again.structured.conflicts).toHaveLength(2);
  expect(again.text).toContain("2 conflicts of it still open");
  expect(again.text).toContain(
    `Next: merge ${recorded.structured.merge_commit.slice(0, 12)} with resolutions`,
  );
});

it("tells many conflicts in a short text, in answers and in refusals", async () => {
  const items = Array.from({ length: 60 }, (_, index) => ({ content: `message ${index}` }));
  const { structured } = await call({ items }, "commit");
  await call({ source: "main", into: "topic", strategy: "ours" });
  for (const branch of ["main", "topic"])
    await call(
      {
        branch,
        items: structured.commits.map(({ hash }: { hash: Hash }) => ({ content: branch, edit_target: hash })),
      },
      "commit",
    );
  const report = await call({ source: "topic" });
  expect(report.structured.conflicts).toHaveLength(60);
  expect(report.text.length).toBeLessThan(5_000);
  for (const resolutions of [
    [{ target: structured.commits[0].hash, pick: "ours" }],
    [{ target: "ffff", pick: "ours" }],
  ]) {
    const refused = await outcomeOf("merge", { source: "topic", resolutions });
    expect(refused.ok ? null : failureText(refused.failure).length).toBeLessThan(5_000);
  }
});

it("refuses with a code and a path what cannot be meant", async () => {
  const bad = [
    [{}, "invalid-argument"],
    [{ source: "nowhere" }, "not-found"],
    [{ source: "topic", strategy: "mine" }, "invalid-argument"],
    [{ source: "topic", resolutions: "ours" }, "invalid-argument"],
    [{ source: "topic", resolutions: [{ target: a, pick: "mine" }] }, "invalid-argument"],
    [{ source: "topic", resolutions: [{ target: a, take: "ours" }] }, "invalid-argument"],
    [{ source: "topic", strategy: "llm" }, "llm-not-configured"],
  ] as const;
  for (const [args, code] of bad) {
    const outcome = await outcomeOf("merge", args);
    expect(outcome).toMatchObject({ ok: false, failure: { code, hint: expect.stringMatching(/./) } });
  }
});

it("writes no text of a resolution into the ledger", async () => {
  await call({ source: "topic", resolutions: [{ target: a, content: "a secret word" }] });
  const entries = await test.engine.store.readLedger("test", { order: "desc", limit: 3 });
  expect(JSON.stringify(entries)).not.toContain("secret");
});

it("tells many conflicts in pages, each once, and merges nothing while they are looked at", async () => {
  const items = Array.from({ length: 230 }, (_, i) => ({ content: `text ${i}` }));
  const { commits } = await commit(test.engine, { items });
  await createBranch(test.engine, { name: "wide" });
  for (const [branch, word] of [
    ["main", "ours"],
    ["wide", "theirs"],
  ] as const)
    await commit(test.engine, {
      branch,
      items: commits.map(({ hash }) => ({ content: word, editTarget: hash })),
    });
  const before = await wholeState(test.engine);
  const seen: string[] = [];
  let pages = 0;
  for (let cursor: string | null | undefined; cursor !== null; pages++) {
    const { text, structured } = await call({ source: "wide", ...(cursor === undefined ? {} : { cursor }) });
    expect(structured).toMatchObject({ kind: "conflicts", conflict_count: 230, operation_id: null });
    expect(structured.conflicts.length).toBeLessThanOrEqual(100);
    seen.push(...structured.conflicts.map(({ target }: { target: string }) => target));
    cursor = structured.next_cursor;
    if (typeof cursor === "string") expect(text).toContain(cursor);
  }
  expect(pages).toBe(3);
  expect(seen.toSorted()).toEqual(commits.map(({ hash }) => hash).toSorted());
  const { structured: first } = await call({ source: "wide" });
  const wrong = await outcomeOf("merge", { source: "topic", cursor: first.next_cursor });
  expect(wrong).toMatchObject({ ok: false, failure: { code: "invalid-argument" } });
  expect(await wholeState(test.engine)).toEqual(before);
  const { structured: done } = await call({ source: "wide", strategy: "ours" });
  expect(done).toMatchObject({ kind: "resolved", conflict_count: 230, next_cursor: null });
  // What is told stays bounded; the numbers are whole, and log has the rest.
  expect(done).toMatchObject({ resolution_count: 230, edit_count: 230 });
  expect([done.resolutions, done.edits].map(({ length }) => length)).toEqual([100, 100]);
});
