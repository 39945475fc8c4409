import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createContentTypes } from "../../../src/engine/content/content-types.ts";
import { defineContentType } from "../../../src/engine/content/custom-types.ts";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { importCommit } from "../../../src/engine/rewrite/import-commit.ts";
import { reorganize } from "../../../src/engine/rewrite/reorganize.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { outrunOnce, refusal, say } from "../../support/history.ts";
import { mergeIn } from "../../support/merge-in.ts";
import { put, read, texts } from "../../support/rewriting.ts";
import { reveal, summarise } from "../../support/summaries.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  for (const { name } of await test.engine.store.listTracts())
    expect((await verify(withScope(test.engine, { tract: name }), {})).problems).toEqual([]);
  await test.close();
});

/** A branch `topic` with its own commits, and HEAD back on main. */
async function onTopic<Made>(engine: Engine, make: () => Promise<Made>): Promise<Made> {
  await say(engine, "root");
  await createBranch(engine, { name: "topic", switch: true });
  const made = await make();
  await checkout(engine, { ref: "main" });
  return made;
}

describe("importing from another branch", () => {
  it("makes the same contents on this head, with everything that belongs to them", async () => {
    const { engine } = test;
    const a = await onTopic(engine, async () => {
      const made = await say(engine, "a", { labels: ["x"], metadata: { k: 1 }, message: "mine" });
      await annotate(engine, { refs: [made], priority: "important", addLabels: ["late"] });
      return made;
    });
    const done = await importCommit(engine, { refs: ["topic"] });
    expect(await texts(engine)).toEqual(["root", "a"]);
    const copy = await read(engine, done.head);
    const { contentHash, author } = await read(engine, a);
    expect(copy).toMatchObject({ contentHash, author, labels: ["x"], metadata: { k: 1 }, message: "mine" });
    expect((await engine.store.readCommitAnnotations("test", copy.hash))[0]).toMatchObject({
      priority: "important",
      labels: ["late"],
    });
    expect(done.mapping).toEqual([{ from: a, to: copy.hash }]);
    expect(done.tokensAfter).toBeGreaterThan(done.tokensBefore);
    const [operation] = await engine.store.readOperations("test", { limit: 1 });
    expect(operation).toMatchObject({ type: "import_commit", sources: [a], results: [copy.hash] });
    const { entries } = await queryLedger(engine, { eventType: "IMPORTED" });
    expect(entries).toMatchObject([{ submissionId: done.operationId, decision: "import_commit" }]);
  });

  it("takes ranges in linear order, single commits in the order given, and is undone at once", async () => {
    const { engine } = test;
    const [a, b, c] = await onTopic(engine, async () => [
      await say(engine, "a"),
      await say(engine, "b"),
      await say(engine, "c"),
    ]);
    await importCommit(engine, { refs: ["main..topic"] });
    expect(await texts(engine)).toEqual(["root", "a", "b", "c"]);
    await undo(engine);
    expect(await texts(engine)).toEqual(["root"]);
    await importCommit(engine, { refs: [c, `${a}..${b}`] });
    expect(await texts(engine)).toEqual(["root", "c", "b"]);
  });

  it("passes merges and reveals of a range over, and refuses them by name", async () => {
    const { engine } = test;
    const { merge, shown } = await onTopic(engine, async () => {
      const a = await say(engine, "a");
      const shown = await reveal(engine, await summarise(engine, [a], "short"));
      await createBranch(engine, { name: "side", from: a });
      await say(engine, "s", { branch: "side" });
      return { shown, merge: await mergeIn(engine, "side") };
    });
    const done = await importCommit(engine, { refs: ["main..topic"] });
    expect(done.warnings.map(({ kind }) => kind)).toEqual(["reveal-dropped", "merge-flattened"]);
    expect(await texts(engine)).toEqual(["root", expect.stringContaining("short"), "s"]);
    for (const ref of [merge, shown])
      expect(await refusal(engine, () => importCommit(engine, { refs: [ref] }))).toMatchObject({
        code: "invalid-argument",
        data: { commits: [ref] },
      });
  });

  it("refuses no ref, unknown ones, one twice, and ranges that are empty", async () => {
    const { engine } = test;
    const a = await onTopic(engine, () => say(engine, "a"));
    for (const [refs, code] of [
      [[], "invalid-argument"],
      [["nowhere"], "not-found"],
      [[a, "topic"], "invalid-argument"],
      [["topic..main"], "invalid-argument"],
      [["a...b"], "invalid-argument"],
    ] as const)
      expect((await refusal(engine, () => importCommit(engine, { refs }))).code).toBe(code);
    await checkout(engine, { ref: a });
    expect((await refusal(engine, () => importCommit(engine, { refs: [a] }))).code).toBe("detached-head");
  });

  it("plans again on what came meanwhile", async () => {
    const { engine } = test;
    await onTopic(engine, () => say(engine, "a"));
    const race = outrunOnce(engine, () => say(engine, "first"));
    await importCommit(race.engine, { refs: ["topic"] });
    expect(race.attempts()).toBe(2);
    expect(await texts(engine)).toEqual(["root", "first", "a"]);
  });

  it("warns of a call without its result, and the reverse", async () => {
    const { engine } = test;
    const call = { content_type: "tool_io", tool_name: "t", direction: "call", payload: {}, call_id: "1" };
    const [c, r] = await onTopic(engine, async () => [
      await put(engine, call),
      await put(engine, { ...call, direction: "result", payload: "ok" }),
    ]);
    expect((await importCommit(engine, { refs: [c] })).warnings).toMatchObject([
      { kind: "splits-pair", commits: [c] },
    ]);
    expect((await importCommit(engine, { refs: [r] })).warnings).toMatchObject([
      { kind: "splits-pair", commits: [r] },
    ]);
    expect((await importCommit(engine, { refs: [c, r] })).warnings).toEqual([]);
  });
});

describe("an imported edit", () => {
  it("replaces the commit that it replaced where that is here", async () => {
    const { engine } = test;
    await onTopic(engine, () => say(engine, "root!", { editTarget: "main" }));
    await importCommit(engine, { refs: ["topic"] });
    expect(await texts(engine)).toEqual(["root!"]);
  });

  it("is refused without its target, which is told with the choices", async () => {
    const { engine } = test;
    const [a, edit] = await onTopic(engine, async () => {
      const target = await say(engine, "a");
      return [target, await say(engine, "a!", { editTarget: target })];
    });
    expect(await refusal(engine, () => importCommit(engine, { refs: [edit] }))).toMatchObject({
      code: "edit-target",
      data: { missing: [{ edit, target: a }], choices: ["as_append", "with_target", "drop"] },
    });
    expect(
      (await refusal(engine, () => importCommit(engine, { refs: [edit], onMissingTarget: "drop" }))).code,
    ).toBe("nothing-to-do");
  });

  it.each([
    ["as_append", ["root", "end", "a!"]],
    ["with_target", ["root", "a!", "end"]],
    ["drop", ["root", "end"]],
  ] as const)("without its target does what it is told: %s", async (onMissingTarget, expected) => {
    const { engine } = test;
    const [edit, end] = await onTopic(engine, async () => {
      const target = await say(engine, "a");
      const last = await say(engine, "end");
      return [await say(engine, "a!", { editTarget: target }), last];
    });
    const refs = onMissingTarget === "with_target" ? [edit, end] : [end, edit];
    const done = await importCommit(engine, { refs, onMissingTarget });
    expect(await texts(engine)).toEqual(expected);
    expect(done.mapping.find(({ from }) => from === edit)?.to === null).toBe(onMissingTarget === "drop");
  });

  it("applies to a target that came with it or by an earlier import", async () => {
    const { engine } = test;
    const [a, first, second] = await onTopic(engine, async () => {
      const target = await say(engine, "a");
      const once = await say(engine, "a!", { editTarget: target });
      return [target, once, await say(engine, "a!!", { editTarget: target })];
    });
    await importCommit(engine, { refs: [a, first] });
    expect(await texts(engine)).toEqual(["root", "a!"]);
    await importCommit(engine, { refs: [second] });
    expect(await texts(engine)).toEqual(["root", "a!!"]);
  });

  it("is refused where a summary stands for its target", async () => {
    const { engine } = test;
    await onTopic(engine, () => say(engine, "root!", { editTarget: "main" }));
    const summary = await summarise(engine, [(await read(engine, await headOf(engine))).hash], "short");
    expect(await refusal(engine, () => importCommit(engine, { refs: ["topic"] }))).toMatchObject({
      code: "edit-target",
      data: { summary },
    });
  });
});

async function headOf(engine: Engine): Promise<Hash | null> {
  const value = (await engine.store.readRef("test", "branch", "main"))?.value;
  return value !== undefined && "commit" in value ? value.commit : null;
}

describe("an imported summary", () => {
  it("stands for its sources where they are here, or came along", async () => {
    const { engine } = test;
    const [a, summary] = await onTopic(engine, async () => {
      const source = await say(engine, "a");
      return [source, await summarise(engine, [source], "a in short")];
    });
    await importCommit(engine, { refs: [a, summary] });
    const [root, short, ...rest] = await texts(engine);
    expect([root, rest]).toEqual(["root", []]);
    expect(short).toContain("a in short");
    expect((await read(engine, await headOf(engine))).operation).toBe("summary");
  });

  it("is a user's message elsewhere, and so is its edit", async () => {
    const { engine } = test;
    const [summary, edit] = await onTopic(engine, async () => {
      const made = await summarise(engine, [await say(engine, "a")], "a in short");
      return [made, await say(engine, "shorter", { editTarget: made })];
    });
    const done = await importCommit(engine, { refs: [summary, edit] });
    expect(done.warnings.map(({ kind }) => kind)).toEqual(["summary-as-message"]);
    const copy = await read(engine, done.mapping[0]?.to);
    expect(copy).toMatchObject({ operation: "append", contentType: "dialogue", role: "user" });
    expect(await read(engine, done.head)).toMatchObject({
      operation: "edit",
      contentType: "dialogue",
      editTarget: copy.hash,
    });
    expect((await texts(engine))[1]).toContain("shorter");
  });
});

describe("an imported edit of a summary", () => {
  it("replaces the text of the summary that is here, by itself or by an earlier import", async () => {
    const { engine } = test;
    const root = await say(engine, "root");
    const summary = await summarise(engine, [root], "short");
    await createBranch(engine, { name: "topic", switch: true });
    const edit = await say(engine, "shorter", { editTarget: summary });
    const b = await say(engine, "b");
    const second = await summarise(engine, [b], "b in short");
    const edited = await say(engine, "even shorter", { editTarget: second });
    await checkout(engine, { ref: "main" });
    await importCommit(engine, { refs: [edit] });
    expect((await texts(engine)).join()).toContain("shorter");
    const done = await importCommit(engine, { refs: [b, second] });
    await importCommit(engine, { refs: [edited] });
    expect(await read(engine, await headOf(engine))).toMatchObject({
      contentType: "summary",
      editTarget: done.head,
    });
    expect((await texts(engine)).join()).toContain("even shorter");
  });

  it("is left out with a summary that only hides, where there is nothing to hide", async () => {
    const { engine } = test;
    const hides = await onTopic(engine, async () =>
      summarise(engine, [await say(engine, "a")], "", "restore"),
    );
    const done = await importCommit(engine, { refs: ["main..topic"] });
    expect(await texts(engine)).toEqual(["root"]);
    await undo(engine);
    expect((await refusal(engine, () => importCommit(engine, { refs: [hides] }))).code).toBe("nothing-to-do");
    expect(done.warnings).toEqual([]);
  });
});

describe("importing from another tract", () => {
  it("brings contents, annotations and custom types along, and finds earlier copies", async () => {
    const { engine } = test;
    const types = createContentTypes();
    types.set("note", defineContentType("note", z.object({ text: z.string() }), { role: "user" }));
    const other = withScope({ ...engine, contentTypes: types }, { tract: "other" });
    const note = await put(other, { content_type: "note", text: "remember" });
    await annotate(other, { refs: [note], priority: "pinned" });
    const edit = await say(other, "remember well", { editTarget: note });
    await say(engine, "root");
    const done = await importCommit(engine, { refs: [note], fromTract: "other" });
    expect(await texts(engine)).toEqual(["root", "remember"]);
    expect(await engine.store.listContentTypes("test")).toMatchObject([{ name: "note" }]);
    expect((await engine.store.readCommitAnnotations("test", done.head ?? note))[0]?.priority).toBe("pinned");
    await importCommit(engine, { refs: [edit], fromTract: "other" });
    expect(await texts(engine)).toEqual(["root", "remember well"]);
    const [operation] = await engine.store.readOperations("test", { limit: 1 });
    expect(operation).toMatchObject({ sources: [], params: { from_tract: "other", sources: [edit] } });
  });

  it("takes its HEAD and its branches, into a branch that has no commit yet", async () => {
    const { engine } = test;
    const other = withScope(engine, { tract: "other" });
    await say(other, "a");
    await createBranch(other, { name: "topic" });
    await say(other, "b", { branch: "topic" });
    await importCommit(engine, { refs: ["HEAD", "HEAD..topic"], fromTract: "other" });
    expect(await texts(engine)).toEqual(["a", "b"]);
    await importCommit(engine, { refs: ["HEAD~1"], fromTract: "test" });
    expect(await texts(engine)).toEqual(["a", "b", "a"]);
  });

  it("offers near names for an unknown one", async () => {
    const { engine } = test;
    await say(withScope(engine, { tract: "other" }), "a");
    await say(engine, "root");
    expect(
      await refusal(engine, () => importCommit(engine, { refs: ["HEAD"], fromTract: "othr" })),
    ).toMatchObject({
      code: "not-found",
      data: { near: ["other"] },
    });
  });

  it("survives being reorganized", async () => {
    const { engine } = test;
    const other = withScope(engine, { tract: "other" });
    await say(other, "a");
    await say(engine, "root");
    const end = await say(engine, "end");
    const { head } = await importCommit(engine, { refs: ["HEAD"], fromTract: "other" });
    await reorganize(engine, { order: [head ?? end, end] });
    expect(await texts(engine)).toEqual(["root", "a", "end"]);
  });
});
