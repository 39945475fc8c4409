/** What reorganize and import_commit answer to a model, to the command line and to the library: the same, each in its own words. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withScope } from "../../src/engine/engine.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { createTract } from "../../src/engine/tract.ts";
import { executeTool } from "../../src/tools/execute.ts";
import { failureText } from "../../src/tools/failure.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { createCli } from "../support/cli.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
});
afterEach(async () => await test.close());

async function outcomeOf(name: string, args: unknown, tract?: string) {
  const { signal } = new AbortController();
  return await executeTool(
    { name, args, signal, progress: () => undefined },
    {
      tools: TOOLS,
      profile: "full",
      engineFor: async () => withScope(test.engine, tract === undefined ? {} : { tract }),
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
  return { text, structured };
}

async function failureOf(name: string, args: unknown, tract?: string) {
  const outcome = await outcomeOf(name, args, tract);
  if (outcome.ok) throw new Error("it was not refused");
  return outcome.failure;
}

describe("the tool reorganize", () => {
  it("tells what it did in numbers, with typed warnings and the whole mapping", async () => {
    const a = await say(test.engine, "a");
    const b = await say(test.engine, "b");
    const edit = await say(test.engine, "b!", { editTarget: b });
    const c = await say(test.engine, "c");
    const { structured, text } = await call("reorganize", { drop: [b], on_missing_target: "drop" });
    expect(structured).toMatchObject({
      dry_run: false,
      branch: "main",
      kept: 0,
      mapping: [
        { from: b, to: null },
        { from: edit, to: null },
        { from: c, to: structured.head },
      ],
      warnings: [{ kind: "missing-target", commits: [edit, b], message: expect.stringMatching(/left out/) }],
    });
    expect(text).toMatch(
      /^Made 1 commit of 3, left out 2\.\nmain is at [0-9a-f]{8}, \d+ → \d+ tokens\.\nWarning: /,
    );
    expect(text).not.toContain(a);
  });

  it("shows a plan without writing, as a read, and takes runs and messages", async () => {
    await say(test.engine, "a");
    const b = await say(test.engine, "b");
    const before = await test.engine.store.findTract("test");
    const { structured, text } = await call("reorganize", {
      squash: [{ refs: ["HEAD~1", "HEAD"], message: "both" }],
      dry_run: true,
    });
    expect(structured).toMatchObject({ operation_id: null, dry_run: true });
    expect(text).toContain("Would make 1 commit of 2");
    expect(await test.engine.store.findTract("test")).toEqual(before);
    await call("reorganize", { squash: [["HEAD~1", b]], reword: [] });
  });

  it("refuses bad arguments with the place, and lost targets with the warnings", async () => {
    await say(test.engine, "a");
    await say(test.engine, "a!", { editTarget: "HEAD" });
    await say(test.engine, "b");
    for (const [args, code, path] of [
      [{}, "invalid-argument", ""],
      [{ drop: "HEAD", onto: 3 }, "invalid-argument", "onto"],
      [{ squash: ["HEAD"] }, "invalid-argument", "squash[0]"],
      [{ reword: [{ ref: "HEAD" }] }, "invalid-argument", "reword[0].message"],
      [{ order: ["HEAD", "HEAD"] }, "invalid-argument", "order"],
    ] as const)
      expect(await failureOf("reorganize", args)).toMatchObject({ code, data: { path } });
    expect(await failureOf("reorganize", { drop: ["HEAD~2"] })).toMatchObject({
      code: "edit-target",
      hint: expect.stringContaining("as_append"),
      data: { warnings: [{ kind: "missing-target" }] },
    });
    expect(await failureOf("reorganize", { drop: ["nowhere"] })).toMatchObject({ code: "not-found" });
  });
});

describe("the tool import_commit", () => {
  it("tells each new hash, and finds another tract", async () => {
    await say(test.engine, "root");
    const other = withScope(test.engine, { tract: "other" });
    const a = await say(other, "a");
    await createBranch(other, { name: "topic" });
    const { structured, text } = await call("import_commit", { refs: "topic", from_tract: "other" });
    expect(structured).toMatchObject({ mapping: [{ from: a, to: structured.head }], warnings: [] });
    expect(text).toContain(`${a.slice(0, 12)}  →  ${String(structured.head).slice(0, 8)}`);
    expect(await failureOf("import_commit", { refs: "topic", from_tract: "othre" })).toMatchObject({
      code: "not-found",
      data: { near: ["other"] },
    });
    expect(await failureOf("import_commit", {})).toMatchObject({ code: "invalid-argument" });
  });
});

it("refusals that are about many commits stay short", async () => {
  const targets: string[] = [];
  for (let index = 0; index < 120; index++) targets.push(await say(test.engine, `message ${index}`));
  await createBranch(test.engine, { name: "edits" });
  for (const editTarget of targets) await say(test.engine, "edited", { editTarget, branch: "edits" });
  const other = withScope(test.engine, { tract: "other", createWorktree: true });
  await say(other, "elsewhere");
  const range = { refs: ["main..edits"], from_tract: "test" };
  const refused = [
    await failureOf("reorganize", { drop: targets }),
    await failureOf("reorganize", { squash: [[...targets.slice(0, 30), ...targets.slice(31)]] }),
    await failureOf("reorganize", { drop: targets, branch: "edits" }),
    await failureOf("import_commit", range, "other"),
    await failureOf("import_commit", { ...range, on_missing_target: "drop" }, "other"),
  ];
  expect(refused.map(({ code }) => code)).toEqual([
    ...["invalid-argument", "invalid-argument", "edit-target", "edit-target", "nothing-to-do"],
  ]);
  for (const failure of refused) expect(failureText(failure).length).toBeLessThan(6_000);
});

it("the answer about many annotated commits stays short", async () => {
  const refs: string[] = [];
  for (let index = 0; index < 60; index++) refs.push(await say(test.engine, `message ${index}`));
  const { structured, text } = await call("annotate", { refs, priority: "important" });
  expect(structured.annotated).toHaveLength(60);
  expect(text.length).toBeLessThan(1_000);
  expect(text).toContain("40 more");
});

it("the library takes the same in its own spelling, and refuses unknown options", async () => {
  const tract = createTract(test.engine, { tract: "test", worktree: "default" }, async () => {});
  const a = await tract.user("a");
  const b = await tract.user("b");
  const done = await tract.reorganize({ order: [b.hash, a.hash] });
  expect(done.mapping).toHaveLength(2);
  expect((await tract.importCommit({ refs: [a.hash], onMissingTarget: "error" })).mapping).toHaveLength(1);
  // biome-ignore lint/suspicious/noExplicitAny: what a program without types hands over.
  const untyped = tract as any;
  await expect(untyped.reorganize({ dryrun: true })).rejects.toMatchObject({
    code: "invalid-argument",
    data: { near: ["dryRun"] },
  });
  await expect(untyped.importCommit({ refs: a.hash })).rejects.toMatchObject({ code: "invalid-argument" });
});

it("the command line takes refs as they stand, lists by repeating and runs as JSON", async () => {
  const cli = createCli();
  try {
    for (const text of ["a", "b", "c"]) await cli.run(["commit", text]);
    expect(await cli.json(["reorganize", "--drop", "HEAD", "--drop", "HEAD~1"])).toMatchObject({
      mapping: [{ to: null }, { to: null }],
    });
    expect(await cli.json(["import-commit", "ORIG_HEAD~1", "ORIG_HEAD"])).toMatchObject({
      mapping: [{ from: expect.any(String) }, {}],
    });
    await cli.run(["reorganize", "--squash", '[["HEAD~1", "HEAD"]]']);
    expect((await cli.run(["compile"])).out).toContain("b\n\nc");
    const refused = await cli.run(["reorganize", "--drop", "nowhere"]);
    expect(refused.exitCode).toBe(1);
  } finally {
    cli.remove();
  }
});
