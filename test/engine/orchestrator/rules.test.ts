/** The orchestrator without an LLM: bounded runs of what policies find, brought down to their budget by rules alone. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { status } from "../../../src/engine/history/status.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { orchestrate, type Step } from "../../../src/engine/orchestrator/orchestrate.ts";
import { failed } from "../../support/conversing.ts";
import { say, wholeState } from "../../support/history.ts";
import {
  type Orchestration,
  openOrchestration,
  overfill,
  setBudget,
  setting,
} from "../../support/orchestrating.ts";

let on: Orchestration;
beforeEach(async () => {
  on = await openOrchestration();
});
afterEach(async () => await on.close());

describe("rules", () => {
  test("bring an over-full context under its budget, pins intact, and write every step down", async () => {
    await overfill(on.bare);
    const before = await compile(on.bare, {});
    const run = await orchestrate(on.bare, { autonomy: "autonomous" });
    expect(run).toMatchObject({ mind: "rules", state: "healthy", usage: null, answer: null });
    expect(run.before.tokens).toBeGreaterThan(900);
    expect(run.after.tokens).toBeLessThanOrEqual(900);
    expect(run.after).toMatchObject({ pinned: 1, pinnedTokens: run.before.pinnedTokens });
    const after = await compile(on.bare, {});
    expect(after.messages[0]).toEqual(before.messages[0]);
    expect(after.messages.at(-1)).toEqual(before.messages.at(-1));
    for (const { tool, outcome, operationId, autonomy, policy } of run.steps)
      expect({ tool, outcome, operationId, autonomy, policy }).toEqual({
        tool: "compress",
        outcome: "done",
        operationId: expect.any(String),
        autonomy: "autonomous",
        policy: "auto-compress",
      });
    const journal = await on.journal();
    expect(journal.map(({ decision }) => decision)).toEqual([
      "STARTED",
      ...run.steps.map(() => "STEP"),
      "FINISHED",
    ]);
    expect(new Set(journal.map(({ submissionId }) => submissionId))).toEqual(new Set([run.runId]));
    expect(journal[1]?.metadata).toMatchObject({
      tool: "compress",
      operation: run.steps[0]?.operationId,
      looked: { tokens: run.before.tokens, budget: 900 },
    });
    expect(journal.at(-1)?.metadata).toMatchObject({
      state: "healthy",
      before: { tokens: run.before.tokens },
      after: { tokens: run.after.tokens },
    });
    expect(on.llm.requests).toEqual([]);
    expect(await verify(on.bare, {})).toMatchObject({ ok: true });
  });

  test("ask no LLM even where one is configured", async () => {
    await overfill(on.engine);
    const run = await orchestrate(on.engine, { mind: "rules", autonomy: "autonomous" });
    expect(run).toMatchObject({ mind: "rules", state: "healthy" });
    expect(on.llm.requests).toEqual([]);
  });

  test("find nothing to do in a healthy tract, and make none that was never written", async () => {
    expect(await orchestrate(on.bare)).toMatchObject({ state: "healthy", steps: [], runId: null });
    expect(await on.bare.store.findTract("test")).toBeNull();
    await say(on.bare, "hello");
    expect(await orchestrate(on.bare)).toMatchObject({ state: "healthy", steps: [], before: { tokens: 7 } });
  });

  test("say that they are blocked when what is pinned alone is over the budget", async () => {
    await overfill(on.bare);
    await setBudget(on.bare, 15);
    const run = await orchestrate(on.bare, { autonomy: "autonomous" });
    expect(run.state).toBe("blocked");
    expect(run.reason).toContain("pinned");
    expect(run.after.tokens).toBeLessThan(run.before.tokens);
    expect((await on.journal()).at(-1)).toMatchObject({
      decision: "STOPPED",
      metadata: { state: "blocked" },
    });
  });

  test("set the oldest messages aside where no compression helps, and no more of them than must be", async () => {
    // Between what stays, each is too short to be told in fewer words.
    for (const name of ["Ada", "Bob", "Cy", "Dee"]) {
      await say(on.bare, `Call ${name} today.`);
      await say(on.bare, `${name} is away.`, { role: "assistant", priority: "pinned" });
    }
    await say(on.bare, "And now?");
    const { tokens } = await status(on.bare);
    await setBudget(on.bare, tokens - 12);
    const run = await orchestrate(on.bare, { autonomy: "autonomous" });
    expect(run).toMatchObject({ state: "healthy", steps: [{ tool: "annotate", outcome: "done" }] });
    const { messages } = await compile(on.bare, {});
    expect(messages.map(({ content }) => content)).toEqual([
      "Ada is away.",
      "Bob is away.",
      "Call Cy today.",
      "Cy is away.",
      "Call Dee today.",
      "Dee is away.",
      "And now?",
    ]);
    await undo(on.bare, {});
    expect((await status(on.bare)).tokens).toBe(tokens);
  });

  test("set nothing aside that must be retained", async () => {
    const first = await say(on.bare, "Call Ada today.");
    await say(on.bare, "Ada is away.", { role: "assistant", priority: "pinned" });
    await say(on.bare, "Call Bob today.");
    await say(on.bare, "Bob is away.", { role: "assistant", priority: "pinned" });
    await say(on.bare, "And now?");
    await annotate(on.bare, { refs: [first], retain: { patterns: ["Ada"] } });
    await setBudget(on.bare, (await status(on.bare)).tokens - 2);
    const run = await orchestrate(on.bare, { autonomy: "autonomous" });
    expect(run).toMatchObject({ state: "healthy", steps: [{ tool: "annotate" }] });
    const { messages } = await compile(on.bare, {});
    expect(messages.map(({ content }) => content)).toEqual([
      "Call Ada today.",
      "Ada is away.",
      "Bob is away.",
      "And now?",
    ]);
  });

  test("do what policies find, whatever sets them off, with the lesser of both autonomies", async () => {
    await setting(on.bare, {
      policies: {
        marks: { kind: "checkpoint", autonomy: "autonomous", params: { every_commits: 2 } },
        pins: { kind: "auto-pin", autonomy: "manual", params: { types: ["dialogue"] } },
      },
    });
    await say(on.bare, "one");
    await say(on.bare, "two");
    const run = await orchestrate(on.bare, { autonomy: "autonomous" });
    expect(
      run.steps.map(({ policy, tool, outcome, autonomy }) => ({ policy, tool, outcome, autonomy })),
    ).toEqual(
      expect.arrayContaining([
        { policy: "marks", tool: "tag", outcome: "done", autonomy: "autonomous" },
        { policy: "pins", tool: "annotate", outcome: "explained", autonomy: "manual" },
      ]),
    );
    expect(run.steps).toHaveLength(2);
    expect(run.state).toBe("blocked");
  });

  test("act only through the profile they are given", async () => {
    await setting(on.bare, {
      policies: { marks: { kind: "checkpoint", autonomy: "autonomous", params: { every_commits: 1 } } },
    });
    await say(on.bare, "one");
    const run = await orchestrate(on.bare, { autonomy: "autonomous", profile: "self" });
    expect(run.steps).toMatchObject([{ tool: "tag", outcome: "failed", error: "not-allowed" }]);
    expect(run.state).toBe("blocked");
    expect(await on.bare.store.listRefs("test", "tag")).toEqual([]);
  });
});

describe("the ceiling", () => {
  test("is collaborative by default: what would change something waits as a proposal", async () => {
    await overfill(on.bare);
    const { tokens } = await status(on.bare);
    const run = await orchestrate(on.bare);
    expect(run).toMatchObject({ state: "blocked", autonomy: "collaborative" });
    expect(run.steps).toMatchObject([{ tool: "compress", outcome: "proposed", operationId: null }]);
    const state = await status(on.bare);
    expect(state.tokens).toBe(tokens);
    expect(state.proposals.map(({ planId }) => planId)).toEqual([run.steps[0]?.proposalId]);
    // Another run finds the one that waits.
    const again = await orchestrate(on.bare);
    expect(again.steps[0]?.proposalId).toBe(run.steps[0]?.proposalId);
    expect((await status(on.bare)).proposals).toHaveLength(1);
  });

  test("manual only says what could be done", async () => {
    await overfill(on.bare);
    const before = await status(on.bare);
    const run = await orchestrate(on.bare, { autonomy: "manual" });
    expect(run.steps).toMatchObject([{ tool: "compress", outcome: "explained", proposalId: null }]);
    expect(run.state).toBe("blocked");
    expect(await status(on.bare)).toMatchObject({ tokens: before.tokens, proposals: [], head: before.head });
  });

  test("of a dry run lets nothing at all be stored", async () => {
    await overfill(on.bare);
    const before = await wholeState(on.bare);
    const run = await orchestrate(on.bare, { dryRun: true, autonomy: "autonomous" });
    expect(run).toMatchObject({
      dryRun: true,
      runId: null,
      steps: [{ tool: "compress", outcome: "explained" }],
    });
    expect(await wholeState(on.bare)).toEqual(before);
  });
});

describe("a run", () => {
  test("ends when its steps are used up", async () => {
    await setting(on.bare, {
      policies: {
        pins: { kind: "auto-pin", autonomy: "autonomous", params: { types: ["dialogue"] } },
        marks: { kind: "checkpoint", autonomy: "autonomous", params: { every_commits: 1 } },
      },
    });
    await say(on.bare, "hello");
    const run = await orchestrate(on.bare, { autonomy: "autonomous", maxSteps: 1 });
    expect(run.state).toBe("out_of_steps");
    expect(run.steps).toHaveLength(1);
    const rest = await orchestrate(on.bare, { autonomy: "autonomous", maxSteps: 1 });
    expect(rest).toMatchObject({ state: "healthy", steps: [{ step: 1, outcome: "done" }] });
    expect(rest.steps[0]?.tool).not.toBe(run.steps[0]?.tool);
  });

  test("can be held and stopped between steps, and every step is an operation that undo takes back", async () => {
    await overfill(on.bare);
    const before = await compile(on.bare, {});
    const seen: Step[] = [];
    const run = await orchestrate(on.bare, {
      autonomy: "autonomous",
      onStep: async (step) => {
        seen.push(step);
        await Promise.resolve();
        return "stop";
      },
    });
    expect(run.state).toBe("stopped");
    expect(run.steps).toEqual(seen);
    expect((await on.journal()).at(-1)).toMatchObject({
      decision: "STOPPED",
      metadata: { state: "stopped" },
    });
    await undo(on.bare, {});
    expect((await compile(on.bare, {})).digest).toBe(before.digest);
  });

  test("that is held can be cancelled", async () => {
    await overfill(on.bare);
    const cancel = new AbortController();
    const run = await orchestrate(on.bare, {
      autonomy: "autonomous",
      signal: cancel.signal,
      onStep: () => {
        cancel.abort();
        return new Promise(() => undefined);
      },
    });
    expect(run).toMatchObject({ state: "cancelled", steps: [{ outcome: "done" }] });
    expect((await on.journal()).at(-1)?.decision).toBe("CANCELLED");
    expect(await verify(on.bare, {})).toMatchObject({ ok: true });
  });

  test("that is cancelled before it begins does nothing", async () => {
    await overfill(on.bare);
    const run = await orchestrate(on.bare, { autonomy: "autonomous", signal: AbortSignal.abort() });
    expect(run).toMatchObject({ state: "cancelled", steps: [] });
  });

  test("whose caller fails is closed in the ledger, and the failure rises", async () => {
    await overfill(on.bare);
    const act = orchestrate(on.bare, {
      autonomy: "autonomous",
      onStep: () => {
        throw new Error("mine");
      },
    });
    await expect(act).rejects.toThrow("mine");
    expect((await on.journal()).at(-1)).toMatchObject({ decision: "STOPPED", metadata: { steps: 1 } });
  });

  test("sets off no policy, though what it does would", async () => {
    await setting(on.bare, {
      policies: { marks: { kind: "checkpoint", autonomy: "autonomous", params: { every_commits: 1 } } },
    });
    await overfill(on.bare);
    const moments: string[] = [];
    const watched = {
      ...on.bare,
      watch: async (engine: typeof on.bare, { moment }: { readonly moment: string }) => {
        if (engine.scope.byPolicy !== true) moments.push(moment);
      },
    };
    await orchestrate(watched, { autonomy: "autonomous" });
    expect(moments).toEqual([]);
  });

  test("can be read back from the ledger by its id", async () => {
    await overfill(on.bare);
    const run = await orchestrate(on.bare, { autonomy: "autonomous" });
    const { entries } = await queryLedger(on.bare, {
      submissionId: run.runId ?? "",
      eventType: "ORCHESTRATION",
      order: "asc",
    });
    expect(entries.map(({ decision }) => decision)).toEqual([
      "STARTED",
      ...run.steps.map(() => "STEP"),
      "FINISHED",
    ]);
  });
});

describe("what cannot be asked", () => {
  test.each([
    [{ mind: "llm" }, "llm-not-configured"],
    [{ goal: "Tidy up." }, "llm-not-configured"],
    [{ maxTokens: 100 }, "llm-not-configured"],
    [{ model: "m" }, "llm-not-configured"],
    [{ mind: "rules", goal: "Tidy up." }, "invalid-argument"],
    [{ mind: "rules", maxTokens: 100 }, "invalid-argument"],
    [{ mind: "rules", temperature: 0 }, "invalid-argument"],
    [{ mind: "llm", dryRun: true }, "invalid-argument"],
    [{ maxSteps: 0 }, "invalid-argument"],
    [{ maxSteps: 101 }, "invalid-argument"],
    [{ maxTokens: 0 }, "invalid-argument"],
    [{ profile: "root" }, "invalid-argument"],
  ] as const)("%j is refused with %s", async (request, code) => {
    await say(on.bare, "hello");
    const before = await wholeState(on.bare);
    expect((await failed(orchestrate(on.bare, request))).code).toBe(code);
    expect(await wholeState(on.bare)).toEqual(before);
  });

  test("a detached HEAD, and an engine without tools", async () => {
    const head = await say(on.bare, "hello");
    await createBranch(on.bare, { name: "other" });
    await checkout(on.bare, { ref: head });
    expect((await failed(orchestrate(on.bare))).code).toBe("detached-head");
    expect((await failed(orchestrate({ ...on.bare, toolbox: null }))).code).toBe("not-allowed");
  });
});
