import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import type { Side } from "../../../src/engine/history/open-conflicts.ts";
import { status } from "../../../src/engine/history/status.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import type { Resolution } from "../../../src/engine/merge/decisions.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine } from "../../support/engine.ts";
import { inWorktree, say } from "../../support/history.ts";
import { expectSound, revealOn, summariseOn, texts } from "../../support/merging.ts";
import { summarise } from "../../support/summaries.ts";

const SUMMARY = "[Summary of 2 earlier messages]\nboth";

let engine: Engine;
let close: () => Promise<void>;
let a: Hash;
let b: Hash;

beforeEach(async () => {
  ({ engine, close } = await openTestEngine({ store: "sqlite" }));
  a = await say(engine, "a");
  b = await say(engine, "b");
  await say(engine, "c");
  await createBranch(engine, { name: "topic" });
});
afterEach(async () => {
  await expectSound(engine);
  await close();
});

describe.each([
  ["ours", "main", "topic"],
  ["theirs", "topic", "main"],
] as const)("what %s compressed and the other side edits", (compressor, compressing, editing) => {
  const editor: Side = compressor === "ours" ? "theirs" : "ours";
  let summary: Hash;
  let edited: Hash;
  beforeEach(async () => {
    summary = await summariseOn(engine, compressing, [a, b], "both");
    edited = await say(engine, "new a", { editTarget: a, branch: editing });
  });

  it("is a conflict with the summary on one side and the edit on the other", async () => {
    expect(await merge(engine, { source: "topic" })).toMatchObject({
      kind: "conflicts",
      conflicts: [
        {
          kind: "compress_vs_edit",
          target: a,
          compressedBy: compressor,
          base: { text: "a" },
          [compressor]: { commits: [summary], text: SUMMARY },
          [editor]: { commits: [edited], text: "new a" },
        },
      ],
    });
  });

  it("stays compressed when the compressing side is picked", async () => {
    expect(await merge(engine, { source: "topic", strategy: compressor })).toMatchObject({
      kind: "resolved",
      edits: [],
    });
    expect(await texts(engine)).toEqual([SUMMARY, "c"]);
  });

  it("shows the originals with the edit when the editing side is picked", async () => {
    await merge(engine, { source: "topic", strategy: editor });
    expect(await texts(engine)).toEqual(["new a", "b", "c"]);
  });

  it("adds the edited text to the summary for both", async () => {
    await merge(engine, { source: "topic", strategy: "both" });
    const [shown] = await texts(engine);
    expect(shown).toContain("both\n\n## ");
    expect(shown).toContain("new a");
    expect((await texts(engine)).slice(1)).toEqual(["c"]);
  });

  it("shows the originals with the content given, or with the base", async () => {
    await merge(engine, { source: "topic", resolutions: [{ target: a, content: "agreed" }] });
    expect(await texts(engine)).toEqual(["agreed", "b", "c"]);
    await undo(engine, {});
    await merge(engine, { source: "topic", resolutions: [{ target: a, pick: "base" }] });
    expect(await texts(engine)).toEqual(["a", "b", "c"]);
  });

  it("decides one original of the summary without losing what was decided of another", async () => {
    await say(engine, "new b", { editTarget: b, branch: editing });
    const resolutions: readonly Resolution[] = [
      { target: a, pick: editor },
      { target: b, pick: compressor },
    ];
    await merge(engine, { source: "topic", resolutions });
    expect(await texts(engine)).toEqual(["new a", "b", "c"]);
  });

  it("is marked in the summary on record, and each way of resolving it later ends it", async () => {
    const { mergeCommit } = await merge(engine, { source: "topic", strategy: "record" });
    const [marked] = await texts(engine);
    expect(marked).toContain("<<<<<<< ");
    expect(marked).toContain("new a");
    expect(marked).toContain("both");
    const open = [{ kind: "compress_vs_edit", target: a, merge: mergeCommit }];
    expect((await status(engine)).conflicts).toEqual(open);
    const ends = [
      [{ pick: compressor }, [SUMMARY, "c"]],
      [{ pick: editor }, ["new a", "b", "c"]],
      [{ content: "agreed" }, ["agreed", "b", "c"]],
    ] as const;
    for (const [by, shown] of ends) {
      const result = await merge(engine, { source: "topic", resolutions: [{ target: a, ...by }] });
      expect(result).toMatchObject({ kind: "resolved", mergeCommit: null });
      expect(await texts(engine)).toEqual(shown);
      expect((await status(engine)).conflicts).toEqual([]);
      await undo(engine, {});
      expect((await status(engine)).conflicts).toEqual(open);
    }
  });

  it("resolves what was marked in its original, because another original was picked", async () => {
    await say(engine, "new b", { editTarget: b, branch: editing });
    const resolutions: readonly Resolution[] = [{ target: a, pick: editor }];
    const { mergeCommit } = await merge(engine, { source: "topic", strategy: "record", resolutions });
    expect((await texts(engine))[1]).toContain("<<<<<<< ");
    expect((await status(engine)).conflicts).toEqual([
      { kind: "compress_vs_edit", target: b, merge: mergeCommit },
    ]);
    for (const [pick, shown] of [
      [compressor, "b"],
      [editor, "new b"],
    ] as const) {
      const later = await merge(engine, { source: "topic", resolutions: [{ target: b, pick }] });
      expect(later.edits).toHaveLength(1);
      expect(await texts(engine)).toEqual(["new a", shown, "c"]);
      expect((await status(engine)).conflicts).toEqual([]);
      await undo(engine, {});
    }
  });

  it("leaves the neighbour under the same summary open when one is resolved later", async () => {
    await say(engine, "new b", { editTarget: b, branch: editing });
    await merge(engine, { source: "topic", strategy: "record" });
    expect((await status(engine)).conflicts).toHaveLength(2);
    for (const pick of [editor, compressor] as const) {
      await merge(engine, { source: "topic", resolutions: [{ target: a, pick }] });
      expect((await status(engine)).conflicts.map(({ target }) => target)).toEqual([b]);
      expect((await texts(engine)).join("\n")).toContain("new b");
      expect((await texts(engine)).join("\n")).toContain("<<<<<<< ");
      await undo(engine, {});
    }
  });
});

describe("summaries without a conflict", () => {
  it("of both sides over overlapping ranges stay, and nothing shows twice or gets lost", async () => {
    const d = await say(engine, "d");
    await merge(engine, { source: "main", into: "topic" });
    await summariseOn(engine, "main", [a, b], "of main");
    await summariseOn(engine, "topic", [b, d], "of topic");
    expect((await merge(engine, { source: "topic" })).kind).toBe("clean");
    const shown = await texts(engine);
    expect(shown.join("\n")).toContain("of main");
    expect(shown.join("\n")).toContain("of topic");
    expect(shown).toContain("c");
    for (const hidden of ["a", "b", "d"]) expect(shown).not.toContain(hidden);
  });

  it("an edit of what is pinned shows although it is summarised", async () => {
    await annotate(engine, { refs: [a], priority: "pinned" });
    await summariseOn(engine, "main", [a, b], "both");
    await say(engine, "new a", { editTarget: a, branch: "topic" });
    expect((await merge(engine, { source: "topic" })).kind).toBe("clean");
    expect(await texts(engine)).toContain("new a");
  });

  it("a summary that the editing side had ended before it edited", async () => {
    const summary = await summariseOn(engine, "main", [a, b], "both");
    await merge(engine, { source: "main", into: "topic" });
    await revealOn(engine, "topic", summary);
    await say(engine, "new a", { editTarget: a, branch: "topic" });
    await say(engine, "d");
    expect((await merge(engine, { source: "topic" })).kind).toBe("clean");
    expect(await texts(engine)).toEqual(["new a", "b", "c", "d"]);
  });

  it("summaries of summaries all end when the edit is picked", async () => {
    const inner = await summariseOn(engine, "main", [a, b], "inner");
    await summariseOn(engine, "main", [inner], "outer");
    await say(engine, "new a", { editTarget: a, branch: "topic" });
    await merge(engine, { source: "topic", strategy: "theirs" });
    expect(await texts(engine)).toEqual(["new a", "b", "c"]);
  });

  it("what restore hid shows again, marked, when an edit of it is on record", async () => {
    const there = inWorktree(engine, "second");
    await checkout(there, { ref: "main" });
    await summarise(there, [a, b], "", "restore");
    await say(engine, "new a", { editTarget: a, branch: "topic" });
    for (const [strategy, shown] of [
      ["ours", ["c"]],
      ["both", ["## ours (main)\n\na\n\n## theirs (topic)\n\nnew a", "b", "c"]],
      ["record", ["<<<<<<< ours (main)\na\n=======\nnew a\n>>>>>>> theirs (topic)", "b", "c"]],
    ] as const) {
      expect((await merge(engine, { source: "topic", strategy })).conflicts[0]?.kind).toBe(
        "compress_vs_edit",
      );
      expect(await texts(engine)).toEqual(shown);
      expect((await status(engine)).conflicts).toHaveLength(strategy === "record" ? 1 : 0);
      await undo(engine, {});
    }
  });

  it("a summary that is marked already is never taken for a text when the other side edits again", async () => {
    await summariseOn(engine, "main", [a, b], "both");
    await say(engine, "new a", { editTarget: a, branch: "topic" });
    await merge(engine, { source: "topic", strategy: "record" });
    await say(engine, "newer a", { editTarget: a, branch: "topic" });
    const ends = [
      ["ours", [SUMMARY, "c"]],
      ["theirs", ["newer a", "b", "c"]],
      [
        "both",
        [expect.stringMatching(/^\[Summary of 2 earlier messages\]\nboth\n\n## theirs.*\n\nnewer a$/), "c"],
      ],
    ] as const;
    for (const isRecorded of [false, true]) {
      if (isRecorded) await merge(engine, { source: "topic", strategy: "record" });
      for (const [strategy, shown] of ends) {
        await merge(engine, { source: "topic", strategy });
        expect(await texts(engine)).toEqual(shown);
        expect((await status(engine)).conflicts).toEqual([]);
        await undo(engine, {});
      }
    }
  });

  it("two edits of one summary are both_edit", async () => {
    const summary = await summariseOn(engine, "main", [a, b], "both");
    await merge(engine, { source: "main", into: "topic" });
    await say(engine, "of main", { editTarget: summary });
    await say(engine, "of topic", { editTarget: summary, branch: "topic" });
    expect((await merge(engine, { source: "topic" })).conflicts).toMatchObject([
      { kind: "both_edit", target: summary },
    ]);
    await merge(engine, { source: "topic", resolutions: [{ target: summary, content: "agreed" }] });
    expect((await texts(engine))[0]).toBe("[Summary of 2 earlier messages]\nagreed");
  });
});
