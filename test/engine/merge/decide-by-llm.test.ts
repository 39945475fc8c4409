/** merge with an LLM: it joins texts and picks sides, resolutions go first, and an answer that is none changes nothing. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withScope } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { readSettings } from "../../../src/engine/history/settings.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { type Conversation, failed, openConversation, SOON } from "../../support/conversing.ts";
import { allRefs, refusal, say } from "../../support/history.ts";
import { expectSound, headOf, summariseOn, texts } from "../../support/merging.ts";

let on: Conversation;
let a: Hash;
let b: Hash;
beforeEach(async () => {
  on = await openConversation({ store: "memory" });
  a = await say(on.engine, "a");
  b = await say(on.engine, "b");
  await createBranch(on.engine, { name: "topic" });
});
afterEach(async () => {
  await expectSound(on.engine);
  await on.close();
});

const byLlm = { source: "topic", strategy: "llm" } as const;

async function edit(target: Hash, text: string, branch = "main"): Promise<void> {
  await say(on.engine, text, { editTarget: target, branch });
}

async function twoTexts(): Promise<void> {
  await edit(a, "a and ours");
  await edit(a, "a and theirs", "topic");
}

async function configs(): Promise<void> {
  for (const [branch, strategy] of [
    ["main", "full"],
    ["topic", "outline"],
  ] as const)
    await say(on.engine, "", { content: { content_type: "config", settings: { strategy } }, branch });
}

describe("two texts", () => {
  test("become the one that the LLM writes, with its config and its cost", async () => {
    await twoTexts();
    const before = await texts(on.engine);
    on.llm.script({ text: "a, ours and theirs\n", model: "answered" });
    const result = await merge(on.engine, { ...byLlm, temperature: 0 });
    expect(result).toMatchObject({ kind: "resolved", resolutions: [{ target: a, by: "llm" }] });
    expect(await texts(on.engine)).toEqual(["a, ours and theirs", "b"]);
    const [made] = await on.engine.store.readCommits(on.engine.scope.tract, result.edits);
    expect(made).toMatchObject({
      generationConfig: { model: "answered", temperature: 0 },
      metadata: { by: "llm" },
    });
    const asked = on.llm.requests[0]?.body.messages.at(-1).content;
    for (const part of [
      "<base>\na\n</base>",
      "<ours>\na and ours\n</ours>",
      "<theirs>\na and theirs\n</theirs>",
    ])
      expect(asked).toContain(part);
    const [call] = await on.entries("LLM_CALL");
    expect(call).toMatchObject({
      decision: "OK",
      submissionId: result.operationId,
      promptsUsed: ["merge@1"],
      metadata: { operation: "merge", model_id: "answered", input_tokens: 11, output_tokens: 7 },
    });
    expect(call?.metadata.input_commits).toHaveLength(3);
    await undo(on.engine);
    expect(await texts(on.engine)).toEqual(before);
  });

  test("that the caller resolves are asked about no more", async () => {
    await twoTexts();
    await edit(b, "b of ours");
    await edit(b, "b of theirs", "topic");
    on.llm.script("b of both");
    const result = await merge(on.engine, { ...byLlm, resolutions: [{ target: a, content: "agreed" }] });
    expect(result.resolutions.map(({ by }) => by).sort()).toEqual(["content", "llm"]);
    expect(await texts(on.engine)).toEqual(["agreed", "b of both"]);
    expect(on.llm.requests).toHaveLength(1);
  });

  test("on record from an earlier merge are resolved later", async () => {
    await twoTexts();
    await merge(on.engine, { source: "topic", strategy: "record" });
    on.llm.script("a of both");
    expect((await merge(on.engine, byLlm)).kind).toBe("resolved");
    expect(await texts(on.engine)).toEqual(["a of both", "b"]);
    expect(on.llm.requests[0]?.body.messages.at(-1).content).toContain("<ours>\na and ours\n</ours>");
  });
});

describe("where no text can hold both, a side is picked", () => {
  test.each([
    ["ours", "full"],
    ["theirs", "outline"],
  ])("of a setting: %s", async (pick, value) => {
    await configs();
    on.llm.script(`\`\`\`json\n{"pick": "${pick}", "reason": "newer"}\n\`\`\``);
    const result = await merge(on.engine, byLlm);
    expect(result.resolutions).toEqual([{ kind: "config", target: "strategy", by: pick }]);
    const head = await headOf(on.engine, "main");
    expect((await readSettings(on.engine, on.engine.scope.tract, head)).strategy).toBe(value);
    expect((await on.entries("LLM_CALL"))[0]?.promptsUsed).toEqual(["merge-choice@1"]);
  });

  test("of a message that one side left out", async () => {
    await say(on.engine, "c");
    await annotate(on.engine, { refs: [a], priority: "skip", branch: "main" });
    await edit(a, "a of topic", "topic");
    on.llm.script('{"pick": "ours"}');
    expect((await merge(on.engine, byLlm)).kind).toBe("resolved");
    expect(await texts(on.engine)).toEqual(["b", "c"]);
    expect(on.llm.requests[0]?.body.messages.at(-1).content).toContain("<ours>\n(left out)\n");
  });

  test("of a message that one side summarised: the summary, the message, or both", async () => {
    await summariseOn(on.engine, "main", [a, b], "a and b in short");
    await edit(a, "a of topic", "topic");
    on.llm.script('{"pick": "both"}');
    expect((await merge(on.engine, byLlm)).resolutions).toMatchObject([{ by: "both" }]);
    const [shown] = await texts(on.engine);
    expect(shown).toContain("a and b in short");
    expect(shown).toContain("a of topic");
  });
});

describe("an answer that resolves nothing", () => {
  test.each(["I cannot say.", '{"pick": "mine"}', '{"side": "ours"}', '["ours"]', '{"pick": "both"}'])(
    "such as %s is llm-bad-response and changes nothing",
    async (answer) => {
      await configs();
      const before = await allRefs(on.engine);
      on.llm.script(answer);
      const error = await failed(merge(on.engine, byLlm));
      expect(error).toMatchObject({ code: "llm-bad-response", data: { target: "strategy", kind: "config" } });
      expect(error.hint).toMatch(/resolutions/);
      expect(await allRefs(on.engine)).toEqual(before);
      const [call] = await on.entries("LLM_CALL");
      expect(call).toMatchObject({ decision: "ERROR", metadata: { output_tokens: 7 } });
    },
  );

  test("because it was cut off is llm-bad-response", async () => {
    await twoTexts();
    on.llm.script({ text: "a and", finishReason: "length" });
    expect((await failed(merge(on.engine, byLlm))).code).toBe("llm-bad-response");
  });

  test("because it was refused, or cancelled, leaves the branch as it was", async () => {
    await twoTexts();
    const before = await allRefs(on.engine);
    const limited = { ...SOON, status: 429 };
    on.llm.script(limited, limited, limited, { kind: "silence" });
    expect((await failed(merge(on.engine, byLlm))).code).toBe("llm-rate-limited");
    const controller = new AbortController();
    const arrived = on.llm.nextRequest();
    const asked = failed(merge(on.engine, { ...byLlm, signal: controller.signal }));
    await arrived;
    controller.abort();
    expect((await asked).code).toBe("cancelled");
    expect(await allRefs(on.engine)).toEqual(before);
    expect((await on.entries("LLM_CALL")).map(({ decision }) => decision)).toEqual(["ERROR", "ERROR"]);
  });
});

test("a dry run asks nobody, and so does a merge without conflicts", async () => {
  await twoTexts();
  expect(await merge(on.engine, { ...byLlm, dryRun: true })).toMatchObject({
    kind: "conflicts",
    dryRun: true,
  });
  await merge(on.engine, { source: "topic", strategy: "ours" });
  expect((await merge(on.engine, byLlm)).kind).toBe("up_to_date");
  expect(on.llm.requests).toHaveLength(0);
});

test("a config beside another strategy, or none, is refused; without an LLM the strategy is", async () => {
  await twoTexts();
  for (const request of [
    { source: "topic", model: "m" },
    { source: "topic", strategy: "ours", model: "m" },
  ] as const)
    expect(await refusal(on.engine, () => merge(on.engine, request))).toMatchObject({
      code: "invalid-argument",
      data: { path: "model" },
    });
  const without = on.withLlm({ apiKey: null, baseUrl: null });
  expect((await refusal(without, () => merge(without, byLlm))).code).toBe("llm-not-configured");
});

test("a call that nothing came of, as somebody else merged meanwhile, is in the ledger all the same", async () => {
  await twoTexts();
  const chat = async () => {
    await merge(withScope(on.engine, { worktree: "other" }), {
      source: "topic",
      into: "main",
      strategy: "ours",
    });
    return { text: "too late" };
  };
  const engine = { ...on.engine, llm: { client: { chat }, model: "m", isOwn: false } };
  expect((await merge(engine, byLlm)).kind).toBe("up_to_date");
  expect(await texts(on.engine)).toEqual(["a and ours", "b"]);
  const [call, ...more] = await on.entries("LLM_CALL");
  expect(more).toEqual([]);
  expect(call).toMatchObject({ decision: "OK", submissionId: on.engine.scope.provenance.session_id });
});
