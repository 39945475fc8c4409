import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { compile } from "../../../src/engine/compile/compile.ts";
import type { CustomContent } from "../../../src/engine/content/content-types.ts";
import { defineContentType } from "../../../src/engine/content/custom-types.ts";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { readSettings } from "../../../src/engine/history/settings.ts";
import { status } from "../../../src/engine/history/status.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import type { Hash, JsonObject, Priority } from "../../../src/storage/records.ts";
import { openTestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";
import { expectSound, headOf, texts } from "../../support/merging.ts";

let engine: Engine;
let close: () => Promise<void>;
let a: Hash;
let b: Hash;

beforeEach(async () => {
  ({ engine, close } = await openTestEngine({ store: "sqlite" }));
  a = await say(engine, "a");
  b = await say(engine, "b");
  await createBranch(engine, { name: "topic" });
});
afterEach(async () => {
  await expectSound(engine);
  await close();
});

async function edit(target: Hash, text: string, branch = "main"): Promise<Hash> {
  return await say(engine, text, { editTarget: target, branch });
}

async function judge(target: Hash, priority: Priority, branch = "main"): Promise<void> {
  await annotate(engine, { refs: [target], priority, branch });
}

async function configure(settings: JsonObject, branch = "main", editTarget?: Hash): Promise<Hash> {
  return await say(engine, "", {
    content: { content_type: "config", settings },
    branch,
    ...(editTarget && { editTarget }),
  });
}

async function settingsOf(branch = "main"): Promise<Awaited<ReturnType<typeof readSettings>>> {
  return await readSettings(engine, "test", await headOf(engine, branch));
}

describe("what is no conflict", () => {
  it("an edit on one side and appends on the other, whichever side it is", async () => {
    await edit(a, "a of main");
    await edit(b, "b of topic", "topic");
    await say(engine, "c", { branch: "topic" });
    const result = await merge(engine, { source: "topic" });
    expect(result).toMatchObject({ kind: "clean", conflicts: [], edits: [] });
    expect(await texts(engine)).toEqual(["a of main", "b of topic", "c"]);
  });

  it("the same edit on both sides", async () => {
    await edit(a, "same");
    await edit(a, "same", "topic");
    expect((await merge(engine, { source: "topic" })).kind).toBe("clean");
    expect(await texts(engine)).toEqual(["same", "b"]);
  });

  it("a resolution of an earlier merge, seen again in a criss-cross history", async () => {
    await edit(a, "ours");
    await edit(a, "theirs", "topic");
    await merge(engine, { source: "topic", resolutions: [{ target: a, content: "agreed" }] });
    await say(engine, "later", { branch: "topic" });
    expect((await merge(engine, { source: "topic" })).kind).toBe("clean");
    expect(await texts(engine)).toEqual(["agreed", "b", "later"]);
    expect((await merge(engine, { source: "main", into: "topic" })).kind).toBe("fast_forward");
  });

  it("a skip and a pin of different commits, and labels given to what the other skipped", async () => {
    await judge(a, "skip");
    await judge(b, "pinned", "topic");
    await annotate(engine, { refs: [a], addLabels: ["seen"], branch: "topic" });
    await say(engine, "c");
    await say(engine, "d", { branch: "topic" });
    expect((await merge(engine, { source: "topic" })).kind).toBe("clean");
    expect(await texts(engine)).toEqual(["b", "c", "d"]);
  });

  it("settings of different keys, also when both edit one config commit", async () => {
    const config = await configure({ strategy: "full", recent: 1 });
    await merge(engine, { source: "main", into: "topic" });
    await configure({ strategy: "outline", recent: 1 }, "main", config);
    await configure({ strategy: "full", recent: 2 }, "topic", config);
    const result = await merge(engine, { source: "topic" });
    expect(result.kind).toBe("clean");
    expect(await settingsOf()).toMatchObject({ strategy: "outline", recent: 2 });
  });
});

describe("both_edit", () => {
  let ours: Hash;
  let theirs: Hash;
  beforeEach(async () => {
    ours = await edit(a, "a of main");
    theirs = await edit(a, "a of topic", "topic");
  });

  it("is reported with both sides and the base, and nothing changes", async () => {
    const before = await headOf(engine, "main");
    const result = await merge(engine, { source: "topic" });
    expect(result).toMatchObject({
      kind: "conflicts",
      operationId: null,
      head: before,
      conflicts: [
        {
          kind: "both_edit",
          target: a,
          base: { commits: [a], text: "a" },
          ours: { commits: [ours], text: "a of main" },
          theirs: { commits: [theirs], text: "a of topic" },
        },
      ],
    });
    expect(await headOf(engine, "main")).toBe(before);
  });

  it.each([
    ["ours", ["a of main", "b"]],
    ["theirs", ["a of topic", "b"]],
    ["both", ["## ours (main)\n\na of main\n\n## theirs (topic)\n\na of topic", "b"]],
  ] as const)("is resolved by strategy %s, which compile shows", async (strategy, shown) => {
    const result = await merge(engine, { source: "topic", strategy });
    expect(result).toMatchObject({
      kind: "resolved",
      resolutions: [{ kind: "both_edit", target: a, by: strategy }],
    });
    expect(result.edits).toHaveLength(1);
    expect(await texts(engine)).toEqual(shown);
    const [resolution] = await engine.store.readCommits("test", result.edits);
    expect(resolution).toMatchObject({ operation: "edit", editTarget: a, parents: [result.mergeCommit] });
    expect((await merge(engine, { source: "topic" })).kind).toBe("up_to_date");
  });

  it.each([
    [{ content: "agreed" }, "agreed"],
    [{ pick: "base" }, "a"],
    [{ content: { content_type: "dialogue", role: "assistant", text: "I agree" } }, "I agree"],
  ] as const)("is resolved by %o", async (by, shown) => {
    const result = await merge(engine, { source: "topic", resolutions: [{ target: a.slice(0, 10), ...by }] });
    expect(result.kind).toBe("resolved");
    expect((await texts(engine))[0]).toBe(shown);
  });

  it("refuses to finish with some conflicts unresolved, and names them", async () => {
    await edit(b, "b of main");
    await edit(b, "b of topic", "topic");
    const resolutions = [{ target: a, pick: "ours" as const }];
    const error = await refusal(engine, () => merge(engine, { source: "topic", resolutions }));
    expect(error).toMatchObject({ code: "conflicts", data: { targets: [b] } });
    expect(await merge(engine, { source: "topic", resolutions, strategy: "theirs" })).toMatchObject({
      kind: "resolved",
    });
    expect(await texts(engine)).toEqual(["a of main", "b of topic"]);
  });

  it("refuses resolutions that cannot be meant", async () => {
    const tries = [
      [{ target: b, pick: "ours" }, "invalid-argument"],
      [{ target: "abc", pick: "ours" }, "invalid-argument"],
      [{ target: a }, "invalid-argument"],
      [{ target: a, pick: "ours", content: "x" }, "invalid-argument"],
      [{ target: a, pick: "mine" as "ours" }, "invalid-argument"],
      [{ target: a, content: 7 }, "invalid-content"],
      [{ target: a, content: { content_type: "nonsense" } }, "invalid-content"],
      [{ target: a, content: { content_type: "config", settings: {} } }, "edit-target"],
    ] as const;
    for (const [resolution, code] of tries)
      expect(
        (await refusal(engine, () => merge(engine, { source: "topic", resolutions: [resolution] }))).code,
      ).toBe(code);
    const twice = [
      { target: a, pick: "ours" },
      { target: a.slice(0, 8), pick: "theirs" },
    ] as const;
    expect((await refusal(engine, () => merge(engine, { source: "topic", resolutions: twice }))).code).toBe(
      "invalid-argument",
    );
    const known = await refusal(engine, () =>
      merge(engine, { source: "topic", resolutions: [{ target: b, pick: "ours" }] }),
    );
    expect(known.data.targets).toEqual([a]);
  });

  it("takes the newest of several edits of a side, and keeps its config", async () => {
    await commit(engine, {
      items: [{ content: "newest", editTarget: a, generationConfig: { model: "m" }, labels: ["x"] }],
      branch: "topic",
    });
    const result = await merge(engine, { source: "topic", strategy: "theirs" });
    const [made] = await engine.store.readCommits("test", result.edits);
    expect(made).toMatchObject({ generationConfig: { model: "m" }, labels: ["x"] });
    expect((await texts(engine))[0]).toBe("newest");
  });

  it("of a tool result joins the payloads and stays a result", async () => {
    const tool = { content_type: "tool_io", tool_name: "read", call_id: "c1" } as const;
    await say(engine, "", { content: { ...tool, direction: "call", payload: { path: "x" } } });
    const result = await say(engine, "", {
      content: { ...tool, direction: "result", payload: { lines: 3 } },
    });
    await merge(engine, { source: "main", into: "topic", strategy: "ours" });
    await edit(result, "short");
    await say(engine, "", {
      content: { ...tool, direction: "result", payload: { lines: 4 } },
      editTarget: result,
      branch: "topic",
    });
    await merge(engine, { source: "topic", strategy: "both" });
    const { messages } = await compile(engine, { format: "openai" });
    expect(messages.at(-1)).toMatchObject({
      role: "tool",
      content: '## ours (main)\n\nshort\n\n## theirs (topic)\n\n{"lines":4}',
    });
  });

  it("of a custom type keeps the content as stored, whoever merges", async () => {
    const text = z.strictObject({ content_type: z.literal("note"), body: z.string() });
    const knowing = withScope({ ...engine, contentTypes: new Map(engine.contentTypes) }, {});
    const toText = ({ body }: CustomContent) => `Note: ${String(body)}`;
    knowing.contentTypes.set("note", defineContentType("note", text, { role: "user", toText }));
    const note = (body: string) => ({ content_type: "note", body });
    const target = await say(knowing, "", { content: note("one") });
    await merge(engine, { source: "main", into: "topic", strategy: "ours" });
    await say(knowing, "", { content: note("ours"), editTarget: target });
    await say(knowing, "", { content: note("theirs"), editTarget: target, branch: "topic" });
    expect((await merge(engine, { source: "topic", strategy: "both" })).kind).toBe("conflicts");
    await merge(engine, { source: "topic", strategy: "theirs" });
    expect((await texts(engine)).at(-1)).toBe("Note: theirs");
    await undo(engine, {});
    await merge(engine, { source: "topic", strategy: "record" });
    expect((await texts(engine)).at(-1)).toContain("Note: ours\n=======\nNote: theirs");
  });

  it("is undone and redone as one", async () => {
    const before = await texts(engine);
    await merge(engine, { source: "topic", strategy: "theirs" });
    const after = await texts(engine);
    const undone = await undo(engine, {});
    expect(await texts(engine)).toEqual(before);
    await undo(engine, { operation: undone.operationId ?? undefined });
    expect(await texts(engine)).toEqual(after);
  });
});

describe("skip_vs_edit and priority", () => {
  it("a skip against an edit: the pick of a side is what counts afterwards", async () => {
    const shown = { ours: ["b", "c"], theirs: ["new a", "b", "c"], both: ["new a", "b", "c"] } as const;
    await judge(a, "skip");
    await say(engine, "c");
    const theirs = await edit(a, "new a", "topic");
    expect(await merge(engine, { source: "topic" })).toMatchObject({
      kind: "conflicts",
      conflicts: [
        {
          kind: "skip_vs_edit",
          target: a,
          base: { priority: null },
          ours: { priority: "skip" },
          theirs: { commits: [theirs], text: "new a" },
        },
      ],
    });
    for (const strategy of ["ours", "theirs", "both"] as const) {
      expect((await merge(engine, { source: "topic", strategy })).kind).toBe("resolved");
      expect(await texts(engine)).toEqual(shown[strategy]);
      await undo(engine, {});
    }
    await merge(engine, { source: "topic", resolutions: [{ target: a, content: "agreed" }] });
    expect(await texts(engine)).toEqual(["agreed", "b", "c"]);
    await undo(engine, {});
    await merge(engine, { source: "topic", resolutions: [{ target: a, pick: "base" }] });
    expect(await texts(engine)).toEqual(["a", "b", "c"]);
  });

  it("an edit of the target's branch against a skip of the source's", async () => {
    await edit(a, "new a");
    await judge(a, "skip", "topic");
    await say(engine, "c", { branch: "topic" });
    expect((await merge(engine, { source: "topic" })).conflicts).toMatchObject([
      { kind: "skip_vs_edit", ours: { text: "new a", priority: null }, theirs: { priority: "skip" } },
    ]);
    await merge(engine, { source: "topic", strategy: "ours" });
    expect(await texts(engine)).toEqual(["new a", "b", "c"]);
  });

  it("a pin on the edit itself does not outlive a picked skip", async () => {
    await judge(a, "skip");
    await say(engine, "c");
    const theirs = await edit(a, "new a", "topic");
    await judge(theirs, "pinned", "topic");
    expect((await merge(engine, { source: "topic", strategy: "ours" })).conflicts[0]?.kind).toBe("priority");
    expect(await texts(engine)).toEqual(["b", "c"]);
  });

  it("a skip against a pin: the pin wins in both, and is not asked again", async () => {
    await judge(a, "skip");
    await say(engine, "c");
    await judge(a, "pinned", "topic");
    await say(engine, "d", { branch: "topic" });
    expect((await merge(engine, { source: "topic" })).conflicts).toMatchObject([
      { kind: "priority", target: a, ours: { priority: "skip" }, theirs: { priority: "pinned" } },
    ]);
    await merge(engine, { source: "topic", strategy: "both" });
    expect(await texts(engine)).toEqual(["a", "b", "c", "d"]);
    await undo(engine, {});
    await merge(engine, { source: "topic", strategy: "ours" });
    expect(await texts(engine)).toEqual(["b", "c", "d"]);
    await say(engine, "e", { branch: "topic" });
    expect((await merge(engine, { source: "topic" })).kind).toBe("clean");
    expect(await texts(engine)).toEqual(["b", "c", "d", "e"]);
  });
});

describe("config", () => {
  const key = "budget";
  it("two values of one key: each pick states its value", async () => {
    await configure({ budget: { max_tokens: 1_000 } });
    await configure({ budget: { max_tokens: 2_000 } }, "topic");
    expect((await merge(engine, { source: "topic" })).conflicts).toMatchObject([
      {
        kind: "config",
        target: key,
        base: { text: "null" },
        theirs: { text: expect.stringContaining("2000") },
      },
    ]);
    const shown = { ours: 1_000, theirs: 2_000 } as const;
    for (const strategy of ["ours", "theirs"] as const) {
      expect((await merge(engine, { source: "topic", strategy })).edits).toHaveLength(1);
      expect((await settingsOf()).budget?.max_tokens).toBe(shown[strategy]);
      await undo(engine, {});
    }
    await merge(engine, { source: "topic", resolutions: [{ target: key, content: { max_tokens: 1_500 } }] });
    expect((await settingsOf()).budget?.max_tokens).toBe(1_500);
    await undo(engine, {});
    await merge(engine, { source: "topic", resolutions: [{ target: key, pick: "base" }] });
    expect((await settingsOf()).budget).toBeNull();
  });

  it("joins objects in both, and leaves what is no object unresolved", async () => {
    await configure({ ledger: { reason_chars: 50 }, recent: 1 });
    await configure({ ledger: { excerpt_chars: 60 }, recent: 2 }, "topic");
    const before = await headOf(engine, "main");
    expect(await merge(engine, { source: "topic", strategy: "both" })).toMatchObject({
      kind: "conflicts",
      conflicts: [{ kind: "config", target: "recent" }],
    });
    expect(await headOf(engine, "main")).toBe(before);
    const resolutions = [{ target: "recent", content: 3 }];
    expect((await merge(engine, { source: "topic", strategy: "both", resolutions })).kind).toBe("resolved");
    expect(await settingsOf()).toMatchObject({ ledger: { reason_chars: 50, excerpt_chars: 60 }, recent: 3 });
  });

  it("refuses a value that the setting cannot have", async () => {
    await configure({ recent: 1 });
    await configure({ recent: 2 }, "topic");
    const resolutions = [{ target: "recent", content: "many" }];
    expect(await refusal(engine, () => merge(engine, { source: "topic", resolutions }))).toMatchObject({
      code: "invalid-content",
      data: { path: "resolutions[0].content.recent" },
    });
  });

  it("is on record without changing the setting, until somebody states it", async () => {
    await configure({ recent: 1 });
    await configure({ recent: 2 }, "topic");
    const { mergeCommit } = await merge(engine, { source: "topic", strategy: "record" });
    expect((await settingsOf()).recent).toBe(1);
    expect((await status(engine)).conflicts).toEqual([
      { kind: "config", target: "recent", merge: mergeCommit },
    ]);
    await merge(engine, { source: "topic", resolutions: [{ target: "recent", pick: "theirs" }] });
    expect((await settingsOf()).recent).toBe(2);
    expect((await status(engine)).conflicts).toEqual([]);
  });
});
