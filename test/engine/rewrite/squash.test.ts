import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { reorganize } from "../../../src/engine/rewrite/reorganize.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";
import { kinds, newOf, put, read, several, texts, toolCall, toolResult } from "../../support/rewriting.ts";
import { summarise } from "../../support/summaries.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  expect((await verify(test.engine, {})).problems).toEqual([]);
  await test.close();
});

describe("tool pairs", () => {
  it.each([
    ["the call dropped", (c: Hash) => ({ drop: [c] })],
    ["the result dropped", (_: Hash, r: Hash) => ({ drop: [r] })],
    ["the result before its call", (c: Hash, r: Hash) => ({ order: [r, c] })],
  ])("are not split without force: %s", async (_, requestOf) => {
    const { engine } = test;
    await say(engine, "root");
    const c = await put(engine, toolCall("1"));
    const r = await put(engine, toolResult("1"));
    await say(engine, "end");
    const request = requestOf(c, r);
    expect(await refusal(engine, () => reorganize(engine, request))).toMatchObject({
      code: "invalid-argument",
      data: { warnings: [{ kind: "splits-pair", commits: [c, r] }] },
    });
    expect(kinds(await reorganize(engine, { ...request, force: true }))).toEqual(["splits-pair"]);
  });

  it("are not split when the call stands before the range, and an orphan may go", async () => {
    const { engine } = test;
    const c = await put(engine, toolCall("1"));
    const r = await put(engine, toolResult("1"));
    const orphan = await put(engine, toolResult("2"));
    await say(engine, "end");
    expect((await refusal(engine, () => reorganize(engine, { from: c, drop: [r] }))).code).toBe(
      "invalid-argument",
    );
    expect((await reorganize(engine, { drop: [orphan] })).warnings).toEqual([]);
  });

  it("go together, and move together", async () => {
    const { engine } = test;
    const a = await say(engine, "a");
    const c = await put(engine, toolCall("1"));
    const r = await put(engine, toolResult("1"));
    expect((await reorganize(engine, { order: [c, r, a] })).warnings).toEqual([]);
    expect((await reorganize(engine, { drop: ["HEAD~1", "HEAD~2"] })).warnings).toEqual([]);
    expect(await texts(engine)).toEqual(["a"]);
  });
});

describe("squash", () => {
  it("joins texts by a blank line, edits included, with all labels and the highest priority", async () => {
    const { engine } = test;
    const a = await say(engine, "a", { labels: ["x"] });
    const b = await say(engine, "b", { labels: ["y"] });
    await say(engine, "answer", { role: "assistant" });
    const edit = await say(engine, "a!", { editTarget: a });
    await annotate(engine, { refs: [b], priority: "important", addLabels: ["z"] });
    const done = await reorganize(engine, { squash: [[a, b]] });
    expect(await texts(engine)).toEqual(["a!\n\nb", "answer"]);
    expect(new Set([a, b, edit].map((old) => newOf(done, old))).size).toBe(1);
    const joined = newOf(done, a) ?? a;
    expect(await read(engine, joined)).toMatchObject({ labels: ["x", "y"], message: "dialogue: a! b" });
    expect((await engine.store.readCommitAnnotations("test", joined))[0]).toMatchObject({
      priority: "important",
      labels: ["z"],
    });
    const [operation] = await engine.store.readOperations("test", { limit: 1 });
    expect(operation).toMatchObject({ params: { mapping: [0, 0, 1, 0] } });
    expect(operation?.results).toHaveLength(2);
    expect(operation?.originalTokens).toBeGreaterThan(operation?.compressedTokens ?? 0);
  });

  it("takes a content and a message for the result", async () => {
    const { engine } = test;
    const [a, b, c] = await several(engine, "a", "b", "c");
    const done = await reorganize(engine, {
      squash: [{ refs: [b, c], content: "both", message: "joined" }],
    });
    expect(await texts(engine)).toEqual(["a", "both"]);
    expect((await read(engine, done.head)).message).toBe("joined");
    await say(engine, "d");
    await reorganize(engine, {
      squash: [{ refs: ["HEAD", "HEAD~1"], content: { content_type: "output", text: "out" } }],
    });
    expect(await texts(engine)).toEqual(["a", "out"]);
    expect(a).toBeDefined();
  });

  it("refuses pinned commits, tool messages, other roles, summaries, settings and commits that are not adjacent", async () => {
    const { engine } = test;
    const a = await say(engine, "a");
    const b = await say(engine, "b");
    const answer = await say(engine, "answer", { role: "assistant" });
    const c = await put(engine, toolCall("1"));
    const r = await put(engine, toolResult("1"));
    const config = await put(engine, { content_type: "config", settings: { recent: 3 } });
    const last = await say(engine, "last");
    const summary = await summarise(engine, [b], "b in short");
    const end = await say(engine, "end");
    for (const run of [
      [c, r],
      [b, answer],
      [config, last],
      [last, summary],
      [a, last],
      [a, b],
      [summary, end],
    ])
      expect(await refusal(engine, () => reorganize(engine, { squash: [run] }))).toMatchObject({
        code: "invalid-argument",
        data: { path: "squash.0" },
      });
    await annotate(engine, { refs: [end], priority: "pinned" });
    const more = await say(engine, "more");
    expect((await refusal(engine, () => reorganize(engine, { squash: [[end, more]] }))).code).toBe(
      "invalid-argument",
    );
    expect(
      (
        await refusal(engine, () =>
          reorganize(engine, { squash: [{ refs: [last, end], content: { content_type: "none" } }] }),
        )
      ).code,
    ).toBe("invalid-argument");
  });
});
