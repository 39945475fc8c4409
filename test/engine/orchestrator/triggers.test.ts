/** Runs that triggers set off: when they are due, that they never harm the call that set them off, and how they end with the store. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { TriggeredRuns, withTriggers } from "../../../src/engine/orchestrator/triggers.ts";
import { createWatch } from "../../../src/engine/policies/watch.ts";
import { commitAll, FILLER, user } from "../../support/compress.ts";
import { failed } from "../../support/conversing.ts";
import { say } from "../../support/history.ts";
import { type Orchestration, openOrchestration, overfill, setting } from "../../support/orchestrating.ts";

let on: Orchestration;
let runs: TriggeredRuns;
let engine: Engine;
beforeEach(async () => {
  on = await openOrchestration();
  runs = new TriggeredRuns();
  engine = { ...on.bare, watch: withTriggers(createWatch(), runs) };
});
afterEach(async () => {
  await runs.end();
  await on.close();
});

/** What runs came to, oldest first. */
async function ends(): Promise<readonly unknown[]> {
  await runs.idle();
  return (await on.journal()).filter(({ metadata }) => "after" in metadata).map(({ decision }) => decision);
}

async function causes(): Promise<readonly unknown[]> {
  await runs.idle();
  return (await on.journal())
    .filter(({ decision }) => decision === "STARTED")
    .map(({ metadata }) => metadata.cause);
}

describe("a run begins", () => {
  test("every so many commits of the branch, counted from where the last run left it", async () => {
    await setting(engine, { orchestrate: { triggers: { every_commits: 3 } } });
    await say(engine, "two");
    expect(await causes()).toEqual([]);
    await say(engine, "three");
    expect(await causes()).toEqual(["every_commits"]);
    await say(engine, "four");
    await say(engine, "five");
    expect(await causes()).toHaveLength(1);
    await say(engine, "six");
    expect(await causes()).toHaveLength(2);
    expect(await ends()).toEqual(["FINISHED", "FINISHED"]);
  });

  test("at a share of the budget, and once more only when the context has grown", async () => {
    await setting(engine, {
      orchestrate: { triggers: { budget_fraction: 0.5 }, autonomy: "manual" },
      budget: { max_tokens: 1_000, action: "warn" },
    });
    await say(engine, "small");
    expect(await causes()).toEqual([]);
    await say(engine, FILLER.repeat(30));
    expect(await causes()).toEqual(["budget_fraction"]);
    await say(engine, "small");
    expect(await causes()).toHaveLength(1);
    await say(engine, FILLER.repeat(4));
    expect(await causes()).toHaveLength(2);
  });

  test("and brings the context under its budget when it may", async () => {
    await setting(engine, { orchestrate: { triggers: { budget_fraction: 1 }, autonomy: "autonomous" } });
    await overfill(engine);
    expect(await causes()).toEqual(["budget_fraction"]);
    const last = (await on.journal()).at(-1)?.metadata.after as { tokens: number };
    expect(last.tokens).toBeLessThanOrEqual(900);
  });

  test("at the end of a session", async () => {
    await setting(engine, { orchestrate: { triggers: { session_end: true } } });
    await say(engine, "hello");
    expect(await causes()).toEqual([]);
    runs.note(engine, { moment: "session_end", tract: "test", branch: null, head: null, made: [] });
    expect(await causes()).toEqual(["session_end"]);
  });

  test("once for many commits at once, and one after the other", async () => {
    await setting(engine, { orchestrate: { triggers: { every_commits: 1 } } });
    await runs.idle();
    const before = (await causes()).length;
    await Promise.all([say(engine, "a"), say(engine, "b"), say(engine, "c")]);
    await runs.idle();
    const journal = await on.journal();
    let open = 0;
    for (const { decision } of journal) {
      open += decision === "STARTED" ? 1 : decision === "FINISHED" ? -1 : 0;
      expect(open).toBeLessThanOrEqual(1);
    }
    expect((await causes()).length).toBeGreaterThan(before);
  });
});

describe("a trigger", () => {
  test("only hears of a commit while it goes on: the look comes after it", async () => {
    let isOver = false;
    const seen: boolean[] = [];
    const pause = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      seen.push(isOver);
    };
    const slow = { ...engine, pause };
    await setting(engine, { orchestrate: { triggers: { every_commits: 1 } } });
    await runs.idle();
    await say(slow, "hello");
    isOver = true;
    await runs.idle();
    expect(seen[0]).toBe(true);
  });

  test("never fails the call: what goes wrong is in the ledger alone, and not at each commit again", async () => {
    await setting(engine, { orchestrate: { triggers: { every_commits: 2 }, mind: "llm" } });
    await say(engine, "two");
    expect(await ends()).toEqual(["FAILED"]);
    const { entries } = await queryLedger(engine, { decision: "FAILED", metadata: "full" });
    expect(entries[0]?.metadata).toMatchObject({ cause: "every_commits", error_code: "llm-not-configured" });
    await say(engine, "three");
    expect(await ends()).toEqual(["FAILED"]);
    await say(engine, "four");
    expect(await ends()).toEqual(["FAILED", "FAILED"]);
  });

  test("is not set off by what a run or a policy does", async () => {
    await setting(engine, { orchestrate: { triggers: { every_commits: 1 } } });
    await runs.idle();
    const before = (await causes()).length;
    await say({ ...engine, scope: { ...engine.scope, byPolicy: true } }, "by a policy");
    expect(await causes()).toHaveLength(before);
  });

  test("looks only where HEAD is", async () => {
    await setting(engine, { orchestrate: { triggers: { every_commits: 1 } } });
    await runs.idle();
    const before = (await causes()).length;
    await on.bare.toolbox?.call(
      on.bare,
      { tool: "branch", arguments: { action: "create", name: "topic" } },
      { profile: "full", signal: new AbortController().signal },
    );
    await say(engine, "elsewhere", { branch: "topic" });
    expect(await causes()).toHaveLength(before);
  });

  test("asks an LLM only where the setting says so", async () => {
    engine = { ...engine, llm: on.engine.llm };
    await setting(engine, { orchestrate: { triggers: { every_commits: 1 } } });
    await runs.idle();
    expect(on.llm.requests).toEqual([]);
    on.llm.script("Nothing to do.");
    await setting(engine, { orchestrate: { triggers: { every_commits: 1 }, mind: "llm" } });
    await runs.idle();
    expect(on.llm.requests).toHaveLength(1);
  });
});

describe("when the store closes", () => {
  test("what runs is cancelled, is written down so, and nothing begins any more", async () => {
    engine = { ...engine, llm: on.engine.llm };
    on.llm.script({ kind: "silence" });
    const asked = on.llm.nextRequest();
    await setting(engine, { orchestrate: { triggers: { every_commits: 1 }, mind: "llm" } });
    await asked;
    await runs.end();
    expect((await on.journal()).at(-1)?.decision).toBe("CANCELLED");
    const count = (await on.journal()).length;
    await say(engine, "later");
    await runs.idle();
    expect(await on.journal()).toHaveLength(count);
  });
});

describe("the setting", () => {
  test.each([
    { triggers: { every_commit: 3 } },
    { triggers: { every_commits: 0 } },
    { triggers: { budget_fraction: 0 } },
    { triggers: { session_end: "yes" } },
    { triggers: {}, mind: "gut" },
    { triggers: {}, autonomy: "free" },
    { triggers: {}, max_steps: 1_000 },
    { trigger: {} },
    {},
  ])("%j is refused", async (orchestrate) => {
    expect((await failed(setting(engine, { orchestrate }))).code).toBe("invalid-content");
  });

  test("is taken away with null", async () => {
    await setting(engine, { orchestrate: { triggers: { every_commits: 1 } } });
    await runs.idle();
    const before = (await causes()).length;
    await setting(engine, { orchestrate: null });
    await commitAll(engine, [user("a"), user("b")]);
    expect(await causes()).toHaveLength(before);
  });
});
