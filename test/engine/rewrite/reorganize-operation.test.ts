import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { reorganize } from "../../../src/engine/rewrite/reorganize.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { outrunOnce, refusal, say } from "../../support/history.ts";
import { kinds, newOf, put, several, texts } from "../../support/rewriting.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  expect((await verify(test.engine, {})).problems).toEqual([]);
  await test.close();
});

describe("as an operation", () => {
  it("is undone and done again", async () => {
    const { engine } = test;
    const [, b] = await several(engine, "a", "b", "c");
    await annotate(engine, { refs: ["HEAD"], priority: "pinned" });
    const before = await compile(engine, {});
    await reorganize(engine, { drop: [b] });
    const after = await compile(engine, {});
    await undo(engine);
    expect((await compile(engine, {})).messages).toEqual(before.messages);
    await undo(engine, { operation: (await engine.store.readOperations("test", { limit: 1 }))[0]?.id });
    expect((await compile(engine, {})).messages).toEqual(after.messages);
  });

  it("shows in a dry run what it would do, and writes nothing", async () => {
    const { engine } = test;
    const [, b, c] = await several(engine, "a", "b", "c");
    const operations = await engine.store.findTract("test");
    const planned = await reorganize(engine, { drop: [b], dryRun: true });
    expect(await engine.store.findTract("test")).toEqual(operations);
    expect(planned).toMatchObject({
      operationId: null,
      dryRun: true,
      mapping: [{ from: b, to: null }, { from: c }],
    });
    expect(planned.tokensAfter).toBeLessThan(planned.tokensBefore);
    expect(await texts(engine)).toEqual(["a", "b", "c"]);
  });

  it("plans again with what another writer committed or annotated meanwhile", async () => {
    const { engine } = test;
    const [, b, c] = await several(engine, "a", "b", "c");
    const race = outrunOnce(engine, () => say(engine, "d"));
    await reorganize(race.engine, { drop: [b] });
    expect(race.attempts()).toBe(2);
    expect(await texts(engine)).toEqual(["a", "c", "d"]);
    const [first] = await several(engine, "e", "f");
    const again = outrunOnce(engine, () => annotate(engine, { refs: ["HEAD"], addLabels: ["late"] }));
    const done = await reorganize(again.engine, { drop: [first] });
    expect(again.attempts()).toBe(2);
    expect((await engine.store.readCommitAnnotations("test", done.head ?? c))[0]?.labels).toEqual(["late"]);
  });

  it("links old and new for good", async () => {
    const { engine } = test;
    const [, b, c, d] = await several(engine, "a", "b", "c", "d");
    const done = await reorganize(engine, { drop: [b] });
    const [operation] = await engine.store.readOperations("test", {
      commit: c,
      type: "reorganize",
      limit: 1,
    });
    expect(operation).toMatchObject({
      id: done.operationId,
      sources: [b, c, d],
      params: { mapping: [null, 0, 1] },
    });
    expect(operation?.results).toEqual([newOf(done, c), newOf(done, d)]);
  });

  it("holds the new context against the budget", async () => {
    const { engine } = test;
    await say(engine, "root");
    await createBranch(engine, { name: "topic", switch: true });
    await put(engine, { content_type: "config", settings: { budget: { max_tokens: 12, action: "reject" } } });
    await say(engine, "a few words of another kind", { branch: "main" });
    await expect(reorganize(engine, { onto: "main" })).rejects.toMatchObject({ code: "budget-exceeded" });
    expect(kinds(await reorganize(engine, { onto: "main", dryRun: true }))).toEqual(["over-budget"]);
  });

  it("refuses a detached HEAD and an unborn branch", async () => {
    const { engine } = test;
    expect(await refusal(engine, () => reorganize(engine, { onto: "HEAD" }))).toMatchObject({
      code: "nothing-to-do",
      hint: expect.stringContaining("Commit something first"),
    });
    const [a] = await several(engine, "a", "b");
    await checkout(engine, { ref: a });
    expect((await refusal(engine, () => reorganize(engine, { drop: [a] }))).code).toBe("detached-head");
  });
});
