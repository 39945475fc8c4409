/** collapse with an LLM: its report passes the guard like anybody else's, and a failure changes nothing. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { collapse } from "../../../src/engine/agents/collapse.ts";
import { spawn } from "../../../src/engine/agents/spawn.ts";
import { withScope } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { inChild, messagesOf } from "../../support/children.ts";
import { type Conversation, failed, openConversation } from "../../support/conversing.ts";
import { refusal, say } from "../../support/history.ts";

let on: Conversation;
let found: Hash;
let retain: () => Promise<unknown>;
beforeEach(async () => {
  on = await openConversation({ store: "memory" });
  await say(on.engine, "Why does it fail?");
  const { child } = await spawn(on.engine, { purpose: "Find the bug", name: "finder" });
  const own = inChild(on.engine, child);
  await say(own, "I am looking at /src/parse.ts.", { role: "assistant" });
  found = await say(own, "Line 12 of /src/parse.ts divides by zero.", { role: "assistant" });
  retain = () => annotate(own, { refs: [found], retain: { patterns: ["divides by zero"] } });
});
afterEach(async () => await on.close());

const byLlm = { child: "finder", strategy: "llm" } as const;
const REPORT = "Line 12 of /src/parse.ts divides by zero: that is the bug.";

async function configOf(hash: Hash | null) {
  const [made] = hash === null ? [] : await on.engine.store.readCommits(on.engine.scope.tract, [hash]);
  return made?.generationConfig;
}

test("commits the LLM's report, with its config and its cost", async () => {
  const before = await messagesOf(on.engine);
  on.llm.script({ text: REPORT, model: "answered" });
  const result = await collapse(on.engine, { ...byLlm, maxTokens: 90 });
  expect(result.kind).toBe("collapsed");
  expect(await messagesOf(on.engine)).toEqual([...before, `assistant: ${REPORT}`]);
  expect(await configOf(result.head)).toEqual({ model: "answered", max_tokens: 90 });
  const asked = on.llm.requests[0]?.body.messages.at(-1).content;
  expect(asked).toContain("<purpose>\nFind the bug\n</purpose>");
  expect(asked).toContain("I am looking at /src/parse.ts.");
  const [call] = await on.entries("LLM_CALL");
  expect(call).toMatchObject({
    submissionId: result.operationId,
    promptsUsed: ["collapse@1"],
    metadata: { operation: "collapse", input_tokens: 11, output_tokens: 7 },
  });
  await undo(on.engine);
  expect(await messagesOf(on.engine)).toEqual(before);
});

test("asks once more for what the report lacks, and refuses it then", async () => {
  await retain();
  on.llm.script("It is broken.", REPORT, "It is broken.", "Broken.");
  expect((await collapse(on.engine, byLlm)).kind).toBe("collapsed");
  expect(on.llm.requests[1]?.body.messages.at(-1).content).toContain("- divides by zero");
  const before = await messagesOf(on.engine);
  expect((await failed(collapse(on.engine, byLlm))).code).toBe("summary-refused");
  expect(await messagesOf(on.engine)).toEqual(before);
  const calls = await on.entries("LLM_CALL");
  expect(calls.map(({ decision }) => decision)).toEqual(["OK", "OK", "ERROR", "ERROR"]);
});

test("a reviewed report keeps its config when it is approved, and loses it with other words", async () => {
  for (const [answer, config] of [
    [{ action: "approve" }, { model: "test-model" }],
    [{ summary: REPORT }, null],
  ] as const) {
    on.llm.script(REPORT);
    const planned = await collapse(on.engine, { ...byLlm, review: true });
    if (planned.kind !== "planned") throw new Error("nothing was planned");
    const { planId } = planned.plan;
    expect((await on.entries("LLM_CALL")).at(-1)).toMatchObject({ submissionId: planId, decision: "OK" });
    const { head } = await collapse(on.engine, { planId, ...answer });
    expect(await configOf(head)).toEqual(config);
  }
});

test("what moved meanwhile costs no second question", async () => {
  let asked = 0;
  const chat = async () => {
    asked++;
    await say(withScope(on.engine, { worktree: "other" }), "meanwhile");
    return { text: REPORT };
  };
  const engine = { ...on.engine, llm: { client: { chat }, model: "m", isOwn: false } };
  expect((await collapse(engine, byLlm)).kind).toBe("collapsed");
  expect(asked).toBe(1);
  expect((await messagesOf(engine)).slice(-2)).toEqual(["user: meanwhile", `assistant: ${REPORT}`]);
});

test("a failed, empty or cancelled call leaves the parent as it was", async () => {
  const before = await messagesOf(on.engine);
  on.llm.script({ kind: "status", status: 401 }, " ", { kind: "silence" });
  expect((await failed(collapse(on.engine, byLlm))).code).toBe("llm-auth");
  expect((await failed(collapse(on.engine, byLlm))).code).toBe("llm-bad-response");
  const controller = new AbortController();
  const arrived = on.llm.nextRequest();
  const asked = failed(collapse(on.engine, { ...byLlm, signal: controller.signal }));
  await arrived;
  controller.abort();
  expect((await asked).code).toBe("cancelled");
  expect(await messagesOf(on.engine)).toEqual(before);
  expect((await on.entries("LLM_CALL")).map(({ decision }) => decision)).toEqual(["ERROR", "ERROR", "ERROR"]);
});

test.each([
  ["without an LLM", byLlm, "llm-not-configured"],
  ["with a summary beside it", { ...byLlm, summary: "x" }, "invalid-argument"],
  ["with a config beside another strategy", { child: "finder", temperature: 0 }, "invalid-argument"],
  ["with a config beside a plan", { planId: "00000000", summary: "x", model: "m" }, "invalid-argument"],
] as const)("is refused %s", async (_, request, code) => {
  const without = on.withLlm({ apiKey: null, baseUrl: null });
  expect((await refusal(without, () => collapse(without, request))).code).toBe(code);
});
