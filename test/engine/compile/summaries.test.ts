import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCompileCache } from "../../../src/engine/compile/cache.ts";
import { compile } from "../../../src/engine/compile/compile.ts";
import { explain } from "../../../src/engine/compile/explain.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, switchBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { show } from "../../../src/engine/history/show.ts";
import { status } from "../../../src/engine/history/status.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";
import { reveal, summarise } from "../../support/summaries.ts";

let test: TestEngine;
let engine: Engine;
let said: readonly Hash[];
beforeEach(async () => {
  test = await openTestEngine();
  engine = test.engine;
  said = [];
  for (const text of ["one", "two", "three", "four", "five"]) said = [...said, await say(engine, text)];
});
afterEach(async () => await test.close());

function at(index: number): Hash {
  const hash = said[index];
  if (hash === undefined) throw new Error("no such commit");
  return hash;
}

async function texts(on: Engine = engine): Promise<readonly string[]> {
  const { messages } = await compile(on, { format: "messages" });
  return messages.map((message) => ("content" in message ? String(message.content) : ""));
}

/** The same, by an engine that has compiled nothing before; also that the size is measured as it is compiled. */
async function textsColdAndWarm(): Promise<readonly string[]> {
  const warm = await texts();
  const cold = { ...engine, compileCache: createCompileCache(engine.limits) };
  expect(await texts(cold)).toEqual(warm);
  const { tokenCount } = await compile(cold, {});
  expect((await status(cold)).tokens).toBe(tokenCount);
  return warm;
}

describe("a summary in the compiled context", () => {
  it("stands where its first original stood, whatever is said afterwards", async () => {
    await texts();
    const summary = await summarise(engine, [at(1), at(2)], "two and three");
    const covered = "[Summary of 2 earlier messages]\ntwo and three";
    expect(await textsColdAndWarm()).toEqual(["one", covered, "four", "five"]);
    await say(engine, "six");
    expect(await textsColdAndWarm()).toEqual(["one", covered, "four", "five", "six"]);
    const context = await compile(engine, {});
    expect(context.commitHashes[1]).toEqual([summary]);
    expect(context.omitted).toMatchObject([{ from: at(1), to: at(2), messages: 2, reason: "compressed" }]);
  });

  it("ends with a reveal, byte for byte", async () => {
    const before = await compile(engine, {});
    const summary = await summarise(engine, [at(0), at(4)], "the ends");
    expect(await textsColdAndWarm()).toEqual([
      "[Summary of 2 earlier messages]\nthe ends",
      "two",
      "three",
      "four",
    ]);
    await reveal(engine, summary);
    expect(await textsColdAndWarm()).toEqual(["one", "two", "three", "four", "five"]);
    expect((await compile(engine, {})).digest).toBe(before.digest);
  });

  it("may cover other summaries, and their originals stay covered when only the inner one is ended", async () => {
    const inner = await summarise(engine, [at(1), at(2)], "inner");
    const outer = await summarise(engine, [at(0), inner], "outer");
    const covered = "[Summary of 2 earlier messages]\nouter";
    expect(await textsColdAndWarm()).toEqual([covered, "four", "five"]);
    await reveal(engine, inner);
    expect(await textsColdAndWarm()).toEqual([covered, "four", "five"]);
    await reveal(engine, outer);
    expect(await textsColdAndWarm()).toEqual(["one", "two", "three", "four", "five"]);
  });

  it("shows the inner summary again when the outer one is ended", async () => {
    const inner = await summarise(engine, [at(1), at(2)], "inner");
    const outer = await summarise(engine, [at(0), inner, at(3)], "outer");
    await reveal(engine, outer);
    expect(await textsColdAndWarm()).toEqual([
      "one",
      "[Summary of 2 earlier messages]\ninner",
      "four",
      "five",
    ]);
  });

  it("does not hide what is pinned, unless it restores", async () => {
    await annotate(engine, { refs: [at(2)], priority: "pinned" });
    await summarise(engine, [at(1), at(2)], "both");
    expect(await textsColdAndWarm()).toEqual([
      "one",
      "[Summary of 2 earlier messages]\nboth",
      "three",
      "four",
      "five",
    ]);
    await summarise(engine, [at(2), at(3)], "", "restore");
    expect(await textsColdAndWarm()).toEqual(["one", "[Summary of 2 earlier messages]\nboth", "five"]);
  });

  it("shows what is pinned after it was covered", async () => {
    await summarise(engine, [at(1), at(2)], "both");
    await texts();
    await annotate(engine, { refs: [at(1)], priority: "pinned" });
    const expected = ["one", "[Summary of 2 earlier messages]\nboth", "two", "four", "five"];
    expect(await textsColdAndWarm()).toEqual(expected);
  });

  it("is edited by a plain text, and its originals are not", async () => {
    const summary = await summarise(engine, [at(1), at(2)], "both");
    await commit(engine, { items: [{ content: "better", editTarget: summary }] });
    expect(await textsColdAndWarm()).toEqual([
      "one",
      "[Summary of 2 earlier messages]\nbetter",
      "four",
      "five",
    ]);
    const covered = await refusal(engine, () =>
      commit(engine, { items: [{ content: "TWO", editTarget: at(1) }] }),
    );
    expect(covered).toMatchObject({ code: "edit-target", data: { target: at(1), summary } });
    const shaped = await refusal(engine, () =>
      commit(engine, { items: [{ content: { content_type: "output", text: "x" }, editTarget: summary }] }),
    );
    expect(shaped.code).toBe("edit-target");
  });

  it("holds on its own branch alone", async () => {
    await createBranch(engine, { name: "other" });
    await summarise(engine, [at(0), at(1), at(2)], "start");
    await switchBranch(engine, { name: "other" });
    expect(await textsColdAndWarm()).toEqual(["one", "two", "three", "four", "five"]);
  });

  it("is named by the range of its originals where a budget leaves it out", async () => {
    await summarise(engine, [at(1), at(2)], "both ".repeat(60));
    const { omitted } = await compile(engine, { budgetTokens: 50 });
    const gap = omitted.find(({ reason }) => reason === "budget");
    expect(gap).toMatchObject({ to: at(2) });
    const { commits } = await show(engine, { refs: [`${gap?.from}..${gap?.to}`] });
    expect(commits.map(({ hash }) => hash)).toContain(at(1));
  });

  it("is told by explain", async () => {
    const summary = await summarise(engine, [at(1), at(2)], "both");
    expect(await explain(engine, {}, at(1))).toMatchObject({
      included: false,
      reason: `Summary ${summary.slice(0, 8)} stands in its place.`,
    });
    expect(await explain(engine, {}, summary)).toMatchObject({ included: true });
    const ended = await reveal(engine, summary);
    expect(await explain(engine, {}, ended)).toMatchObject({ included: false });
    expect(await explain(engine, {}, summary)).toMatchObject({ included: false });
    expect(await explain(engine, {}, at(1))).toMatchObject({ included: true });
  });
});
