/** The orchestrator with an LLM: what it may call, what its calls become, and what ends a run whatever the LLM does. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { status } from "../../../src/engine/history/status.ts";
import { digestOfMessages, rebuildPrompt } from "../../../src/engine/ledger/prompt-recipe.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { configure } from "../../../src/engine/llm/configure.ts";
import { orchestrate } from "../../../src/engine/orchestrator/orchestrate.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { failed, KEY, SOON } from "../../support/conversing.ts";
import { say } from "../../support/history.ts";
import type { ScriptedReply } from "../../support/llm-server.ts";
import { type Orchestration, openOrchestration, overfill, setting } from "../../support/orchestrating.ts";

let on: Orchestration;
beforeEach(async () => {
  on = await openOrchestration();
  await overfill(on.engine);
});
afterEach(async () => await on.close());

/** A reply that calls a tool. */
function calling(name: string, args: unknown, text: string | null = null): ScriptedReply {
  const written = typeof args === "string" ? args : JSON.stringify(args);
  return { text, toolCalls: [{ id: `call-${name}`, name, arguments: written }] };
}

const COMPRESS = calling(
  "compress",
  { strategy: "extract", target_tokens: 400 },
  "Over the budget: extract.",
);

describe("an LLM", () => {
  test("brings an over-full context under its budget, pins intact", async () => {
    on.llm.script(calling("status", {}, "I look first."), COMPRESS, "All is well now.");
    const run = await orchestrate(on.engine, { autonomy: "autonomous", goal: "Make room." });
    expect(run).toMatchObject({
      mind: "llm",
      state: "healthy",
      answer: "All is well now.",
      steps: [
        { tool: "status", outcome: "read", autonomy: "autonomous", policy: null },
        { tool: "compress", outcome: "done", operationId: expect.any(String) },
      ],
    });
    expect(run.after.tokens).toBeLessThanOrEqual(900);
    expect(run.after.pinnedTokens).toBe(run.before.pinnedTokens);
    const { prompt, completion } = on.llm.reported();
    expect(run.usage).toEqual({ inputTokens: prompt, outputTokens: completion });
  });

  test("is told numbers and names, never content, and of the tools of its profile alone", async () => {
    on.llm.script("Nothing to do.");
    await orchestrate(on.engine, { goal: "Make room." });
    const { body } = on.llm.requests[0] ?? { body: null };
    const sent = JSON.stringify(body.messages);
    expect(sent).not.toContain("release.txt");
    expect(sent).not.toContain("Question 0");
    expect(sent).toContain("Make room.");
    const names = body.tools.map(({ function: { name } }: { function: { name: string } }) => name);
    expect(names).toContain("compress");
    expect(names).not.toContain("gc");
    expect(names).not.toContain("orchestrate");
  });

  test("leaves its reasoning, its calls and its cost in the ledger, and each prompt can be made again", async () => {
    on.llm.script(COMPRESS, "All is well now.");
    const run = await orchestrate(on.engine, { autonomy: "autonomous" });
    const { entries } = await queryLedger(on.engine, {
      submissionId: run.runId ?? "",
      order: "asc",
      metadata: "full",
    });
    expect(entries.map(({ eventType, decision }) => `${eventType} ${decision}`)).toEqual([
      "ORCHESTRATION STARTED",
      "LLM_CALL OK",
      "ORCHESTRATION STEP",
      "LLM_CALL OK",
      "ORCHESTRATION FINISHED",
    ]);
    expect(entries[2]?.metadata).toMatchObject({ reasoning: "Over the budget: extract.", tool: "compress" });
    expect(entries[4]?.metadata).toMatchObject({ reasoning: "All is well now.", state: "healthy" });
    const stored = await on.journal();
    expect(stored[1]?.metadata.reasoning).toMatch(/^[0-9a-f]{64}$/);
    const calls = await on.entries("LLM_CALL");
    for (const [index, { metadata, promptsUsed }] of calls.entries()) {
      expect(promptsUsed).toEqual(["orchestrate@1"]);
      expect(metadata).toMatchObject({ operation: "orchestrate", input_tokens: 11, output_tokens: 7 });
      const rebuilt = await rebuildPrompt(
        (hashes) => on.engine.store.readContents(hashes),
        metadata.prompt as Hash,
      );
      expect(rebuilt).toMatchObject({ kind: "whole", digest: metadata.digest });
      expect(digestOfMessages(on.llm.requests[index]?.body.messages)).toBe(metadata.digest);
    }
    expect(await verify(on.engine, {})).toMatchObject({ ok: true });
  });

  test("has the config of the call and of the operation", async () => {
    await configure(on.engine, { operation: "orchestrate", set: { temperature: 0.3, seed: 4 } });
    on.llm.script("Nothing to do.");
    await orchestrate(on.engine, { temperature: 0, llmConfig: { max_tokens: 50 } });
    expect(on.llm.requests[0]?.body).toMatchObject({ temperature: 0, seed: 4, max_tokens: 50 });
  });

  test("sees what is pending and is told how large the context is after each change", async () => {
    on.llm.script(COMPRESS, "Done.");
    const run = await orchestrate(on.engine, { autonomy: "autonomous" });
    const messages = on.llm.requests[1]?.body.messages;
    expect(messages.at(-1).content).toContain(String(run.after.tokens));
    expect(messages.at(-2)).toMatchObject({ role: "tool", tool_call_id: "call-compress" });
  });
});

describe("the ceiling", () => {
  test("collaborative: changes become proposals, reads run", async () => {
    const { tokens, head } = await status(on.engine);
    on.llm.script(calling("log", { limit: 2 }), COMPRESS, "I have proposed it.");
    const run = await orchestrate(on.engine);
    expect(run.steps).toMatchObject([
      { tool: "log", outcome: "read" },
      { tool: "compress", outcome: "proposed", operationId: null, proposalId: expect.any(String) },
    ]);
    expect(run.state).toBe("blocked");
    const after = await status(on.engine);
    expect(after).toMatchObject({ tokens, head });
    expect(after.proposals.map(({ planId }) => planId)).toEqual([run.steps[1]?.proposalId]);
  });

  test("manual: changes are only told", async () => {
    const { head } = await status(on.engine);
    on.llm.script(COMPRESS, "That is what I would do.");
    const run = await orchestrate(on.engine, { autonomy: "manual" });
    expect(run.steps).toMatchObject([{ tool: "compress", outcome: "explained", autonomy: "manual" }]);
    expect(await status(on.engine)).toMatchObject({ head, proposals: [] });
  });

  test("what would be refused anyway becomes no proposal", async () => {
    on.llm.script(
      calling("compress", { strategy: "zip" }),
      calling("gc", { dry_run: false }),
      calling("commit", { content: "x", tract: "other" }),
      "I give up.",
    );
    const run = await orchestrate(on.engine);
    expect(run.steps.map(({ outcome, error }) => [outcome, error])).toEqual([
      ["failed", "invalid-argument"],
      ["failed", "not-allowed"],
      ["failed", "not-allowed"],
    ]);
    expect((await status(on.engine)).proposals).toEqual([]);
  });
});

describe("calls that cannot be", () => {
  test.each([
    ["a tool outside the profile", "gc", { dry_run: false }, "not-allowed"],
    ["a tool that there is not", "compres", {}, "not-found"],
    ["the orchestrator itself", "orchestrate", {}, "not-allowed"],
    ["arguments that are no JSON", "compress", "{strategy: extract", "invalid-argument"],
    ["arguments that are no object", "compress", "[1, 2]", "invalid-argument"],
    [
      "arguments too deep to be read",
      "annotate",
      `{"refs":${"[".repeat(500)}${"]".repeat(500)}}`,
      "invalid-argument",
    ],
    ["unknown arguments", "compress", { strateg: "extract" }, "invalid-argument"],
    ["another tract", "commit", { content: "x", tract: "other" }, "not-allowed"],
  ])("%s: answered with the error, and counted as a step", async (_, name, args, code) => {
    const { head } = await status(on.engine);
    on.llm.script(calling(name, args), "I see.");
    const run = await orchestrate(on.engine, { autonomy: "autonomous" });
    expect(run.steps).toMatchObject([{ outcome: "failed", error: code, operationId: null }]);
    expect(on.llm.requests[1]?.body.messages.at(-1)).toMatchObject({
      role: "tool",
      content: expect.stringContaining(code),
    });
    expect((await status(on.engine)).head).toBe(head);
  });
});

describe("a run ends", () => {
  test("after its steps, however many calls come at once", async () => {
    const many = Array.from({ length: 50 }, (_, index) => ({
      id: `c${index}`,
      name: "status",
      arguments: "{}",
    }));
    on.llm.script({ toolCalls: many });
    const run = await orchestrate(on.engine, { maxSteps: 3 });
    expect(run).toMatchObject({ state: "out_of_steps" });
    expect(run.steps).toHaveLength(3);
    expect(on.llm.requests).toHaveLength(1);
  });

  test("after its steps, when the calls never end", async () => {
    on.llm.script(...Array.from({ length: 20 }, () => calling("status", {})));
    const run = await orchestrate(on.engine);
    expect(run).toMatchObject({ state: "out_of_steps" });
    expect(run.steps).toHaveLength(10);
    expect(on.llm.requests).toHaveLength(10);
  });

  test("when its tokens are used up, as reported or as counted", async () => {
    const usage = { prompt_tokens: 900, completion_tokens: 200 };
    on.llm.script({ ...calling("status", {}), usage });
    const run = await orchestrate(on.engine, { maxTokens: 1_000 });
    expect(run).toMatchObject({ state: "out_of_tokens", usage: { inputTokens: 900, outputTokens: 200 } });
    expect(on.llm.requests).toHaveLength(1);
    on.llm.script({ ...calling("status", {}), usage: null });
    const counted = await orchestrate(on.engine, { maxTokens: 800 });
    expect(counted.state).toBe("out_of_tokens");
    expect(counted.usage?.inputTokens).toBeGreaterThan(100);
    expect((await orchestrate(on.engine, { maxTokens: 5 })).state).toBe("out_of_tokens");
    expect(on.llm.requests).toHaveLength(2);
  });

  test("after a second answer in a row that says nothing, and says so", async () => {
    on.llm.script(calling("status", {}), { text: "" }, { text: " " });
    const run = await orchestrate(on.engine);
    expect(run).toMatchObject({ state: "blocked", steps: [{ tool: "status" }] });
    expect(run.reason).toContain("llm-bad-response");
    on.llm.script({ text: "" }, "Nothing to do.");
    expect(await orchestrate(on.engine)).toMatchObject({ answer: "Nothing to do.", steps: [] });
  });

  test("when an answer is cut off, or too long to be stored", async () => {
    on.llm.script({ text: "I think", finishReason: "length" }, { text: "I think", finishReason: "length" });
    expect((await failed(orchestrate(on.engine))).code).toBe("llm-bad-response");
    const small = { ...on.engine, limits: { ...on.engine.limits, contentBytesMax: 2_000 } };
    const long = { text: "x".repeat(3_000) };
    on.llm.script(long, long);
    expect((await failed(orchestrate(small))).code).toBe("llm-bad-response");
  });

  test("with the error of an LLM that fails before the first step, and the ledger has it", async () => {
    on.llm.script(SOON, SOON, SOON);
    expect((await failed(orchestrate(on.engine))).code).toBe("llm-unavailable");
    expect((await on.journal()).map(({ decision }) => decision)).toEqual(["STARTED", "STOPPED"]);
    expect((await on.entries("LLM_CALL")).at(-1)?.decision).toBe("ERROR");
    const wrong = on.withLlm({ apiKey: "sk-other" });
    const error = await failed(orchestrate(wrong));
    expect(error.code).toBe("llm-auth");
    expect(JSON.stringify(error)).not.toContain("sk-other");
  });

  test("blocked, with what is done kept, when the LLM fails later", async () => {
    const limited = { kind: "status", status: 429, headers: { "retry-after-ms": "1" } } as const;
    on.llm.script(COMPRESS, limited, limited, limited);
    const run = await orchestrate(on.engine, { autonomy: "autonomous" });
    expect(run).toMatchObject({ state: "blocked", steps: [{ outcome: "done" }] });
    expect(run.reason).toContain("llm-rate-limited");
    expect(run.after.tokens).toBeLessThan(run.before.tokens);
  });

  test("goes on after an error that passes", async () => {
    on.llm.script(SOON, "Nothing to do.");
    expect((await orchestrate(on.engine)).answer).toBe("Nothing to do.");
  });

  test("when nobody answers: by time, or cancelled, and nothing is half done", async () => {
    const { head } = await status(on.engine);
    const silence = { kind: "silence" } as const;
    on.llm.script(silence, silence, silence);
    expect((await failed(orchestrate(on.withLlm({ timeoutMs: 30 })))).code).toBe("llm-unavailable");
    on.llm.script(calling("status", {}), silence);
    const cancel = new AbortController();
    const run = orchestrate(on.engine, {
      signal: cancel.signal,
      onStep: () => void on.llm.nextRequest().then(() => cancel.abort()),
    });
    expect(await run).toMatchObject({ state: "cancelled", steps: [{ tool: "status" }] });
    expect((await on.journal()).at(-1)?.decision).toBe("CANCELLED");
    expect((await status(on.engine)).head).toBe(head);
    expect(await verify(on.engine, {})).toMatchObject({ ok: true });
  });
});

test("tools that ask the LLM themselves use up the tokens of the run", async () => {
  on.llm.script(calling("compress", { older_than: 8, strategy: "llm" }), {
    text: "We looked at parts 0 to 3.",
    usage: { prompt_tokens: 5_000, completion_tokens: 10 },
  });
  const run = await orchestrate(on.engine, { autonomy: "autonomous", maxTokens: 4_000 });
  expect(run.state).toBe("out_of_tokens");
  expect(run.usage?.inputTokens).toBeGreaterThan(5_000);
});

test("an LLM leaves the worktree on its branch, under its name", async () => {
  await createBranch(on.engine, { name: "side" });
  const { branch, head } = await status(on.engine);
  const calls = [
    calling("branch", { action: "switch", name: "side" }),
    calling("branch", { action: "create", name: "new", switch: true }),
    calling("branch", { action: "rename", new_name: "other" }),
    calling("branch", { action: "rename", name: branch, new_name: "other" }),
    calling("checkout", { ref: String(head) }),
  ];
  on.llm.script(...calls, "I could not.");
  const run = await orchestrate(on.engine, { autonomy: "autonomous", profile: "full" });
  expect(run.steps.map(({ error }) => error)).toEqual(calls.map(() => "not-allowed"));
  expect(await status(on.engine)).toMatchObject({ branch, head, detached: false });
});

test("a tool asks the LLM nothing that would be beyond the tokens of the run", async () => {
  const usage = { prompt_tokens: 1_500, completion_tokens: 400 };
  on.llm.script({ ...calling("compress", { older_than: 8, strategy: "llm" }), usage });
  const run = await orchestrate(on.engine, { autonomy: "autonomous", maxTokens: 2_000 });
  expect(run).toMatchObject({
    state: "out_of_tokens",
    steps: [{ tool: "compress", outcome: "failed", error: "not-allowed" }],
  });
  expect(on.llm.requests).toHaveLength(1);
});

test("the key is in nothing that is stored or told", async () => {
  on.llm.script(COMPRESS, "Done.");
  const run = await orchestrate(on.engine, { autonomy: "autonomous" });
  expect(JSON.stringify([run, await on.entries()])).not.toContain(KEY);
});

test("without a word on the mind, an LLM is asked where there is one", async () => {
  await say(on.engine, "hello");
  on.llm.script("Nothing to do.");
  expect((await orchestrate(on.engine)).mind).toBe("llm");
  expect((await orchestrate(on.engine, { dryRun: true })).mind).toBe("rules");
});

test("credentials are neither sent nor kept where the screen says so", async () => {
  const secret = `ghp_${"a1B2c3D4e5F6g7H8i9J0".repeat(2).slice(0, 36)}`;
  await setting(on.engine, { policies: { screen: { kind: "secret-scan" } } });
  on.llm.script(calling("search", { query: secret }, `I look for ${secret}.`), `There is no ${secret}.`);
  const run = await orchestrate(on.engine, { goal: `Where is ${secret}?`, autonomy: "autonomous" });
  expect(run.answer).toContain("[redacted:");
  expect(JSON.stringify(on.llm.requests.map(({ body }) => body.messages))).not.toContain(secret);
  const hashes = (await on.entries()).flatMap(
    ({ metadata }) => JSON.stringify(metadata).match(/[0-9a-f]{64}/g) ?? [],
  );
  const kept = await on.engine.store.readContents([...new Set(hashes)] as Hash[]);
  expect(kept.length).toBeGreaterThan(0);
  expect(JSON.stringify([kept, await on.entries()])).not.toContain(secret);
});
