/** Where policies are in force: what a branch says of a name, else what the default branch says; through merges, imports and restores. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { spawn } from "../../../src/engine/agents/spawn.ts";
import { createBranch, switchBranch } from "../../../src/engine/history/branch.ts";
import { status } from "../../../src/engine/history/status.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import { pausePolicy, removePolicy, setPolicy } from "../../../src/engine/policies/change-policy.ts";
import { listPolicies } from "../../../src/engine/policies/list-policies.ts";
import { readPolicies } from "../../../src/engine/policies/read-policies.ts";
import { restore } from "../../../src/engine/rewrite/restore.ts";
import { importTranscript } from "../../../src/engine/transcripts/import-transcript.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { inChild } from "../../support/children.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { say } from "../../support/history.ts";

let on: TestEngine;
beforeEach(async () => {
  on = await openTestEngine({ store: "memory" });
  await say(on.engine, "hello");
  await createBranch(on.engine, { name: "topic" });
});
afterEach(async () => await on.close());

async function names(branch: string): Promise<readonly string[]> {
  return (await listPolicies(on.engine, { branch })).policies.map(({ name, enabled }) =>
    enabled ? name : `${name} (paused)`,
  );
}

describe("a policy of the default branch", () => {
  it("holds on branches that say nothing of it, also on those without common history", async () => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    await importTranscript(on.engine, {
      text: JSON.stringify([{ role: "user", content: "hi" }]),
      sourceName: "chat.json",
      branch: "imported",
    });
    expect(await names("topic")).toEqual(["checkpoint"]);
    expect(await names("imported")).toEqual(["checkpoint"]);
    expect((await listPolicies(on.engine, { branch: "topic" })).policies).toMatchObject([{ branch: "main" }]);
  });

  it("holds before a branch has a commit", async () => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    expect(await readPolicies(on.engine, { head: null })).toMatchObject([{ name: "checkpoint" }]);
  });

  it("follows the default branch as it moves", async () => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    await pausePolicy(on.engine, { name: "checkpoint" });
    expect(await names("topic")).toEqual(["checkpoint (paused)"]);
    await removePolicy(on.engine, { name: "checkpoint" });
    expect(await names("topic")).toEqual([]);
  });

  it("is another one where a branch says so, and not in force where it was removed", async () => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    await setPolicy(on.engine, { kind: "auto-pin" });
    await setPolicy(on.engine, { name: "checkpoint", params: { every_commits: 2 }, branch: "topic" });
    await removePolicy(on.engine, { name: "auto-pin", branch: "topic" });
    expect((await listPolicies(on.engine, { branch: "topic" })).policies).toMatchObject([
      { name: "checkpoint", params: { every_commits: 2 }, branch: "topic" },
    ]);
    expect(await names("main")).toEqual(["auto-pin", "checkpoint"]);
    expect((await listPolicies(on.engine, { branch: "main" })).policies).toMatchObject([
      {},
      { params: { every_commits: 50 } },
    ]);
  });
});

it("a policy of another branch holds there alone", async () => {
  await setPolicy(on.engine, { kind: "checkpoint", branch: "topic" });
  expect(await names("main")).toEqual([]);
  expect(await names("topic")).toEqual(["checkpoint"]);
});

describe("a merge", () => {
  it("joins different policies of two branches without a conflict", async () => {
    await setPolicy(on.engine, { kind: "checkpoint", branch: "topic" });
    await setPolicy(on.engine, { kind: "auto-pin" });
    const { kind } = await merge(on.engine, { source: "topic" });
    expect(kind).toBe("clean");
    expect(await names("main")).toEqual(["auto-pin", "checkpoint"]);
  });

  it("keeps what only one side changed of a policy that both state", async () => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    await createBranch(on.engine, { name: "later" });
    await pausePolicy(on.engine, { name: "checkpoint", branch: "later" });
    await setPolicy(on.engine, { kind: "auto-pin" });
    await merge(on.engine, { source: "later" });
    expect(await names("main")).toEqual(["auto-pin", "checkpoint (paused)"]);
  });

  it("names the policy that both changed, and takes the side that is picked", async () => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    await createBranch(on.engine, { name: "later" });
    await setPolicy(on.engine, { name: "checkpoint", priority: 1, branch: "later" });
    await setPolicy(on.engine, { name: "checkpoint", priority: 2 });
    await setPolicy(on.engine, { kind: "auto-pin" });
    const { kind, conflicts } = await merge(on.engine, { source: "later" });
    expect({ kind, conflicts }).toMatchObject({
      kind: "conflicts",
      conflicts: [{ kind: "config", target: "policies.checkpoint" }],
    });
    await merge(on.engine, { source: "later", strategy: "theirs" });
    expect((await listPolicies(on.engine)).policies).toMatchObject([
      { name: "checkpoint", priority: 1 },
      { name: "auto-pin" },
    ]);
  });

  it("joins what two sides changed in one policy with strategy both", async () => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    await createBranch(on.engine, { name: "later" });
    await setPolicy(on.engine, { name: "checkpoint", priority: 1, branch: "later" });
    await setPolicy(on.engine, { name: "checkpoint", cooldown: 2 });
    await merge(on.engine, { source: "later", strategy: "both" });
    expect((await listPolicies(on.engine)).policies).toMatchObject([{ priority: 1, cooldown: 2 }]);
  });

  it("keeps a conflict on record until the policy is set anew", async () => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    await createBranch(on.engine, { name: "later" });
    await setPolicy(on.engine, { name: "checkpoint", priority: 1, branch: "later" });
    await setPolicy(on.engine, { name: "checkpoint", priority: 2 });
    await merge(on.engine, { source: "later", strategy: "record" });
    expect((await status(on.engine)).conflicts).toMatchObject([{ target: "policies.checkpoint" }]);
    expect((await listPolicies(on.engine)).policies).toMatchObject([{ priority: 2 }]);
    await setPolicy(on.engine, { kind: "auto-pin" });
    expect((await status(on.engine)).conflicts).toHaveLength(1);
    await setPolicy(on.engine, { name: "checkpoint", priority: 3 });
    expect((await status(on.engine)).conflicts).toEqual([]);
  });

  it("can be resolved by stating the policy", async () => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    await createBranch(on.engine, { name: "later" });
    await setPolicy(on.engine, { name: "checkpoint", priority: 1, branch: "later" });
    await setPolicy(on.engine, { name: "checkpoint", priority: 2 });
    await merge(on.engine, {
      source: "later",
      resolutions: [{ target: "policies.checkpoint", content: { kind: "checkpoint", priority: 7 } }],
    });
    expect((await listPolicies(on.engine)).policies).toMatchObject([{ priority: 7 }]);
  });
});

it.each(["none", "head", "full"] as const)(
  "a child with a tract of its own and inherit %s is watched by what watches its parent",
  async (inherit) => {
    await setPolicy(on.engine, { kind: "checkpoint" });
    await setPolicy(on.engine, { kind: "auto-pin" });
    await setPolicy(on.engine, { name: "checkpoint", priority: 1, branch: "topic" });
    await switchBranch(on.engine, { name: "topic" });
    const { child } = await spawn(on.engine, { purpose: "look", as: "tract", inherit });
    const there = inChild(on.engine, child);
    const { head } = await status(there);
    expect(await readPolicies(there, { head })).toMatchObject([
      { name: "checkpoint", priority: 1 },
      { name: "auto-pin" },
    ]);
  },
);

it("a restore takes away what was set since and brings back what was there", async () => {
  await setPolicy(on.engine, { kind: "checkpoint" });
  const { head } = await setPolicy(on.engine, { kind: "auto-pin", priority: 5 });
  await setPolicy(on.engine, { name: "auto-pin", priority: 6 });
  await setPolicy(on.engine, { kind: "auto-branch" });
  await removePolicy(on.engine, { name: "checkpoint" });
  await restore(on.engine, { ref: head as Hash });
  expect((await listPolicies(on.engine)).policies).toMatchObject([
    { name: "auto-pin", priority: 5 },
    { name: "checkpoint" },
  ]);
  expect(await names("topic")).toEqual(["auto-pin", "checkpoint"]);
});

it("a detached HEAD has the policies of its commit", async () => {
  await setPolicy(on.engine, { kind: "checkpoint", branch: "topic" });
  await switchBranch(on.engine, { name: "topic" });
  expect((await listPolicies(on.engine)).policies).toMatchObject([{ branch: "topic" }]);
});
