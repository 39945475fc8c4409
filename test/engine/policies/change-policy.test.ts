/** Setting, pausing and removing policies: commits of a branch, checked word by word, taken back by undo. */
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { commit } from "../../../src/engine/history/commit.ts";
import { log } from "../../../src/engine/history/log.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import {
  pausePolicy,
  removePolicy,
  resumePolicy,
  type SetPolicyRequest,
  setPolicy,
} from "../../../src/engine/policies/change-policy.ts";
import { listPolicies } from "../../../src/engine/policies/list-policies.ts";
import { POLICY_KINDS } from "../../../src/engine/policies/policy.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { outrunOnce, refusal, say } from "../../support/history.ts";

let on: TestEngine;
beforeEach(async () => {
  on = await openTestEngine({ store: "memory" });
});
afterEach(async () => await on.close());

async function only(): Promise<unknown> {
  const { policies } = await listPolicies(on.engine);
  expect(policies).toHaveLength(1);
  return policies[0];
}

describe("setting a policy", () => {
  it("fills in what is not said", async () => {
    await setPolicy(on.engine, { kind: "auto-compress" });
    expect(await only()).toEqual({
      name: "auto-compress",
      kind: "auto-compress",
      trigger: "commit",
      priority: 100,
      params: { threshold: 0.9, strategy: "auto", target: 0.6, budget: null },
      autonomy: "collaborative",
      cooldown: 60,
      enabled: true,
      branch: "main",
    });
  });

  it.each([
    ["auto-compress", "commit", { threshold: 0.9, target: 0.6, strategy: "auto" }],
    ["auto-pin", "commit", { types: ["instruction", "session"] }],
    ["auto-branch", "commit", { window: 5, threshold: 4 }],
    ["auto-archive", "session_start", { stale_days: 7 }],
    ["checkpoint", "commit", { every_commits: 50, every_tokens: null, prefix: "checkpoint" }],
    ["secret-scan", "commit", { action: "redact", rules: [], off: [] }],
    ["retention", "session_end", { older_than_days: null }],
  ])("knows the defaults of %s", async (kind, trigger, params) => {
    await setPolicy(on.engine, { kind });
    expect(await only()).toMatchObject({ name: kind, kind, trigger, params });
  });

  it("needs the kind only once: a known one keeps what is not given", async () => {
    await setPolicy(on.engine, { name: "pin", kind: "auto-pin", priority: 3, params: { labels: ["a"] } });
    await setPolicy(on.engine, { name: "pin", params: { patterns: ["MUST"] }, autonomy: "autonomous" });
    expect(await only()).toMatchObject({
      priority: 3,
      autonomy: "autonomous",
      params: { labels: ["a"], patterns: ["MUST"] },
    });
  });

  it("puts fields and parameters back to their defaults by null", async () => {
    await setPolicy(on.engine, { kind: "checkpoint", priority: 3, params: { every_tokens: 9, prefix: "p" } });
    await setPolicy(on.engine, { name: "checkpoint", priority: null, params: { every_tokens: null } });
    expect(await only()).toMatchObject({
      priority: 100,
      params: { every_commits: 50, every_tokens: null, prefix: "p" },
    });
    await setPolicy(on.engine, { name: "checkpoint", params: null });
    expect(await only()).toMatchObject({ params: { prefix: "checkpoint" } });
  });

  it("drops the parameters of another kind", async () => {
    await setPolicy(on.engine, { name: "x", kind: "auto-pin", params: { labels: ["a"] } });
    await setPolicy(on.engine, { name: "x", kind: "auto-archive" });
    expect(await only()).toMatchObject({ kind: "auto-archive", params: { stale_days: 7 } });
  });

  it.each(["__proto__", "constructor", "a.b"])("takes %s as a name like any other", async (name) => {
    await setPolicy(on.engine, { name, kind: "checkpoint" });
    await setPolicy(on.engine, { name, priority: 5 });
    expect(await only()).toMatchObject({ name, priority: 5 });
    await removePolicy(on.engine, { name });
    expect((await listPolicies(on.engine)).policies).toEqual([]);
  });

  it("is one commit, and nothing when it is so already", async () => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    const again = await setPolicy(on.engine, { name: "checkpoint", params: { every_commits: 50 } });
    expect(again).toMatchObject({ operationId: null, policies: [{ name: "checkpoint" }] });
    expect((await log(on.engine)).entries).toHaveLength(1);
  });

  it("keeps other policies that somebody else sets at the same moment", async () => {
    const raced = outrunOnce(on.engine, async () => await setPolicy(on.engine, { kind: "auto-pin" }));
    await setPolicy(raced.engine, { kind: "checkpoint" });
    expect(raced.attempts()).toBe(2);
    expect((await listPolicies(on.engine)).policies.map(({ name }) => name)).toEqual([
      "auto-pin",
      "checkpoint",
    ]);
  });

  it("lists by priority, then name", async () => {
    await setPolicy(on.engine, { name: "b", kind: "checkpoint" });
    await setPolicy(on.engine, { name: "a", kind: "checkpoint" });
    await setPolicy(on.engine, { name: "c", kind: "checkpoint", priority: -1 });
    expect((await listPolicies(on.engine)).policies.map(({ name }) => name)).toEqual(["c", "a", "b"]);
  });

  const refused: readonly (readonly [SetPolicyRequest, string, object])[] = [
    [{ kind: "checkpont" }, "policy.kind", { near: ["checkpoint"] }],
    [{ name: "x" }, "policy.kind", {}],
    [{ kind: "auto-pin", trigger: "comit" }, "policy.trigger", { near: ["commit"] }],
    [{ kind: "auto-pin", autonomy: "autonomus" }, "policy.autonomy", { near: ["autonomous"] }],
    [{ kind: "secret-scan", autonomy: "manual" }, "policy.autonomy", {}],
    [{ kind: "secret-scan", trigger: "compile" }, "policy.trigger", {}],
    [{ kind: "retention", trigger: "commit" }, "policy.trigger", {}],
    [{ kind: "auto-pin", cooldown: -1 }, "policy.cooldown", {}],
    [{ kind: "auto-pin", priority: 0.5 }, "policy.priority", {}],
    [{ kind: "auto-pin", params: { pattern: ["a"] } }, "policy.params.pattern", { near: ["patterns"] }],
    [{ kind: "auto-pin", params: { patterns: ["a", "("] } }, "policy.params.patterns.1", {}],
    [{ kind: "auto-pin", params: { roles: ["robot"] } }, "policy.params.roles.0", {}],
    [{ kind: "auto-compress", params: { threshold: 1.5 } }, "policy.params.threshold", {}],
    [{ kind: "auto-compress", params: { threshold: 0.5 } }, "policy.params.target", {}],
    [{ kind: "auto-compress", params: { strategy: "manual" } }, "policy.params.strategy", {}],
    [{ kind: "auto-branch", params: { window: 3, threshold: 3 } }, "policy.params.threshold", {}],
    [{ kind: "auto-archive", params: { stale_days: -1 } }, "policy.params.stale_days", {}],
    [{ kind: "checkpoint", params: { every_commits: 0 } }, "policy.params.every_commits", {}],
    [{ kind: "checkpoint", params: { prefix: "a..b" } }, "policy.params.prefix", {}],
    [
      { kind: "secret-scan", params: { rules: [{ name: "a", pattern: "[" }] } },
      "policy.params.rules.0.pattern",
      {},
    ],
    [{ kind: "retention", params: { older_than_days: "30" } }, "policy.params.older_than_days", {}],
  ];
  test.each(refused)("refuses %j", async (request, path, data) => {
    const error = await refusal(on.engine, async () => await setPolicy(on.engine, request));
    expect(error).toMatchObject({ code: "invalid-argument", data: { path, ...data } });
  });

  it.each(["", "a b", "-a", "HEAD", "a".repeat(65)])("refuses the name %j", async (name) => {
    const error = await refusal(
      on.engine,
      async () => await setPolicy(on.engine, { name, kind: "checkpoint" }),
    );
    expect(error.code).toBe("invalid-name");
  });

  it("refuses an unknown field with the nearest one", async () => {
    const wrong = { kind: "checkpoint", cooldwn: 3 } as SetPolicyRequest; // As a program without types calls it.
    const error = await refusal(on.engine, async () => await setPolicy(on.engine, wrong));
    expect(error).toMatchObject({ code: "invalid-argument", data: { near: ["cooldown"] } });
  });
});

describe("a policy that is known", () => {
  beforeEach(async () => {
    await setPolicy(on.engine, { kind: "checkpoint", params: { every_commits: 3 } });
  });

  it("is paused and resumed with all else as it was", async () => {
    const { policies } = await pausePolicy(on.engine, { name: "checkpoint" });
    expect(policies).toMatchObject([{ enabled: false, params: { every_commits: 3 } }]);
    expect(await pausePolicy(on.engine, { name: "checkpoint" })).toMatchObject({ operationId: null });
    await resumePolicy(on.engine, { name: "checkpoint" });
    expect(await only()).toMatchObject({ enabled: true, params: { every_commits: 3 } });
    expect(await resumePolicy(on.engine, { name: "checkpoint" })).toMatchObject({ operationId: null });
  });

  it("is removed, and told as it was", async () => {
    const { policies } = await removePolicy(on.engine, { name: "checkpoint" });
    expect(policies).toMatchObject([{ name: "checkpoint", params: { every_commits: 3 } }]);
    expect((await listPolicies(on.engine)).policies).toEqual([]);
  });

  it("comes back by undo, as it was", async () => {
    await pausePolicy(on.engine, { name: "checkpoint" });
    await removePolicy(on.engine, { name: "checkpoint" });
    await undo(on.engine);
    expect(await only()).toMatchObject({ enabled: false });
    await undo(on.engine);
    expect(await only()).toMatchObject({ enabled: true });
    await undo(on.engine);
    expect((await listPolicies(on.engine)).policies).toEqual([]);
  });

  it.each([pausePolicy, resumePolicy, removePolicy])("has a name that %o needs exactly", async (change) => {
    const error = await refusal(on.engine, async () => await change(on.engine, { name: "checkpoin" }));
    expect(error).toMatchObject({ code: "not-found", data: { near: ["checkpoint"] } });
  });
});

describe("the setting policies of a config commit", () => {
  const config = async (policies: unknown) =>
    await commit(on.engine, { items: [{ content: { content_type: "config", settings: { policies } } }] });

  it("says the same as a policy that is set", async () => {
    await config({ mine: { kind: "auto-pin", params: { labels: ["a"] } } });
    expect(await only()).toMatchObject({
      name: "mine",
      autonomy: "collaborative",
      params: { labels: ["a"] },
    });
  });

  it.each([
    [{ mine: { kind: "auto-pn" } }, "items[0].content.settings.policies.mine.kind"],
    [{ mine: { kind: "auto-pin", colour: 1 } }, "items[0].content.settings.policies.mine.colour"],
    [{ mine: 3 }, "items[0].content.settings.policies.mine"],
    [null, "items[0].content.settings.policies"],
    [[], "items[0].content.settings.policies"],
  ])("is checked: %j", async (policies, path) => {
    await say(on.engine, "hello");
    const error = await refusal(on.engine, async () => await config(policies));
    expect(error.code).toBe("invalid-content");
    expect(path.endsWith(String(error.data.path).replace(/^.*?settings/, "settings"))).toBe(true);
  });

  it("takes every kind with no more than its kind", async () => {
    await config(Object.fromEntries(POLICY_KINDS.map((kind) => [kind, { kind }])));
    expect((await listPolicies(on.engine)).policies.map(({ kind }) => kind).sort()).toEqual(
      [...POLICY_KINDS].sort(),
    );
  });
});
