import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compress } from "../../../src/engine/compress/compress.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { reset } from "../../../src/engine/history/reset.ts";
import { status } from "../../../src/engine/history/status.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { bytesOf, done, messagesOf, plannedBy, workOn } from "../../support/compress.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { outrunOnce, refusal, say } from "../../support/history.ts";

let opened: TestEngine;
let engine: Engine;
let made: readonly string[];
beforeEach(async () => {
  opened = await openTestEngine();
  engine = opened.engine;
  made = await workOn(engine, 4);
});
afterEach(async () => await opened.close());

const at = (index: number): string => made[index] ?? "";
const stretch = (): { from: string; to: string } => ({ from: at(1), to: at(8) });

async function planned(request: object = {}): Promise<string> {
  const { plan } = await plannedBy(engine, { strategy: "agent", ...stretch(), ...request });
  return plan.planId ?? "";
}

async function decisions(planId: string): Promise<readonly string[]> {
  const { entries } = await queryLedger(engine, { submissionId: planId, order: "asc" });
  return entries.map(({ decision }) => decision);
}

describe("strategy agent", () => {
  test("is listed by status until it is applied or rejected", async () => {
    const [first, second] = [await planned(), await planned()];
    const listed = async (): Promise<readonly string[]> =>
      (await status(engine)).proposals.map(({ planId }) => planId);
    expect(await listed()).toEqual([second, first]);
    expect((await status(engine)).proposals[0]).toMatchObject({ kind: "compress", branch: "main" });
    await compress(engine, { planId: second, action: "reject" });
    expect(await listed()).toEqual([first]);
  });

  test("gives the texts, what they must keep and a size, and changes nothing", async () => {
    await annotate(engine, {
      refs: [at(4)],
      retain: { instructions: "Keep the verdict.", patterns: ["part 0 is fine"] },
    });
    const before = await bytesOf(engine);
    const operations = (await engine.store.findTract("test"))?.operationSequence;
    const result = await plannedBy(engine, { strategy: "agent", ...stretch(), instructions: "In German." });
    const [group] = result.plan.groups;
    expect(result.plan).toMatchObject({ instructions: "In German.", isReady: false });
    expect(group?.sources).toEqual(made.slice(1, 9));
    expect(group?.text).toContain("Question 0");
    expect(group?.text).toContain("end of 1");
    expect(group?.mustKeep).toEqual(expect.arrayContaining(["part 0 is fine", "Keep the verdict."]));
    expect(group?.targetTokens).toBeLessThan(group?.originalTokens ?? 0);
    expect(await bytesOf(engine)).toBe(before);
    expect((await engine.store.findTract("test"))?.operationSequence).toBe(operations);
    expect(await decisions(result.plan.planId ?? "")).toEqual(["PROPOSED"]);
  });

  test("is applied with summaries, also after new commits and with a short id, once", async () => {
    const planId = await planned();
    await say(engine, "meanwhile");
    const before = await messagesOf(engine);
    const result = await done(engine, { planId: planId.slice(0, 20), summary: "Parts 0 and 1 are fine." });
    expect(result).toMatchObject({ planId, strategy: "agent" });
    const after = await messagesOf(engine);
    expect(after.slice(2)).toEqual(before.slice(9));
    expect(after[1]?.message).toContain("Parts 0 and 1 are fine.");
    expect(await decisions(planId)).toEqual(["PROPOSED", "APPROVED"]);
    const error = await refusal(engine, () => compress(engine, { planId, summary: "Again." }));
    expect(error.code).toBe("plan-not-found");
    expect(error.data).toMatchObject({ state: "applied" });
    expect((await verify(engine, {})).problems).toEqual([]);
  });

  test("is held against the guard like any other summary, and waits on", async () => {
    await annotate(engine, { refs: [at(4)], retain: { patterns: ["part 0 is fine"] } });
    const planId = await planned();
    const error = await refusal(engine, () => compress(engine, { planId, summary: "All is well." }));
    expect(error.code).toBe("summary-refused");
    await done(engine, { planId, summary: "They found that part 0 is fine." });
  });

  test("needs as many summaries as it has groups", async () => {
    const planId = await planned();
    for (const given of [
      {},
      { summaries: ["a", "b"] },
      { action: "approve" as const },
      { action: "edit" as const },
    ])
      expect((await refusal(engine, () => compress(engine, { planId, ...given }))).code).toBe(
        "invalid-argument",
      );
  });

  test("a dry run of it stores no plan, one of its summaries no commit", async () => {
    const { plan } = await plannedBy(engine, { strategy: "agent", ...stretch(), dryRun: true });
    expect(plan.planId).toBeNull();
    const planId = await planned();
    const result = await done(engine, { planId, summary: "Parts 0 and 1 are fine.", dryRun: true });
    expect(result.operationId).toBeNull();
    await done(engine, { planId, summary: "Parts 0 and 1 are fine." });
  });
});

describe("what a plan says must be kept", () => {
  test("has nothing that receipts and headings of summaries say of themselves, and neither has the summary", async () => {
    await done(engine, { strategy: "mask", keep: 0 });
    await done(engine, { from: at(1), to: at(4), summary: "Part 0 is fine, see notes-c0.txt." });
    const { plan } = await plannedBy(engine, { strategy: "agent", from: at(1), to: at(12) });
    const [group] = plan.groups;
    expect(group?.text).toContain("[result left out: ");
    expect(group?.text).toContain("[Summary of 4 earlier messages]");
    expect(group?.mustKeep.toSorted()).toEqual(["notes-c0.txt", "notes-c1.txt", "notes-c2.txt"]);
    const result = await done(engine, { planId: plan.planId ?? "", summaries: ["Fine."] });
    expect(result.lost).toEqual([]);
    expect(result.keptCount).toBeLessThan(8);
    expect(await bytesOf(engine)).not.toMatch(/numbers:[^"]*(?:tokens|characters)/);
  });

  test("still has why a masked tool failed", async () => {
    const failed = {
      content_type: "tool_io",
      tool_name: "bash",
      direction: "result",
      call_id: "c9",
      payload: `ENOSPC: cannot write /var/tmp/out.bin\n${"x y ".repeat(300)}`,
      status: "error",
    };
    const call = { ...failed, direction: "call", payload: "{}", status: null };
    const { commits } = await commit(engine, { items: [{ content: call }, { content: failed }] });
    await done(engine, { strategy: "mask", keep: 0 });
    const { plan } = await plannedBy(engine, { strategy: "agent", commits: commits.map(({ hash }) => hash) });
    expect(plan.groups[0]?.mustKeep).toEqual(["/var/tmp/out.bin", "ENOSPC"]);
  });

  test("is some of each kind, what is said most often first, and no small numbers", async () => {
    const paths = Array.from({ length: 40 }, (_, i) => `src/part-${i}.ts has 12 of them`);
    const hash = await say(engine, `${paths.join("\n")}\nsrc/part-39.ts: ERR_TOO_LATE after 4500 ms.`);
    const { plan } = await plannedBy(engine, { strategy: "agent", commits: [hash] });
    const keep = plan.groups[0]?.mustKeep ?? [];
    expect(keep).toEqual(expect.arrayContaining(["src/part-39.ts", "ERR_TOO_LATE", "4500 ms"]));
    expect(keep).not.toContain("12");
    expect(keep.filter((text) => text.startsWith("src/")).length).toBeGreaterThan(15);
    // What was asked last is in the list, too.
    expect(keep.length).toBeLessThanOrEqual(25);
  });

  test("comes with a size that is a summary's, whatever it stands for", async () => {
    const facts = Array.from({ length: 5_000 }, (_, i) => `src/module-${i}/index.ts`).join("\n");
    const long = await say(engine, facts);
    const { plan } = await plannedBy(engine, { strategy: "agent", commits: [long] });
    expect(plan.groups[0]?.originalTokens).toBeGreaterThan(30_000);
    expect(plan.groups[0]?.targetTokens).toBe(4_000);
    const { compressedTokens, lost } = await done(engine, {
      planId: plan.planId ?? "",
      summaries: ["All modules."],
    });
    expect(compressedTokens).toBeLessThanOrEqual(4_020);
    expect(lost.length).toBeGreaterThan(3_000);
  });
});

describe("a plan is stale", () => {
  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    "when a message of it is edited": async () =>
      await commit(engine, { items: [{ content: "changed", editTarget: at(1) }] }),
    "when a message of it is pinned": async () =>
      await annotate(engine, { refs: [at(4)], priority: "pinned" }),
    "when a message of it is skipped": async () =>
      await annotate(engine, { refs: [at(4)], priority: "skip" }),
    "when part of it is summarised": async () =>
      await compress(engine, { from: at(1), to: at(4), summary: "Part 0." }),
    "when more than it is summarised": async () =>
      await compress(engine, { from: at(1), to: at(12), summary: "Parts." }),
    "when its messages are left behind": async () => await reset(engine, { ref: at(4) }),
  };
  test.each(Object.entries(changes))("%s", async (_, change) => {
    const planId = await planned();
    await change();
    const error = await refusal(engine, () => compress(engine, { planId, summary: "Parts 0 and 1." }));
    expect(error.code).toBe("plan-stale");
    expect(error.data.changed).not.toEqual([]);
  });

  test("on another branch than its own", async () => {
    const planId = await planned();
    await createBranch(engine, { name: "side" });
    const error = await refusal(engine, () => compress(engine, { planId, summary: "x", branch: "side" }));
    expect(error.code).toBe("plan-stale");
  });

  test("but not when other messages change, or HEAD stands elsewhere", async () => {
    const planId = await planned();
    await annotate(engine, { refs: [at(9)], priority: "pinned" });
    await commit(engine, { items: [{ content: "changed", editTarget: at(12) }] });
    await createBranch(engine, { name: "side", switch: true });
    expect((await done(engine, { planId, summary: "Parts 0 and 1." })).branch).toBe("main");
  });
});

describe("review", () => {
  test("a summary waits for approval, and can be edited before", async () => {
    const before = await bytesOf(engine);
    const { plan } = await plannedBy(engine, { ...stretch(), summary: "First words.", review: true });
    const planId = plan.planId ?? "";
    expect(plan).toMatchObject({
      isReady: true,
      groups: [{ summary: expect.stringContaining("First words.") }],
    });
    expect(await bytesOf(engine)).toBe(before);
    const edited = await plannedBy(engine, { planId, action: "edit", summaries: ["Better words."] });
    expect(edited.plan.groups[0]?.summary).toContain("Better words.");
    expect(edited.plan.groups[0]?.summary).not.toContain("First words.");
    const result = await done(engine, { planId, action: "approve" });
    expect(result.strategy).toBe("manual");
    expect(await bytesOf(engine)).toContain("Better words.");
    expect(await decisions(planId)).toEqual(["PROPOSED", "PROPOSED", "APPROVED"]);
  });

  test.each(["mask", "extract"] as const)(
    "%s waits for approval, and comes to what it would have come to",
    async (strategy) => {
      const request = strategy === "mask" ? { strategy, keep: 1 } : { strategy, ...stretch() };
      const dry = await done(engine, { ...request, dryRun: true });
      const { plan } = await plannedBy(engine, { ...request, review: true });
      const result = await done(engine, { planId: plan.planId ?? "", action: "approve" });
      expect(result.compressedTokens).toBe(dry.compressedTokens);
      expect(result.contextTokens).toBe(dry.contextTokens);
    },
  );

  test("a rejected plan is gone for good", async () => {
    const planId = await planned();
    const operations = (await engine.store.findTract("test"))?.operationSequence;
    expect((await compress(engine, { planId, action: "reject" })).kind).toBe("rejected");
    expect((await engine.store.findTract("test"))?.operationSequence).toBe(operations);
    expect(await decisions(planId)).toEqual(["PROPOSED", "REJECTED"]);
    const error = await refusal(engine, () => compress(engine, { planId, summary: "x" }));
    expect(error.data).toMatchObject({ state: "rejected" });
  });

  test("a plan that is rejected while it is applied is not applied, one whose branch is gone can be rejected", async () => {
    const planId = await planned();
    const race = outrunOnce(engine, () => compress(engine, { planId, action: "reject" }));
    await expect(compress(race.engine, { planId, summary: "Parts 0 and 1." })).rejects.toMatchObject({
      code: "plan-not-found",
    });
    const before = await bytesOf(engine);
    expect(before).not.toContain("Summary of");
    await createBranch(engine, { name: "side" });
    const other = await planned({ branch: "side" });
    await deleteBranch(engine, { name: "side" });
    expect((await compress(engine, { planId: other, action: "reject" })).kind).toBe("rejected");
  });

  test("an unknown plan is refused with those that wait, other arguments beside a plan too", async () => {
    const planId = await planned();
    const error = await refusal(engine, () =>
      compress(engine, { planId: "01ZZZZZZZZZZZZZZZZZZZZZZZZ", summary: "x" }),
    );
    expect(error.code).toBe("plan-not-found");
    expect(error.data.waiting).toEqual([planId]);
    for (const other of [{ from: at(1) }, { strategy: "manual" as const }, { review: true }, { keep: 1 }])
      expect((await refusal(engine, () => compress(engine, { planId, ...other, summary: "x" }))).code).toBe(
        "invalid-argument",
      );
  });
});

describe("strategy auto", () => {
  test("says that a context within its target is small enough, as all strategies do", async () => {
    for (const strategy of ["auto", "mask", "extract", "agent"] as const) {
      const error = await refusal(engine, () => compress(engine, { strategy, targetTokens: 1_000_000 }));
      expect([error.code, error.data.target_tokens]).toEqual(["nothing-to-do", 1_000_000]);
      expect(error.hint).not.toContain("select more");
    }
  });

  test("makes receipts alone when they reach the target, no more of them than that takes", async () => {
    const all = await done(engine, { strategy: "mask", keep: 0, dryRun: true });
    const result = await done(engine, { targetTokens: all.contextTokensBefore - 20, keep: 0 });
    expect(result.strategy).toBe("auto");
    expect(result.groups).toHaveLength(1);
  });

  test("else plans summaries of the oldest messages, with the receipts of the others", async () => {
    const tokens = (await done(engine, { strategy: "mask", keep: 0, dryRun: true })).contextTokensBefore;
    const targetTokens = Math.floor(tokens * 0.6);
    const { plan } = await plannedBy(engine, { targetTokens, keep: 3 });
    expect(plan.isReady).toBe(false);
    expect(plan.groups).toHaveLength(1);
    expect(plan.groups[0]?.sources[0]).toBe(at(1));
    const inside = new Set(plan.groups.flatMap(({ sources }) => sources));
    expect(plan.edits.every(({ target }) => !inside.has(target))).toBe(true);
    const result = await done(engine, { planId: plan.planId ?? "", summaries: ["Parts are fine."] });
    expect(result.contextTokens).toBeLessThanOrEqual(targetTokens);
    expect(result.groups).toHaveLength(plan.groups.length + plan.edits.length);
  });

  test("with a selection plans its summary when receipts do not do", async () => {
    const { plan } = await plannedBy(engine, stretch());
    expect(plan).toMatchObject({ strategy: "auto", edits: [] });
    expect(plan.groups[0]?.sources).toEqual(made.slice(1, 9));
  });
});
