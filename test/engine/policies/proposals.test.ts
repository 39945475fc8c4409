/** Proposals: listed, tried out, approved in one transaction, rejected with a reason, edited, expired. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collapse } from "../../../src/engine/agents/collapse.ts";
import { spawn } from "../../../src/engine/agents/spawn.ts";
import { compress } from "../../../src/engine/compress/compress.ts";
import { withScope } from "../../../src/engine/engine.ts";
import { TractError } from "../../../src/engine/errors.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch, switchBranch } from "../../../src/engine/history/branch.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { status } from "../../../src/engine/history/status.ts";
import { listTags } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { approveProposal, editProposal, rejectProposal } from "../../../src/engine/policies/decide.ts";
import type { Finding } from "../../../src/engine/policies/policy.ts";
import { listProposals, showProposal } from "../../../src/engine/policies/proposals.ts";
import { propose } from "../../../src/engine/policies/propose.ts";
import { FILLER, plannedBy, workOn } from "../../support/compress.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { outrunOnce, refusal, say } from "../../support/history.ts";
import {
  decisionEntries,
  decisions,
  givePolicy,
  TOOLBOX,
  type WatchedEngine,
  watched,
} from "../../support/policies.ts";

const TAG: Finding = {
  policy: "checkpoint",
  kind: "checkpoint",
  autonomy: "collaborative",
  target: "main",
  reason: "3 commits since the beginning of main",
  gain: 0,
  action: { tool: "tag", arguments: { action: "create", name: "checkpoint/one", ref: "HEAD" } },
};
const COMPRESS: Finding = {
  ...TAG,
  policy: "auto-compress",
  kind: "auto-compress",
  reason: "The context of main has 1000 tokens",
  action: { tool: "compress", arguments: { branch: "main", target_tokens: 400, strategy: "extract" } },
};

describe.each(["sqlite", "memory"] as const)("proposals on %s", (store) => {
  let test: TestEngine;
  let engine: WatchedEngine;
  beforeEach(async () => {
    test = await openTestEngine({ store });
    engine = watched(test.engine);
    await workOn(engine, 4);
  });
  afterEach(async () => await test.close());

  const proposed = async (finding: Finding): Promise<string> => {
    const made = await propose(engine, finding);
    if (made === null) throw new Error("nothing was proposed");
    return made.proposal.id;
  };
  const stateOf = async (id: string) => (await engine.store.findPlan("test", id))?.state;

  it("are approved by another process: operation, state and ledger in one transaction, and undo takes it back", async () => {
    const id = await proposed(TAG);
    const other = watched({ ...test.engine, scope: { ...test.engine.scope, author: HUMAN } });
    const { operationId, proposal } = await approveProposal(other, { id: id.slice(0, 20).toLowerCase() });
    expect(proposal).toMatchObject({ id, state: "applied", operationId, action: TAG.action });
    const [made] = (await operations(engine, { limit: 1 })).operations;
    expect(made).toMatchObject({
      id: operationId,
      type: "tag",
      author: { kind: "policy", name: "checkpoint" },
    });
    const entries = await decisionEntries(engine);
    expect(entries.map(({ decision }) => decision)).toEqual(["PROPOSED", "APPROVED"]);
    expect(entries[1]).toMatchObject({
      submissionId: id,
      metadata: { policy: "checkpoint", operation: operationId, decided_by: { kind: "user", name: "Grace" } },
    });
    await undo(engine);
    expect((await listTags(engine)).tags).toEqual([]);
    expect((await verify(engine)).problems).toEqual([]);
  });

  it("are approved once, when two do so at the same time", async () => {
    const id = await proposed(TAG);
    const other = watched(test.engine);
    const raced = outrunOnce(test.engine, () => approveProposal(other, { id }));
    const error = await approveProposal(watched(raced.engine), { id }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "plan-not-found" });
    expect((await operations(engine, {})).operations.filter(({ type }) => type === "tag")).toHaveLength(1);
    expect(await decisions(engine)).toEqual(["PROPOSAL PROPOSED", "PROPOSAL APPROVED"]);
  });

  it("say what became of them when they are decided again", async () => {
    const id = await proposed(TAG);
    await rejectProposal(engine, { id, reason: "not now" });
    for (const again of [
      () => approveProposal(engine, { id }),
      () => rejectProposal(engine, { id, reason: "twice" }),
      () => editProposal(engine, { id, changes: { name: "x" } }),
    ])
      expect(await refusal(engine, again)).toMatchObject({
        code: "plan-not-found",
        data: { id, state: "rejected" },
      });
    expect(await showProposal(engine, { id })).toMatchObject({
      proposal: { state: "rejected" },
      effect: null,
    });
  });

  it("are rejected with the reason in the ledger, and never without one", async () => {
    const id = await proposed(TAG);
    const { code } = await refusal(engine, () => rejectProposal(engine, { id, reason: "  " }));
    expect(code).toBe("invalid-argument");
    await rejectProposal(engine, { id, reason: "tags are for releases" });
    const [, entry] = await decisionEntries(engine);
    expect(entry).toMatchObject({ decision: "REJECTED", submissionId: id });
    expect(entry?.reason).toContain("tags are for releases");
    expect(await listProposals(engine)).toEqual([]);
  });

  it("are edited within what the tool takes, and wait on", async () => {
    const id = await proposed(TAG);
    for (const changes of [{}, { colour: "red" }, { action: "rename" }])
      expect((await refusal(engine, () => editProposal(engine, { id, changes }))).code).toBe(
        "invalid-argument",
      );
    const { proposal } = await editProposal(engine, { id, changes: { name: "v1", note: "ours", ref: null } });
    expect(proposal).toMatchObject({
      state: "pending",
      action: { tool: "tag", arguments: { action: "create", name: "v1", note: "ours" } },
    });
    await approveProposal(engine, { id });
    expect((await listTags(engine)).tags).toMatchObject([{ name: "v1", note: "ours" }]);
    expect(await decisions(engine)).toEqual(["PROPOSAL PROPOSED", "PROPOSAL EDITED", "PROPOSAL APPROVED"]);
  });

  it("show what approving would do, and change nothing by it", async () => {
    const id = await proposed(COMPRESS);
    const before = await engine.store.findTract("test");
    const { effect } = await showProposal(engine, { id });
    expect(effect?.tokensBefore).toBeGreaterThan(effect?.tokensAfter ?? Number.POSITIVE_INFINITY);
    expect(await engine.store.findTract("test")).toEqual(before);
    expect((await showProposal(engine, { id: await proposed(TAG) })).effect).toMatchObject({
      tokensBefore: null,
    });
    const { operationId } = await approveProposal(engine, { id });
    expect((await status(engine)).tokens).toBe(effect?.tokensAfter);
    expect(operationId).not.toBeNull();
  });

  it("wait on when what they do is refused", async () => {
    const mask = {
      ...COMPRESS,
      action: { tool: "compress", arguments: { branch: "main", strategy: "mask" } },
    };
    const id = await proposed(mask);
    const error = await approveProposal(engine, { id }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TractError);
    expect(error).toMatchObject({ code: "nothing-to-do" });
    expect(await stateOf(id)).toBe("pending");
    expect(await decisions(engine)).toEqual(["PROPOSAL PROPOSED", "PROPOSAL FAILED"]);
  });

  it("need tools to be carried out", async () => {
    const id = await proposed(TAG);
    const alone = watched(test.engine, { toolbox: null });
    expect((await refusal(engine, () => approveProposal(alone, { id }))).code).toBe("not-allowed");
  });

  it("are one for a policy and target, whoever proposes it first", async () => {
    const other = watched(test.engine);
    const raced = outrunOnce(test.engine, () => propose(other, TAG));
    const made = await propose(watched(raced.engine), TAG);
    expect(made).toMatchObject({ isNew: false });
    expect(await listProposals(engine)).toHaveLength(1);
    expect(await propose(engine, { ...TAG, target: "side" })).toMatchObject({ isNew: true });
    expect(await propose(engine, { ...TAG, policy: "other" })).toMatchObject({ isNew: true });
  });

  it("are not made without bound", async () => {
    const few = { ...engine, limits: { ...engine.limits, pageMax: 2 } };
    for (const target of ["a", "b"]) await propose(few, { ...TAG, target });
    expect(await propose(few, { ...TAG, target: "c" })).toBeNull();
  });

  it("are found by their beginning, and unknown ones name what waits", async () => {
    const id = await proposed(TAG);
    const near = `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`;
    for (const wrong of ["nope", near])
      expect(await refusal(engine, () => approveProposal(engine, { id: wrong }))).toMatchObject({
        code: "plan-not-found",
        data: { waiting: [id] },
      });
  });

  describe("expire", () => {
    const expired = async (finding: Finding, lose: () => Promise<unknown>): Promise<void> => {
      const id = await proposed(finding);
      expect(await listProposals(engine)).toMatchObject([{ id }]);
      await lose();
      const error = await approveProposal(engine, { id }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "plan-stale", data: { id, state: "expired" } });
      expect(await stateOf(id)).toBe("expired");
      expect(await listProposals(engine)).toEqual([]);
      expect(await decisions(engine)).toEqual(["PROPOSAL PROPOSED", "PROPOSAL EXPIRED"]);
    };

    it("when their branch is gone", async () => {
      await createBranch(engine, { name: "side" });
      await expired({ ...COMPRESS, action: { tool: "compress", arguments: { branch: "side" } } }, () =>
        deleteBranch(engine, { name: "side", force: true }),
      );
    });

    it("when the branch that was to be archived has another name already", async () => {
      await createBranch(engine, { name: "side" });
      const action = {
        tool: "branch",
        arguments: { action: "rename", name: "side", new_name: "archive/side" },
      };
      const archive: Finding = {
        ...TAG,
        policy: "auto-archive",
        kind: "auto-archive",
        target: "side",
        action,
      };
      await expired(archive, () => deleteBranch(engine, { name: "side", force: true }));
    });

    it("when somebody goes on with the branch that was to be archived", async () => {
      await createBranch(engine, { name: "side" });
      const action = {
        tool: "branch",
        arguments: { action: "rename", name: "side", new_name: "archive/side" },
      };
      await expired({ ...TAG, policy: "old", kind: "auto-archive", target: "side", action }, () =>
        say(engine, "more", { branch: "side" }),
      );
    });

    it("when the commit that was to be pinned has been judged", async () => {
      const hash = await say(engine, "decided");
      const action = { tool: "annotate", arguments: { refs: [hash], priority: "pinned" } };
      await expired({ ...TAG, policy: "auto-pin", kind: "auto-pin", target: hash, action }, () =>
        annotate(engine, { refs: [hash], priority: "skip" }),
      );
    });

    it("when the tag is there", async () => {
      await expired(TAG, () =>
        TOOLBOX.call(engine, TAG.action, { profile: "full", signal: new AbortController().signal }),
      );
    });

    it("when the context has become small enough", async () => {
      await expired(COMPRESS, () => compress(engine, { strategy: "extract", targetTokens: 400 }));
    });

    it("when the context is under the threshold of the policy", async () => {
      const params = { budget: 1_000, threshold: 0.9, target: 0.2 };
      await givePolicy(engine, { kind: "auto-compress", params });
      const id = await proposed({
        ...COMPRESS,
        action: { tool: "compress", arguments: { target_tokens: 200 } },
      });
      expect(await listProposals(engine)).toHaveLength((await status(engine)).tokens >= 900 ? 1 : 0);
      await compress(engine, { strategy: "extract", targetTokens: 500 });
      expect(await listProposals(engine)).toEqual([]);
      expect(await stateOf(id)).toBe("expired");
    });

    it("not in a store that cannot be written to, where they are only left out", async () => {
      const id = await proposed(TAG);
      await TOOLBOX.call(engine, TAG.action, { profile: "full", signal: new AbortController().signal });
      const readonly = new Proxy(engine.store, {
        get: (target, key) => {
          const member: unknown = key === "isReadonly" ? true : Reflect.get(target, key, target);
          return typeof member === "function" ? member.bind(target) : member;
        },
      });
      expect(await listProposals({ ...engine, store: readonly })).toEqual([]);
      expect(await stateOf(id)).toBe("pending");
    });
  });

  describe("of compress and collapse", () => {
    const planOfCompress = async (): Promise<string> =>
      (await plannedBy(engine, { olderThan: 4, summary: "Parts 0 to 2 are fine.", review: true })).plan
        .planId ?? "";

    it("are listed with those of policies, tried out and approved", async () => {
      const id = await planOfCompress();
      expect(await listProposals(engine)).toMatchObject([
        { id, kind: "compress", policy: null, action: null },
      ]);
      const { effect } = await showProposal(engine, { id });
      expect(effect?.tokensAfter).toBeLessThan(effect?.tokensBefore ?? 0);
      const { operationId, proposal } = await approveProposal(engine, { id });
      expect(proposal).toMatchObject({ state: "applied", operationId });
      expect((await status(engine)).tokens).toBe(effect?.tokensAfter);
    });

    it("are rejected with a reason", async () => {
      const id = await planOfCompress();
      await rejectProposal(engine, { id, reason: "too early" });
      const entry = (await decisionEntries(engine)).at(-1);
      expect(entry).toMatchObject({ decision: "REJECTED", metadata: { action: "compress" } });
      expect(entry?.reason).toContain("too early");
    });

    it("are edited by their summaries alone", async () => {
      const id = await planOfCompress();
      const { code } = await refusal(engine, () =>
        editProposal(engine, { id, changes: { strategy: "mask" } }),
      );
      expect(code).toBe("invalid-argument");
      await editProposal(engine, { id, changes: { summaries: ["All three are fine."] } });
      await approveProposal(engine, { id });
      const shown = await engine.store.readSummaries("test", (await engine.store.findPlan("test", id))!.head);
      expect(shown).toEqual([]);
      expect((await listProposals(engine)).length).toBe(0);
    });

    it("say what they lack", async () => {
      const { plan } = await plannedBy(engine, { olderThan: 4, strategy: "agent" });
      const id = plan.planId ?? "";
      expect((await showProposal(engine, { id })).effect?.words).toContain("without a summary");
      expect((await refusal(engine, () => approveProposal(engine, { id }))).code).toBe("invalid-argument");
    });

    it("come back from a child, too", async () => {
      const { child } = await spawn(engine, { purpose: "Find the bug", name: "helper" });
      const own = withScope(engine, { tract: child.tract, worktree: child.worktree, createWorktree: false });
      await say(own, `The bug is in part 3. ${FILLER}`, { role: "assistant" });
      const result = await collapse(engine, {
        child: "helper",
        summary: "The bug is in part 3.",
        review: true,
      });
      if (result.kind !== "planned") throw new Error(result.kind);
      const id = result.plan.planId;
      expect(await listProposals(engine)).toMatchObject([{ id, kind: "collapse" }]);
      await editProposal(engine, { id, changes: { summary: "It is in part 3." } });
      expect((await approveProposal(engine, { id })).operationId).not.toBeNull();
    });
  });

  it("stand in status with policy and reason", async () => {
    const id = await proposed(TAG);
    expect((await status(engine)).proposals).toMatchObject([
      { planId: id, kind: "policy", policy: "checkpoint", reason: TAG.reason, branch: "main" },
    ]);
  });

  it("are about the branch of their action, wherever HEAD is", async () => {
    await createBranch(engine, { name: "side" });
    await switchBranch(engine, { name: "side" });
    expect(await proposed(COMPRESS)).toBeDefined();
    expect(await listProposals(engine)).toMatchObject([{ branch: "main" }]);
  });
});

const HUMAN = { kind: "user", name: "Grace", session_id: null } as const;
