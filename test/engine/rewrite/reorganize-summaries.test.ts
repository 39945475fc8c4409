import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import { reorganize } from "../../../src/engine/rewrite/reorganize.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";
import { mergeIn } from "../../support/merge-in.ts";
import { kinds, newOf, read, several, texts } from "../../support/rewriting.ts";
import { reveal, summarise } from "../../support/summaries.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  expect((await verify(test.engine, {})).problems).toEqual([]);
  await test.close();
});

describe("merges in the range", () => {
  it("are dissolved, and the context stays what it was", async () => {
    const { engine } = test;
    const root = await say(engine, "root");
    await createBranch(engine, { name: "side" });
    const a = await say(engine, "a");
    const s = await say(engine, "s", { branch: "side" });
    const merge = await mergeIn(engine, "side");
    await say(engine, "a and s", { editTarget: a });
    await say(engine, "end");
    const before = await compile(engine, {});
    const done = await reorganize(engine, { from: root });
    expect((await compile(engine, {})).messages).toEqual(before.messages);
    expect(done.warnings).toMatchObject([{ kind: "merge-flattened", commits: [merge] }]);
    expect(newOf(done, merge)).toBeNull();
    expect(newOf(done, s)).toBeDefined();
    expect(
      (await engine.store.readChain("test", done.head ?? root))?.every(
        ({ commit: c }) => c.parents.length < 2,
      ),
    ).toBe(true);
  });

  it("are found behind the merge that brought a named commit, and cannot be named themselves", async () => {
    const { engine } = test;
    await say(engine, "root");
    await createBranch(engine, { name: "side" });
    await say(engine, "a");
    const s = await say(engine, "s", { branch: "side" });
    const merge = await mergeIn(engine, "side");
    await say(engine, "end");
    expect((await refusal(engine, () => reorganize(engine, { drop: [merge] }))).code).toBe(
      "invalid-argument",
    );
    const done = await reorganize(engine, { drop: [s] });
    expect(await texts(engine)).toEqual(["root", "a", "end"]);
    expect(kinds(done)).toEqual(["merge-flattened"]);
  });

  it("have no order of their own behind a base that was merged in, which is told", async () => {
    const { engine } = test;
    await say(engine, "root");
    await createBranch(engine, { name: "side" });
    await say(engine, "a");
    const s = await say(engine, "s", { branch: "side" });
    await mergeIn(engine, "side");
    expect((await reorganize(engine, { from: s })).warnings).toMatchObject([
      { kind: "merge-flattened" },
      { kind: "reordered", commits: [s] },
    ]);
    expect(await texts(engine)).toEqual(["root", "s", "a"]);
  });

  it("leave the marks of conflicts that nobody has resolved, and say so", async () => {
    const { engine } = test;
    const root = await say(engine, "root");
    await createBranch(engine, { name: "side" });
    await say(engine, "root, ours", { editTarget: root });
    await say(engine, "root, theirs", { editTarget: root, branch: "side" });
    const { mergeCommit } = await merge(engine, { source: "side", strategy: "record" });
    const before = await texts(engine);
    const open = await reorganize(engine, { from: root, dryRun: true });
    expect(open.warnings).toMatchObject([
      { kind: "merge-flattened" },
      { kind: "conflicts-untracked", commits: [mergeCommit] },
    ]);
    await reorganize(engine, { from: root });
    expect(await texts(engine)).toEqual(before);
    await undo(engine);
    await merge(engine, { source: "side", resolutions: [{ target: root, content: "both" }] });
    expect(kinds(await reorganize(engine, { from: root }))).toEqual(["merge-flattened"]);
    expect(await texts(engine)).toEqual(["both"]);
  });
});

describe("summaries", () => {
  it("stand for the new commits, and reveals end the new summaries", async () => {
    const { engine } = test;
    await say(engine, "root");
    await createBranch(engine, { name: "topic", switch: true });
    const [a, b, c] = await several(engine, "a", "b", "c");
    const first = await summarise(engine, [a, b], "a and b");
    const second = await summarise(engine, [c], "c!");
    const shown = await reveal(engine, second);
    await say(engine, "other", { branch: "main" });
    const before = await texts(engine);
    const done = await reorganize(engine, { onto: "main" });
    expect(await texts(engine)).toEqual(["root", "other", ...before.slice(1)]);
    expect(await read(engine, newOf(done, shown))).toMatchObject({
      editTarget: newOf(done, second),
      message: expect.stringContaining((newOf(done, second) ?? "").slice(0, 12)),
    });
    expect(newOf(done, first)).not.toBe(first);
  });

  it("lose dropped sources, and go with the last of them", async () => {
    const { engine } = test;
    const [a, b, c] = await several(engine, "a", "b", "c");
    const summary = await summarise(engine, [a, b], "a and b");
    await reveal(engine, await summarise(engine, [b], "b"));
    const partly = await reorganize(engine, { drop: [b], dryRun: true });
    expect(kinds(partly)).toEqual(["summary-sources", "summary-dropped", "reveal-dropped"]);
    const done = await reorganize(engine, { drop: [a, b] });
    expect(kinds(done)).toEqual(["summary-dropped", "summary-dropped", "reveal-dropped"]);
    expect(newOf(done, summary)).toBeNull();
    expect(await texts(engine)).toEqual(["c"]);
    expect(c).toBeDefined();
  });

  it("are not moved before what they stand for, and an edit of one becomes a message at most", async () => {
    const { engine } = test;
    const [a, b] = await several(engine, "a", "b");
    const summary = await summarise(engine, [a, b], "short");
    await say(engine, "shorter", { editTarget: summary });
    expect(await refusal(engine, () => reorganize(engine, { order: [summary, b] }))).toMatchObject({
      code: "invalid-argument",
      data: { warnings: [{ kind: "source-after-summary", commits: [summary, b] }] },
    });
    const done = await reorganize(engine, { drop: [summary], onMissingTarget: "as_append" });
    const appended = await read(engine, done.head);
    expect(appended).toMatchObject({ operation: "append", contentType: "dialogue", role: "user" });
    expect((await texts(engine)).slice(0, 2)).toEqual(["a", "b"]);
    expect(b).toBeDefined();
  });
});

describe("a summary on the new base", () => {
  it.each([
    [{ onMissingTarget: "as_append" }, ["root!"]],
    [{ onMissingTarget: "drop" }, []],
    [{ force: true }, []],
  ] as const)("hides edits of what it stands for, so they need a word: %j", async (choice, shown) => {
    const { engine } = test;
    const root = await say(engine, "root");
    await createBranch(engine, { name: "topic", switch: true });
    const edit = await say(engine, "root!", { editTarget: root });
    const b = await say(engine, "b");
    await checkout(engine, { ref: "main" });
    const summary = await summarise(engine, [root], "short");
    await checkout(engine, { ref: "topic" });
    expect(await refusal(engine, () => reorganize(engine, { onto: "main" }))).toMatchObject({
      code: "edit-target",
      data: { warnings: [{ kind: "covered-target", commits: [edit, root] }] },
    });
    await reorganize(engine, { onto: "main", ...choice });
    expect((await texts(engine)).slice(1)).toEqual([...shown, "b"]);
    expect([summary, b]).not.toContain(root);
  });

  it("that a reveal of the range ends hides nothing", async () => {
    const { engine } = test;
    const root = await say(engine, "root");
    const summary = await summarise(engine, [root], "short");
    await createBranch(engine, { name: "topic", switch: true });
    await reveal(engine, summary);
    await say(engine, "root!", { editTarget: root });
    await say(engine, "other", { branch: "main" });
    expect((await reorganize(engine, { onto: "main" })).warnings).toEqual([]);
    expect(await texts(engine)).toEqual(["root!", "other"]);
  });
});
