/** What each kind of policy finds, what it does not, and the call that it would answer with. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch, listBranches } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { status } from "../../../src/engine/history/status.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { pausePolicy, setPolicy } from "../../../src/engine/policies/change-policy.ts";
import { evaluatePolicies } from "../../../src/engine/policies/evaluate.ts";
import { evaluateNow } from "../../../src/engine/policies/list-policies.ts";
import type { Finding, Moment } from "../../../src/engine/policies/policy.ts";
import { readPolicies } from "../../../src/engine/policies/read-policies.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say, wholeState } from "../../support/history.ts";

let on: TestEngine;
beforeEach(async () => {
  on = await openTestEngine({ store: "memory" });
});
afterEach(async () => await on.close());

const DAY_MS = 86_400_000;

/** What a policy of defaults and params finds now. */
async function findings(kind: string, params: object = {}): Promise<readonly Finding[]> {
  await setPolicy(on.engine, { name: kind, kind, params: { ...params } });
  return (await evaluateNow(on.engine, { name: kind })).findings;
}

/** The same of commits just made, without a config commit in between. */
async function findingsOf(kind: string, params: object, made: readonly Hash[]): Promise<readonly Finding[]> {
  await setPolicy(on.engine, { name: kind, kind, params: { ...params } });
  const { head, branch } = await status(on.engine);
  const policies = await readPolicies(on.engine, { head });
  return await evaluatePolicies(on.engine, { policies, moment: "commit", branch, head, made });
}

describe("auto-compress", () => {
  beforeEach(async () => void (await say(on.engine, "word ".repeat(95))));

  it("finds a context that has come to its share of the budget, with what that would free", async () => {
    const { tokens } = await status(on.engine);
    const [found] = await findings("auto-compress", { budget: Math.floor(tokens / 0.9) });
    const target = Math.floor(0.6 * Math.floor(tokens / 0.9));
    expect(found).toMatchObject({
      target: "main",
      gain: tokens - target,
      action: { tool: "compress", arguments: { branch: "main", target_tokens: target, strategy: "auto" } },
    });
    expect(found?.reason).toContain(`${tokens} tokens`);
  });

  it("finds nothing below it", async () => {
    const { tokens } = await status(on.engine);
    expect(await findings("auto-compress", { budget: Math.floor(tokens / 0.9) + 2 })).toEqual([]);
  });

  it("goes by the budget of the branch, else by what compile gives", async () => {
    expect(await findings("auto-compress")).toEqual([]);
    const set = async (settings: object) =>
      await commit(on.engine, { items: [{ content: { content_type: "config", settings } }] });
    await set({ compile_budget: 50 });
    expect(await findings("auto-compress")).toMatchObject([{ action: { arguments: { target_tokens: 30 } } }]);
    await set({ budget: { max_tokens: 100, action: "warn" } });
    expect(await findings("auto-compress")).toMatchObject([{ action: { arguments: { target_tokens: 60 } } }]);
    await set({ budget: { max_tokens: 10_000, action: "warn" } });
    expect(await findings("auto-compress")).toEqual([]);
  });

  it("finds nothing on a detached HEAD, where nothing could be compressed", async () => {
    await setPolicy(on.engine, { kind: "auto-compress", params: { budget: 10 } });
    await checkout(on.engine, { ref: "HEAD~0" });
    await checkout(on.engine, { ref: String((await status(on.engine)).head) });
    expect((await evaluateNow(on.engine)).findings).toEqual([]);
  });
});

describe("auto-pin", () => {
  it("finds new commits by type, but those that their type pins already, and names them all in one call", async () => {
    const made = (
      await commit(on.engine, {
        items: [{ content: "a" }, { content: "b", role: "system" }, { content: "c" }],
      })
    ).commits;
    const [a, , c] = made.map(({ hash }) => hash);
    expect(
      await findingsOf(
        "auto-pin",
        { types: ["dialogue", "instruction"] },
        made.map(({ hash }) => hash),
      ),
    ).toMatchObject([
      {
        target: c,
        gain: 0,
        action: { tool: "annotate", arguments: { refs: [a, c], priority: "pinned", branch: "main" } },
      },
    ]);
  });

  it("finds by label, role or pattern, whichever matches", async () => {
    const made = [
      await say(on.engine, "You MUST answer.", { role: "user" }),
      await say(on.engine, "no", { role: "assistant" }),
      await say(on.engine, "labelled", { role: "user", labels: ["key"] }),
      await say(on.engine, "nothing", { role: "user" }),
    ];
    const [must, answer, labelled] = made;
    const refs = async (params: object) =>
      (await findingsOf("auto-pin", { types: [], ...params }, made)).flatMap(
        ({ action }) => action.arguments.refs,
      );
    expect(await refs({ patterns: ["\\bMUST\\b"] })).toEqual([must]);
    expect(await refs({ patterns: null, roles: ["assistant"] })).toEqual([answer]);
    expect(await refs({ roles: null, labels: ["key", "other"] })).toEqual([labelled]);
    expect(await refs({ labels: ["key"], patterns: ["MUST"], roles: ["assistant"] })).toEqual([
      must,
      answer,
      labelled,
    ]);
    expect(await refs({ labels: null, patterns: null, roles: null })).toEqual([]);
  });

  it("leaves alone what somebody has judged, edits, and what is never compiled", async () => {
    const judged = await say(on.engine, "a", { role: "assistant" });
    await annotate(on.engine, { refs: [judged], priority: "important" });
    const given = await say(on.engine, "b", { role: "assistant", priority: "important" });
    const edit = await say(on.engine, "c", { editTarget: judged });
    const config = await commit(on.engine, {
      items: [{ content: { content_type: "config", settings: { recent: 3 } } }],
    });
    const made = [judged, given, edit, config.head as Hash];
    expect(await findingsOf("auto-pin", { types: ["dialogue", "config"] }, made)).toEqual([]);
  });

  it("leaves alone what its type pins", async () => {
    const made = [await say(on.engine, "a", { role: "system" })];
    expect(await findingsOf("auto-pin", { types: ["instruction"], patterns: ["a"] }, made)).toEqual([]);
  });

  it("gives up on a pattern that goes round in circles", async () => {
    const made = [await say(on.engine, `${"a".repeat(60)}!`)];
    const began = performance.now();
    expect(await findingsOf("auto-pin", { patterns: ["^(a+)+$"] }, made)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it("without commits just made looks at the newest operation", async () => {
    await setPolicy(on.engine, { kind: "auto-pin", params: { types: ["dialogue"] } });
    await say(on.engine, "older");
    const { commits } = await commit(on.engine, {
      items: [{ content: "a" }, { content: "b", role: "system" }],
    });
    expect((await evaluateNow(on.engine)).findings).toMatchObject([
      { action: { arguments: { refs: [commits[0]?.hash] } } },
    ]);
  });
});

describe("checkpoint", () => {
  const at = async (every: object) => await findings("checkpoint", every);

  it("finds so many commits since the beginning, then since the last tag", async () => {
    await setPolicy(on.engine, { kind: "checkpoint", params: { every_commits: 3 } });
    await say(on.engine, "2");
    expect((await evaluateNow(on.engine)).findings).toEqual([]);
    const head = await say(on.engine, "3");
    const [found] = (await evaluateNow(on.engine)).findings;
    const name = `checkpoint/2026-01-01-${head.slice(0, 8)}`;
    expect(found).toMatchObject({
      target: "main",
      action: { tool: "tag", arguments: { action: "create", name, ref: head } },
    });
    await createTag(on.engine, { name });
    expect((await evaluateNow(on.engine)).findings).toEqual([]);
    for (const text of ["4", "5"]) await say(on.engine, text);
    expect((await evaluateNow(on.engine)).findings).toEqual([]);
    await say(on.engine, "6");
    expect((await evaluateNow(on.engine)).findings).toHaveLength(1);
  });

  it("counts tokens instead, or whichever comes first", async () => {
    await say(on.engine, "word ".repeat(30));
    expect(await at({ every_tokens: 1_000 })).toEqual([]);
    expect(await at({ every_tokens: 30 })).toHaveLength(1);
    await createTag(on.engine, { name: "checkpoint/one" });
    expect(await at({ every_tokens: 30 })).toEqual([]);
    await say(on.engine, "word ".repeat(30));
    expect(await at({ every_tokens: 30 })).toHaveLength(1);
    expect(await at({ every_tokens: 1_000, every_commits: 2 })).toHaveLength(1);
  });

  it("goes by tags of its prefix on this branch alone", async () => {
    await say(on.engine, "1");
    await createBranch(on.engine, { name: "topic" });
    await say(on.engine, "elsewhere", { branch: "topic" });
    await createTag(on.engine, { name: "checkpoint/elsewhere", ref: "topic" });
    await createTag(on.engine, { name: "other/here" });
    expect(await at({ every_commits: 2 })).toHaveLength(1);
    expect(await at({ every_commits: 3, prefix: "other" })).toEqual([]);
  });

  it("finds nothing where nothing is committed", async () => {
    const policies = [{ ...CHECKPOINT, params: { every_commits: 1, every_tokens: 1, prefix: "c" } }];
    const nowhere = { moment: null, branch: "main", head: null, made: [] };
    expect(await evaluatePolicies(on.engine, { policies, ...nowhere })).toEqual([]);
  });
});

const CHECKPOINT = {
  name: "c",
  kind: "checkpoint",
  trigger: "commit",
  priority: 100,
  params: { every_commits: 1, every_tokens: null, prefix: "c" },
  autonomy: "manual",
  cooldown: 0,
  enabled: true,
} as const;

describe("retention", () => {
  it("is off until it is told how many days, then finds what nothing leads to", async () => {
    await say(on.engine, "hello");
    await createBranch(on.engine, { name: "gone" });
    await say(on.engine, "lost", { branch: "gone" });
    await deleteBranch(on.engine, { name: "gone", force: true });
    on.advance(200 * DAY_MS);
    expect(await findings("retention")).toEqual([]);
    expect(await findings("retention", { older_than_days: 300 })).toEqual([]);
    expect(await findings("retention", { older_than_days: 30 })).toMatchObject([
      { action: { tool: "gc", arguments: { dry_run: false, older_than_days: 30 } } },
    ]);
  });
});

describe("evaluation", () => {
  it("calls the enabled policies of a moment, in their order", async () => {
    await say(on.engine, "hello");
    const made = async (name: string, trigger: Moment, priority: number) =>
      await setPolicy(on.engine, {
        name,
        kind: "checkpoint",
        trigger,
        priority,
        params: { every_commits: 1, prefix: name },
      });
    await made("late", "commit", 9);
    await made("early", "commit", 1);
    await made("compile", "compile", 1);
    await made("paused", "commit", 1);
    await pausePolicy(on.engine, { name: "paused" });
    const { head, branch } = await status(on.engine);
    const policies = await readPolicies(on.engine, { head });
    const evaluate = async (moment: Moment | null) =>
      (await evaluatePolicies(on.engine, { policies, moment, branch, head, made: null })).map(
        ({ policy }) => policy,
      );
    expect(await evaluate("commit")).toEqual(["early", "late"]);
    expect(await evaluate("session_end")).toEqual([]);
    expect(await evaluate(null)).toEqual(["compile", "early", "late"]);
  });

  it("on demand changes nothing, and of one policy also speaks when it is paused", async () => {
    await setPolicy(on.engine, { kind: "checkpoint", params: { every_commits: 1 }, autonomy: "autonomous" });
    await pausePolicy(on.engine, { name: "checkpoint" });
    const before = await wholeState(on.engine);
    expect((await evaluateNow(on.engine)).findings).toEqual([]);
    const { policies, findings: found } = await evaluateNow(on.engine, { name: "checkpoint" });
    expect(found).toHaveLength(1);
    expect(policies).toMatchObject([{ enabled: false }]);
    expect(await wholeState(on.engine)).toEqual(before);
    expect((await listBranches(on.engine)).total).toBe(1);
  });

  it("refuses a policy that is not there", async () => {
    const error = await refusal(on.engine, async () => await evaluateNow(on.engine, { name: "x" }));
    expect(error.code).toBe("not-found");
  });
});
