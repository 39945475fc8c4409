import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { status } from "../../../src/engine/history/status.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";
import { expectSound, headOf, providerProblems, texts } from "../../support/merging.ts";

let engine: Engine;
let close: () => Promise<void>;
let a: Hash;

beforeEach(async () => {
  ({ engine, close } = await openTestEngine({ store: "sqlite" }));
  a = await say(engine, "a");
  await say(engine, "b");
  await createBranch(engine, { name: "topic" });
});
afterEach(async () => {
  await expectSound(engine);
  await close();
});

const MARKED = "<<<<<<< ours (main)\na of main\n=======\na of topic\n>>>>>>> theirs (topic)";

async function recordBothEdit(): Promise<Hash | null> {
  await say(engine, "a of main", { editTarget: a });
  await say(engine, "a of topic", { editTarget: a, branch: "topic" });
  return (await merge(engine, { source: "topic", strategy: "record" })).mergeCommit;
}

async function open(branch?: string): Promise<readonly string[]> {
  return (await status(engine, { branch })).conflicts.map(({ kind, target }) => `${kind} ${target}`);
}

describe("a recorded conflict", () => {
  it("merges all the same, is marked in compile and listed in status", async () => {
    const merged = await recordBothEdit();
    expect(await texts(engine)).toEqual([MARKED, "b"]);
    expect((await status(engine)).conflicts).toEqual([{ kind: "both_edit", target: a, merge: merged }]);
    const [made] = await engine.store.readCommits("test", merged === null ? [] : [merged]);
    expect(JSON.stringify(made?.metadata)).not.toContain("of main");
    expect(made?.metadata).toMatchObject({ conflicts: [{ kind: "both_edit", target: a }] });
    expect((await merge(engine, { source: "topic" })).kind).toBe("up_to_date");
    expect((await merge(engine, { source: "topic", strategy: "record" })).kind).toBe("up_to_date");
  });

  it("is told again by a merge of the same source, until it is resolved", async () => {
    await recordBothEdit();
    const again = await merge(engine, { source: "topic" });
    expect(again).toMatchObject({
      kind: "up_to_date",
      conflicts: [
        { kind: "both_edit", target: a, ours: { text: "a of main" }, theirs: { text: "a of topic" } },
      ],
    });
    await merge(engine, { source: "topic", strategy: "ours" });
    expect((await merge(engine, { source: "topic" })).conflicts).toEqual([]);
  });

  it("is resolved while others stay open, which a warning says", async () => {
    const b = await say(engine, "c");
    await merge(engine, { source: "main", into: "topic" });
    await say(engine, "c of main", { editTarget: b });
    await say(engine, "c of topic", { editTarget: b, branch: "topic" });
    await recordBothEdit();
    const first = await merge(engine, { source: "topic", resolutions: [{ target: a, pick: "ours" }] });
    expect(first).toMatchObject({
      kind: "resolved",
      warnings: [expect.stringContaining("1 conflict is still open")],
    });
    const second = await merge(engine, { source: "topic", resolutions: [{ target: b, pick: "ours" }] });
    expect(second).toMatchObject({ kind: "resolved", warnings: [] });
  });

  it("is not taken for a text of its side when the source edits the same again", async () => {
    await recordBothEdit();
    await say(engine, "a of topic again", { editTarget: a, branch: "topic" });
    const ends = [
      ["ours", "a of main"],
      ["theirs", "a of topic again"],
      ["both", "## ours (main)\n\na of main\n\n## theirs (topic)\n\na of topic again"],
    ] as const;
    for (const [strategy, shown] of ends) {
      await merge(engine, { source: "topic", strategy });
      expect(await texts(engine)).toEqual([shown, "b"]);
      expect(await open()).toEqual([]);
      await undo(engine, {});
    }
    await merge(engine, { source: "topic", strategy: "record" });
    expect(await open()).toHaveLength(1);
    expect(await texts(engine)).toEqual([expect.stringContaining("a of topic again"), "b"]);
    await merge(engine, { source: "topic", strategy: "ours" });
    expect(await texts(engine)).toEqual(["a of main", "b"]);
    expect(await open()).toEqual([]);
  });

  it("of a branch that is merged in stands for what that branch said itself", async () => {
    await createBranch(engine, { name: "side" });
    await say(engine, "a of side", { editTarget: a, branch: "side" });
    await recordBothEdit();
    const report = await merge(engine, { source: "main", into: "side" });
    expect(report).toMatchObject({ kind: "conflicts", conflicts: [{ theirs: { text: MARKED } }] });
    await merge(engine, { source: "main", into: "side", strategy: "theirs" });
    expect(await texts(engine, "side")).toEqual(["a of main", "b"]);
    expect(await open("side")).toEqual([]);
  });

  it("is resolved later in the operation that deletes its source", async () => {
    await recordBothEdit();
    const result = await merge(engine, { source: "topic", strategy: "theirs", deleteSource: true });
    expect(result.kind).toBe("resolved");
    expect(await engine.store.readRef("test", "branch", "topic")).toBeNull();
    await undo(engine, {});
    expect(await engine.store.readRef("test", "branch", "topic")).not.toBeNull();
    expect(await open()).toHaveLength(1);
  });

  it("does not block later work, and is resolved later by pick, content or strategy", async () => {
    await recordBothEdit();
    await say(engine, "c");
    const ends = [
      [{ resolutions: [{ target: a, pick: "theirs" as const }] }, "a of topic"],
      [{ resolutions: [{ target: a, pick: "base" as const }] }, "a"],
      [{ resolutions: [{ target: a.slice(0, 8), content: "agreed" }] }, "agreed"],
      [{ strategy: "ours" as const }, "a of main"],
      [{ strategy: "both" as const }, "## ours (main)\n\na of main\n\n## theirs (topic)\n\na of topic"],
    ] as const;
    for (const [by, shown] of ends) {
      const foreseen = await merge(engine, { source: "topic", ...by, dryRun: true });
      expect(foreseen).toMatchObject({ kind: "resolved", operationId: null });
      const result = await merge(engine, { source: "topic", ...by });
      expect(result).toMatchObject({ kind: "resolved", mergeCommit: null, resolutions: [{ target: a }] });
      expect(await texts(engine)).toEqual([shown, "b", "c"]);
      expect(await open()).toEqual([]);
      await undo(engine, {});
      expect(await open()).toHaveLength(1);
    }
  });

  it("is resolved by naming the merge commit when the source is gone", async () => {
    await say(engine, "a of main", { editTarget: a });
    await say(engine, "a of topic", { editTarget: a, branch: "topic" });
    const { mergeCommit } = await merge(engine, { source: "topic", strategy: "record", deleteSource: true });
    await merge(engine, { source: String(mergeCommit), resolutions: [{ target: a, content: "agreed" }] });
    expect(await texts(engine)).toEqual(["agreed", "b"]);
  });

  it("is ended by a plain edit, or a skip, of its target", async () => {
    await recordBothEdit();
    await say(engine, "by hand", { editTarget: a });
    expect(await open()).toEqual([]);
    await undo(engine, {});
    await annotate(engine, { refs: [a], priority: "skip" });
    expect(await open()).toEqual([]);
    await undo(engine, {});
    expect(await open()).toHaveLength(1);
  });

  it("refuses resolutions of targets that are not open, and names those that are", async () => {
    await recordBothEdit();
    const resolutions = [{ target: "ffff", pick: "ours" as const }];
    expect(await refusal(engine, () => merge(engine, { source: "topic", resolutions }))).toMatchObject({
      code: "invalid-argument",
      data: { targets: [a] },
    });
    await merge(engine, { source: "topic", strategy: "ours" });
    expect(await refusal(engine, () => merge(engine, { source: "topic", resolutions }))).toMatchObject({
      code: "invalid-argument",
      data: { targets: [], expected: expect.stringContaining("there is no conflict") },
    });
  });

  it("belongs to the branches that have it, and stays when they merge", async () => {
    await recordBothEdit();
    await createBranch(engine, { name: "side" });
    await say(engine, "c");
    await say(engine, "d", { branch: "side" });
    expect(await open("topic")).toEqual([]);
    expect(await open("side")).toHaveLength(1);
    expect((await merge(engine, { source: "side" })).kind).toBe("clean");
    expect(await open()).toHaveLength(1);
    expect((await texts(engine))[0]).toBe(MARKED);
    await undo(engine, {});
    await say(engine, "agreed", { editTarget: a, branch: "side" });
    expect((await merge(engine, { source: "side" })).kind).toBe("clean");
    expect(await open()).toEqual([]);
    expect((await texts(engine))[0]).toBe("agreed");
  });

  it("of a priority shows the commit until it is decided", async () => {
    await annotate(engine, { refs: [a], priority: "skip" });
    await say(engine, "c");
    await annotate(engine, { refs: [a], priority: "pinned", branch: "topic" });
    await say(engine, "d", { branch: "topic" });
    await merge(engine, { source: "topic", strategy: "record" });
    expect(await open()).toEqual([`priority ${a}`]);
    expect((await texts(engine))[0]).toContain("ours (main): skip");
    await merge(engine, { source: "topic", resolutions: [{ target: a, pick: "ours" }] });
    expect(await texts(engine)).toEqual(["b", "c", "d"]);
    expect(await open()).toEqual([]);
    await undo(engine, {});
    await merge(engine, { source: "topic", resolutions: [{ target: a, pick: "theirs" }] });
    expect(await texts(engine)).toEqual(["a", "b", "c", "d"]);
  });

  it("of a skip against an edit shows both, and each pick ends it", async () => {
    await annotate(engine, { refs: [a], priority: "skip" });
    await say(engine, "c");
    await say(engine, "new a", { editTarget: a, branch: "topic" });
    await merge(engine, { source: "topic", strategy: "record" });
    expect(await open()).toEqual([`skip_vs_edit ${a}`]);
    expect((await texts(engine))[0]).toContain("new a\n>>>>>>> ");
    await merge(engine, { source: "topic", strategy: "theirs" });
    expect(await texts(engine)).toEqual(["new a", "b", "c"]);
    await undo(engine, {});
    await merge(engine, { source: "topic", strategy: "ours" });
    expect(await texts(engine)).toEqual(["b", "c"]);
    expect(await open()).toEqual([]);
  });

  it("of what is both edited and judged differently is one mark and two conflicts", async () => {
    await annotate(engine, { refs: [a], priority: "skip" });
    await annotate(engine, { refs: [a], priority: "pinned", branch: "topic" });
    await recordBothEdit();
    expect(await open()).toEqual([`both_edit ${a}`, `priority ${a}`]);
    expect((await texts(engine))[0]).toBe(MARKED);
    await merge(engine, { source: "topic", resolutions: [{ target: a, content: "agreed" }] });
    expect((await texts(engine))[0]).toBe("agreed");
    expect(await open()).toEqual([]);
  });

  it("of calls, free JSON, base64 and metadata is marked, too, and providers take it", async () => {
    const call = { content_type: "tool_io", tool_name: "read", direction: "call", call_id: "1" } as const;
    const contents = [
      { ...call, payload: { at: "base" } },
      { content_type: "freeform", payload: { at: "base" } },
      { content_type: "artifact", artifact_type: "image", content: "QUJD", media_type: "image/png" },
      { content_type: "metadata", kind: "k", data: { at: "base" } },
    ];
    const { commits } = await commit(engine, { items: contents.map((content) => ({ content })) });
    await say(engine, "", { content: { ...call, direction: "result", payload: "done" } });
    await merge(engine, { source: "main", into: "topic" });
    for (const branch of ["main", "topic"]) {
      const edited = [
        { ...call, payload: { at: branch } },
        { content_type: "freeform", payload: { at: branch } },
        {
          content_type: "artifact",
          artifact_type: "image",
          content: `QUJD${branch === "main" ? "QQ==" : "Qg=="}`,
          media_type: "image/png",
        },
        { content_type: "metadata", kind: "k", data: { at: branch } },
      ];
      const items = edited.map((content, i) => ({ content, editTarget: commits[i]?.hash }));
      await commit(engine, { branch, items });
    }
    expect(
      (await merge(engine, { source: "topic", strategy: "both" })).conflicts.map(({ target }) => target),
    ).toEqual([commits[2]?.hash]);
    await merge(engine, { source: "topic", strategy: "record" });
    expect(await open()).toHaveLength(4);
    expect((await texts(engine)).filter((text) => text.includes("<<<<<<<"))).toHaveLength(3);
    expect(await providerProblems(engine, "main")).toEqual([]);
    await merge(engine, { source: "topic", strategy: "theirs" });
    expect(await open()).toEqual([]);
    const { messages } = await compile(engine, { ref: "topic" });
    expect((await compile(engine, {})).messages).toEqual(messages);
  });

  it("is cut where both texts together would be too large, and never refused", async () => {
    const limits = { ...engine.limits, contentBytesMax: 40_000 };
    await say(engine, "o".repeat(30_000), { editTarget: a });
    await say(engine, "t".repeat(30_000), { editTarget: a, branch: "topic" });
    const small = { ...engine, limits };
    expect((await refusal(small, () => merge(small, { source: "topic", strategy: "both" }))).code).toBe(
      "content-too-large",
    );
    expect((await merge(small, { source: "topic", strategy: "record" })).kind).toBe("recorded");
    expect(await open()).toHaveLength(1);
    expect(await headOf(engine, "main")).not.toBeNull();
  });
});
