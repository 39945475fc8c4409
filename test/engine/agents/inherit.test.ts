/** What a child is given of its parent's compiled context. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SpawnRequest, spawn } from "../../../src/engine/agents/spawn.ts";
import { compile } from "../../../src/engine/compile/compile.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { log } from "../../../src/engine/history/log.ts";
import { show } from "../../../src/engine/history/show.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { expectSound, inChild, messagesOf } from "../../support/children.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { say } from "../../support/history.ts";
import { summarise } from "../../support/summaries.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
});
afterEach(async () => {
  await test.close();
});

async function childOf(request: Partial<SpawnRequest>): Promise<Engine> {
  const { child } = await spawn(test.engine, { purpose: "go", ...request });
  await expectSound(test.engine, child);
  return inChild(test.engine, child);
}

async function useTool(id: string, result: string): Promise<readonly Hash[]> {
  const tool = { content_type: "tool_io", tool_name: "read", call_id: id };
  const { commits } = await commit(test.engine, {
    items: [
      { content: { ...tool, direction: "call", payload: { path: `/${id}` } } },
      { content: { ...tool, direction: "result", payload: result } },
    ],
  });
  return commits.map(({ hash }) => hash);
}

describe.each(["branch", "tract"] as const)("inherit head, as %s", (as) => {
  it("applies edits and keeps roles, types, names and metadata", async () => {
    const { engine } = test;
    await commit(engine, {
      items: [
        { content: "Be brief.", role: "system", name: "style", labels: ["rule"] },
        {
          content: { content_type: "artifact", artifact_type: "file", content: "x = 1", path: "a.py" },
          metadata: { a: 1 },
        },
        { content: "hello", name: "Ada" },
        { content: "hi", role: "assistant", generationConfig: { model: "m", temperature: 0 } },
        { content: { content_type: "reasoning", text: "thinking" } },
      ],
    });
    await commit(engine, { items: [{ content: "Be very brief.", editTarget: "HEAD~4" }] });
    const child = await childOf({ as });
    const entries = (await log(child, {})).entries.toReversed().slice(0, -1);
    const own = (await show(child, { refs: entries.map(({ hash }) => hash) })).commits;
    expect(own.map(({ content }) => content)).toMatchObject([
      { content_type: "instruction", text: "Be very brief.", name: "style" },
      { content_type: "artifact", content: "x = 1" },
      { content_type: "dialogue", role: "user", name: "Ada" },
      { content_type: "dialogue", role: "assistant", text: "hi" },
    ]);
    expect(
      own.map(({ operation, labels, metadata, generationConfig }) => [
        operation,
        labels,
        metadata,
        generationConfig,
      ]),
    ).toEqual([
      ["append", ["rule"], null, null],
      ["append", [], { a: 1 }, null],
      ["append", [], null, null],
      ["append", [], null, { model: "m", temperature: 0 }],
    ]);
  });

  it("copies what annotations say, and leaves out what is skipped", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const two = await say(engine, "two");
    const three = await say(engine, "three");
    await annotate(engine, {
      refs: [one],
      priority: "important",
      addLabels: ["key"],
      retain: { patterns: ["one"] },
    });
    await annotate(engine, { refs: [two], priority: "skip" });
    await commit(engine, { items: [{ content: "THREE", editTarget: three }] });
    await annotate(engine, { refs: [three], priority: "pinned" });
    const child = await childOf({ as });
    expect(await messagesOf(child)).toEqual(["user: one", "user: THREE", "user: go"]);
    const [, pinned, kept] = (await show(child, { refs: ["HEAD", "HEAD~1", "HEAD~2"] })).commits;
    expect(pinned?.priority).toBe("pinned");
    expect(kept?.annotations.at(-1)).toMatchObject({
      priority: "important",
      labels: ["key"],
      retain: { patterns: ["one"] },
    });
  });

  it("tells summaries as a user would, and needs none of their originals", async () => {
    const { engine } = test;
    const one = await say(engine, "one");
    const two = await say(engine, "two");
    await summarise(engine, [one, two], "both numbers");
    const child = await childOf({ as });
    expect(await messagesOf(child)).toEqual([
      "user: [Summary of 2 earlier messages]\nboth numbers",
      "user: go",
    ]);
    expect((await log(child)).entries.map(({ contentType }) => contentType)).toEqual([
      "dialogue",
      "dialogue",
    ]);
  });

  it("fits the budget with whole units, pinned ones first", async () => {
    const { engine } = test;
    const rule = await say(engine, "remember the rule");
    await annotate(engine, { refs: [rule], priority: "pinned" });
    for (const id of ["a", "b", "c"]) await useTool(id, "word ".repeat(100));
    await say(engine, "newest");
    const { child, warnings } = await spawn(engine, { purpose: "go", as, budgetTokens: 200 });
    await expectSound(engine, child);
    const own = inChild(engine, child);
    const messages = await messagesOf(own);
    expect(messages[0]).toBe("user: remember the rule");
    expect(messages.at(-2)).toBe("user: newest");
    const roles = (await compile(own, {})).toDicts().map(({ role, direction }) => direction ?? role);
    expect(roles).toEqual(["user", "call", "result", "user", "user"]);
    expect(warnings).toEqual([expect.stringContaining("4 commits")]);
    const inherited = await compile(own, { ref: "HEAD~1" });
    expect(inherited.tokenCount).toBeLessThanOrEqual(200);
  });

  it("takes the branch's compile_budget when none is given", async () => {
    const { engine } = test;
    await commit(engine, {
      items: [{ content: { content_type: "config", settings: { compile_budget: 100 } } }],
    });
    for (let i = 0; i < 20; i++) await say(engine, "word ".repeat(20));
    const child = await childOf({ as });
    expect((await log(child, { contentType: "dialogue" })).entries.length).toBeLessThan(6);
  });

  it("keeps results of calls behind their calls, whatever stood between", async () => {
    const { engine } = test;
    const tool = { content_type: "tool_io", tool_name: "read" };
    await commit(engine, {
      items: [
        { content: { ...tool, call_id: "1", direction: "call", payload: {} } },
        { content: { ...tool, call_id: "2", direction: "call", payload: {} } },
        { content: "Are you done?" },
        { content: { ...tool, call_id: "1", direction: "result", payload: "late" } },
        { content: { ...tool, call_id: "9", direction: "result", payload: "orphan" } },
      ],
    });
    const child = await childOf({ as });
    expect((await messagesOf(child)).slice(0, -1)).toEqual(await messagesOf(engine));
  });
});

describe("inherit selective", () => {
  it("takes types, labels and priorities, all of which must hold", async () => {
    const { engine } = test;
    await say(engine, "Be brief.", { role: "system" });
    await say(engine, "keep", { labels: ["key"] });
    await say(engine, "drop");
    const later = await say(engine, "later");
    await annotate(engine, { refs: [later], addLabels: ["key"], priority: "important" });
    await useTool("a", "result");
    const taken = async (filter: SpawnRequest["filter"]): Promise<readonly string[]> =>
      (await messagesOf(await childOf({ inherit: "selective", filter }))).slice(0, -1);
    expect(await taken({ types: ["instruction"] })).toEqual(["system: Be brief."]);
    expect(await taken({ labels: ["key", "other"] })).toEqual(["user: keep", "user: later"]);
    expect(await taken({ labels: ["key"], priorities: ["important"] })).toEqual(["user: later"]);
    expect(await taken({ types: ["tool_io"] })).toHaveLength(2);
    expect(await taken({ labels: ["none"] })).toEqual([]);
  });

  it("takes the whole exchange when one half of it is asked for", async () => {
    const { engine } = test;
    const [, result] = await useTool("a", "the answer");
    await annotate(engine, { refs: [result ?? ""], addLabels: ["key"] });
    const child = await childOf({ inherit: "selective", filter: { labels: ["key"] } });
    expect((await log(child, { contentType: "tool_io" })).entries).toHaveLength(2);
  });

  it("gives reasoning only to who asks for it", async () => {
    const { engine } = test;
    await commit(engine, { items: [{ content: { content_type: "reasoning", text: "hm" } }] });
    const child = await childOf({ inherit: "selective", filter: { types: ["reasoning"] } });
    expect((await log(child, { contentType: "reasoning" })).entries).toHaveLength(1);
  });
});
