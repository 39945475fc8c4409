import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withScope } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { reorganize } from "../../../src/engine/rewrite/reorganize.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";
import { kinds, newOf, read, several, texts } from "../../support/rewriting.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  expect((await verify(test.engine, {})).problems).toEqual([]);
  await test.close();
});

describe("moving a branch onto another", () => {
  it("makes its own commits again on the other tip and leaves the other branch", async () => {
    const { engine } = test;
    await say(engine, "root");
    await createBranch(engine, { name: "topic", switch: true });
    const [a, b] = await several(engine, "a", "b");
    const onMain = await say(engine, "main 1", { branch: "main" });
    const before = await read(engine, a);
    const done = await reorganize(engine, { onto: "main" });
    expect(await texts(engine)).toEqual(["root", "main 1", "a", "b"]);
    expect(await texts(engine, "main")).toEqual(["root", "main 1"]);
    expect(done.mapping.map(({ from }) => from)).toEqual([a, b]);
    const copy = await read(engine, newOf(done, a));
    expect(copy).toMatchObject({
      parents: [onMain],
      contentHash: before.contentHash,
      message: before.message,
    });
    expect(copy.createdAt > before.createdAt).toBe(true);
    expect((await read(engine, done.head)).hash).toBe(newOf(done, b));
    expect(done.tokensAfter).toBeGreaterThan(done.tokensBefore);
  });

  it("carries labels, metadata, author, generation config, message and the newest annotation", async () => {
    const { engine } = test;
    await say(engine, "root");
    await createBranch(engine, { name: "topic", switch: true });
    const bob = withScope(engine, { author: { kind: "agent", name: "Bob", session_id: "s" } });
    const a = await say(bob, "a", {
      labels: ["x"],
      metadata: { k: 1 },
      generationConfig: { temperature: 0 },
      message: "my words",
    });
    await annotate(engine, { refs: [a], priority: "important" });
    await annotate(engine, { refs: [a], addLabels: ["later"], retain: { patterns: ["a"] } });
    await say(engine, "other", { branch: "main" });
    const done = await reorganize(engine, { onto: "main" });
    const [old, copy] = [await read(engine, a), await read(engine, newOf(done, a))];
    const { hash: _h, parents: _p, createdAt: _c, operationId: _o, ...kept } = old;
    expect(copy).toMatchObject(kept);
    const rows = await engine.store.readCommitAnnotations("test", copy.hash);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ priority: "important", labels: ["later"], retain: { patterns: ["a"] } });
  });

  it("remaps edits, and edits of commits that both branches have stay as they are", async () => {
    const { engine } = test;
    const root = await say(engine, "root");
    await createBranch(engine, { name: "topic", switch: true });
    const a = await say(engine, "a");
    const editA = await say(engine, "a!", { editTarget: a });
    const editRoot = await say(engine, "root!", { editTarget: root });
    await say(engine, "other", { branch: "main" });
    const done = await reorganize(engine, { onto: "main" });
    expect(await texts(engine)).toEqual(["root!", "other", "a!"]);
    expect((await read(engine, newOf(done, editA))).editTarget).toBe(newOf(done, a));
    expect((await read(engine, newOf(done, editRoot))).editTarget).toBe(root);
  });

  it("moves to a history that has nothing in common", async () => {
    const { engine } = test;
    await createBranch(engine, { name: "stranger", switch: true });
    await say(engine, "elsewhere");
    await checkout(engine, { ref: "main" });
    await several(engine, "a", "b");
    await reorganize(engine, { onto: "stranger" });
    expect(await texts(engine)).toEqual(["elsewhere", "a", "b"]);
  });

  it("with from leaves out what stands between, and says so", async () => {
    const { engine } = test;
    const [a, b, c, d] = await several(engine, "a", "b", "c", "d");
    const done = await reorganize(engine, { onto: a, from: c });
    expect(await texts(engine)).toEqual(["a", "d"]);
    expect(done.warnings).toMatchObject([{ kind: "left-out", commits: [b, c] }]);
    expect(done.mapping).toEqual([{ from: d, to: done.head }]);
  });

  it("refuses an onto that descends from the head, and a from that is not behind it", async () => {
    const { engine } = test;
    await several(engine, "a", "b");
    await createBranch(engine, { name: "ahead" });
    await say(engine, "c", { branch: "ahead" });
    expect(await refusal(engine, () => reorganize(engine, { onto: "ahead" }))).toMatchObject({
      code: "invalid-argument",
      data: { path: "onto" },
    });
    expect(await refusal(engine, () => reorganize(engine, { from: "ahead" }))).toMatchObject({
      code: "invalid-argument",
      data: { path: "from" },
    });
  });

  it("has nothing to do for the base it stands on, or an empty range", async () => {
    const { engine } = test;
    const [a] = await several(engine, "a", "b");
    for (const request of [{ onto: a }, { from: a }, { onto: "HEAD" }, { order: ["HEAD~1", "HEAD"] }])
      expect((await refusal(engine, () => reorganize(engine, request))).code).toBe("nothing-to-do");
    expect((await refusal(engine, () => reorganize(engine, {}))).code).toBe("invalid-argument");
  });

  it("keeps what stands at the beginning already", async () => {
    const { engine } = test;
    const [a, b, c, d] = await several(engine, "a", "b", "c", "d");
    const done = await reorganize(engine, { from: a, drop: [c] });
    expect(done.kept).toBe(1);
    expect(done.mapping).toEqual([
      { from: c, to: null },
      { from: d, to: done.head },
    ]);
    expect((await read(engine, done.head)).parents).toEqual([b]);
  });
});

describe("a new order", () => {
  it("puts the named commits into the places that they have together", async () => {
    const { engine } = test;
    const [a, b, c, d] = await several(engine, "a", "b", "c", "d");
    await reorganize(engine, { order: [d, b, a] });
    expect(await texts(engine)).toEqual(["d", "b", "c", "a"]);
    expect(c).toBeDefined();
  });

  it("refuses an order that puts an edit before its target, names both, and changes nothing", async () => {
    const { engine } = test;
    const a = await say(engine, "a");
    const edit = await say(engine, "a!", { editTarget: a });
    expect(await refusal(engine, () => reorganize(engine, { order: [edit, a] }))).toMatchObject({
      code: "edit-target",
      data: { warnings: [{ kind: "edit-before-target", commits: [edit, a] }] },
    });
  });

  it.each([
    [{ onMissingTarget: "as_append" }, ["a!", "b", "a"]],
    [{ force: true }, ["a!", "b", "a"]],
    [{ onMissingTarget: "drop" }, ["b", "a"]],
    [{ onMissingTarget: "with_target" }, ["a!", "b"]],
  ] as const)("does with such an edit what it is told: %j", async (choice, expected) => {
    const { engine } = test;
    const a = await say(engine, "a");
    await say(engine, "b");
    const edit = await say(engine, "a!", { editTarget: a });
    const done = await reorganize(engine, { order: [edit, a], ...choice });
    expect(await texts(engine)).toEqual(expected);
    expect(kinds(done)).toEqual(["edit-before-target"]);
  });

  it("refuses the same commit twice, one that is dropped as well in two ways, and commits of other branches", async () => {
    const { engine } = test;
    const [a, b] = await several(engine, "a", "b");
    const edit = await say(engine, "b!", { editTarget: b });
    await createBranch(engine, { name: "other" });
    const stranger = await say(engine, "c", { branch: "other" });
    for (const [request, path] of [
      [{ order: [a, b, a] }, "order"],
      [{ drop: [a], squash: [[a, b]] }, "squash.0"],
      [{ drop: [a], reword: [{ ref: a, message: "m" }] }, "reword"],
      [{ drop: [stranger] }, "drop"],
      [{ from: a, drop: [a] }, "drop"],
      [{ squash: [[a]] }, "squash.0"],
      [{ squash: [[a, b]], reword: [{ ref: edit, message: "m" }] }, "reword"],
    ] as const)
      expect(await refusal(engine, () => reorganize(engine, request))).toMatchObject({
        code: "invalid-argument",
        data: { path },
      });
    expect((await refusal(engine, () => reorganize(engine, { drop: ["nowhere"] }))).code).toBe("not-found");
  });
});

describe("leaving commits out", () => {
  it("drops them, also all behind a base, and keeps ORIG_HEAD", async () => {
    const { engine } = test;
    const [a, b, c] = await several(engine, "a", "b", "c");
    const done = await reorganize(engine, { drop: [b, c] });
    expect(done).toMatchObject({
      head: a,
      mapping: [
        { from: b, to: null },
        { from: c, to: null },
      ],
    });
    expect(await texts(engine, "ORIG_HEAD")).toEqual(["a", "b", "c"]);
    const [operation] = await engine.store.readOperations("test", { limit: 1 });
    expect(operation).toMatchObject({
      type: "reorganize",
      sources: [b, c],
      results: [],
      compressedTokens: 0,
    });
  });

  it("refuses to leave a branch without a commit", async () => {
    const { engine } = test;
    const [a, b] = await several(engine, "a", "b");
    expect(await refusal(engine, () => reorganize(engine, { drop: [a, b] }))).toMatchObject({
      code: "invalid-argument",
      data: { path: "drop" },
    });
  });

  it.each([
    [{ onMissingTarget: "as_append" }, ["b", "a!"]],
    [{ onMissingTarget: "drop" }, ["b"]],
    [{ onMissingTarget: "with_target" }, ["b", "a!"]],
  ] as const)("gives an edit of a dropped commit its own fate: %j", async (choice, expected) => {
    const { engine } = test;
    await createBranch(engine, { name: "work", switch: true });
    const a = await say(engine, "a");
    await say(engine, "b");
    const edit = await say(engine, "a!", { editTarget: a });
    expect(await refusal(engine, () => reorganize(engine, { drop: [a] }))).toMatchObject({
      code: "edit-target",
      data: { warnings: [{ kind: "missing-target", commits: [edit, a] }] },
    });
    expect(
      (await refusal(engine, () => reorganize(engine, { drop: [a], onMissingTarget: "error", force: true })))
        .code,
    ).toBe("edit-target");
    await reorganize(engine, { drop: [a], ...choice });
    expect(await texts(engine)).toEqual(expected);
  });

  it("brings along the target of an edit that another base does not have", async () => {
    const { engine } = test;
    await say(engine, "root");
    await createBranch(engine, { name: "topic", switch: true });
    const a = await say(engine, "a");
    const b = await say(engine, "b");
    await annotate(engine, { refs: [a], addLabels: ["mine"] });
    await say(engine, "a!", { editTarget: a });
    const request = { onto: "main", from: b };
    expect((await refusal(engine, () => reorganize(engine, request))).code).toBe("edit-target");
    const done = await reorganize(engine, { ...request, onMissingTarget: "with_target" });
    expect(await texts(engine)).toEqual(["root", "a!"]);
    expect(done.warnings).toMatchObject([{ kind: "missing-target" }, { kind: "left-out", commits: [b] }]);
    const copy = newOf(done, a) ?? a;
    expect((await engine.store.readCommitAnnotations("test", copy))[0]?.labels).toEqual(["mine"]);
  });
});

describe("reword", () => {
  it("changes the message alone", async () => {
    const { engine } = test;
    const [a, b, c] = await several(engine, "a", "b", "c");
    const done = await reorganize(engine, { reword: [{ ref: b, message: "better" }] });
    expect(await texts(engine)).toEqual(["a", "b", "c"]);
    expect(await read(engine, newOf(done, b))).toMatchObject({ message: "better", parents: [a] });
    expect(newOf(done, c)).toBe(done.head);
    expect(
      (await refusal(engine, () => reorganize(engine, { reword: [{ ref: "HEAD~1", message: "better" }] })))
        .code,
    ).toBe("nothing-to-do");
  });
});
