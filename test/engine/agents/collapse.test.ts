import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collapse } from "../../../src/engine/agents/collapse.ts";
import type {
  Collapsed,
  CollapseRequest,
  PlannedCollapse,
} from "../../../src/engine/agents/collapse-result.ts";
import { spawn } from "../../../src/engine/agents/spawn.ts";
import { expand } from "../../../src/engine/compress/expand.ts";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { reset } from "../../../src/engine/history/reset.ts";
import { show } from "../../../src/engine/history/show.ts";
import { readCollapseLink } from "../../../src/engine/history/spawn-link.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { expectSound, inChild, messagesOf } from "../../support/children.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { allRefs, outrunOnce, refusal, say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  await test.close();
});

/** A child named finder that has said something. */
async function workingChild(as: "branch" | "tract" = "branch"): Promise<Engine> {
  const { engine } = test;
  await say(engine, "Why does it fail?");
  const { child } = await spawn(engine, { purpose: "Find the bug", name: "finder", as });
  const own = inChild(engine, child);
  await say(own, "I am looking at /src/parse.ts.", { role: "assistant" });
  await say(own, "Line 12 of /src/parse.ts divides by zero.", { role: "assistant" });
  return own;
}

async function collapsed(request: CollapseRequest): Promise<Collapsed> {
  const result = await collapse(test.engine, request);
  if (result.kind !== "collapsed") throw new Error(`it was ${result.kind}`);
  return result;
}

async function planned(request: CollapseRequest): Promise<PlannedCollapse> {
  const result = await collapse(test.engine, request);
  if (result.kind !== "planned") throw new Error(`it was ${result.kind}`);
  return result;
}

describe.each(["branch", "tract"] as const)("collapse of a child as %s", (as) => {
  it("commits a result that expand follows to what the child did", async () => {
    const { engine } = test;
    const child = await workingChild(as);
    const { commit: made } = await collapsed({ child: "finder" });
    await say(child, "Said afterwards.");
    const work = await expand(engine, { summary: made });
    if (work.kind !== "expanded") throw new Error("nothing is restored");
    expect(work.commits.map(({ message }) => message)).toEqual([
      "dialogue: I am looking at /src/parse.ts.",
      "dialogue: Line 12 of /src/parse.ts divides by zero.",
    ]);
    expect(work.tract).toBe(child.scope.tract);
    const found = await expand(engine, { summary: made, query: "zero" });
    expect(found).toMatchObject({ commits: [{ message: expect.stringContaining("zero") }] });
    const refused = await refusal(engine, () => expand(engine, { summary: made, restore: true }));
    expect(refused.code).toBe("invalid-argument");
  });

  it("commits its last output to the parent, with a link to the child, which stays", async () => {
    const { engine } = test;
    const child = await workingChild(as);
    const before = await messagesOf(child);
    const [tip] = (await show(child, { refs: ["HEAD"] })).commits;
    const [purpose] = (await show(child, { refs: ["HEAD~2"] })).commits;
    const result = await collapsed({ child: "finder" });
    expect(result).toMatchObject({ branch: "main", head: result.commit, lost: [], warnings: [] });
    expect(await messagesOf(engine)).toEqual([
      "user: Why does it fail?",
      "assistant: Line 12 of /src/parse.ts divides by zero.",
    ]);
    const [made] = (await show(engine, { refs: [result.commit] })).commits;
    expect(made).toMatchObject({ contentType: "output", role: "assistant", tokens: result.summaryTokens });
    expect(made && readCollapseLink(made)).toEqual({
      tract: child.scope.tract,
      branch: as === "branch" ? "finder" : "main",
      worktree: "finder",
      head: tip?.hash,
      from: purpose?.hash,
    });
    const [operation] = await engine.store.readOperations("test", { type: "collapse", limit: 1 });
    expect(operation).toMatchObject({
      sources: as === "branch" ? [tip?.hash] : [],
      results: [result.commit],
      originalTokens: result.sourceTokens,
      compressedTokens: result.summaryTokens,
    });
    expect(await messagesOf(child)).toEqual(before);
    await expectSound(engine, result.child);
  });

  it("is undone and done again", async () => {
    const { engine } = test;
    const child = await workingChild(as);
    await collapsed({ child: "finder", summary: "Division by zero in /src/parse.ts, line 12." });
    const undone = await undo(engine);
    expect(await messagesOf(engine)).toEqual(["user: Why does it fail?"]);
    await undo(engine, { operation: undone.operationId ?? "" });
    expect((await messagesOf(engine)).at(-1)).toContain("/src/parse.ts");
    await expectSound(engine, { tract: child.scope.tract, branch: "", worktree: "finder" });
  });

  it("gives a plan with the child's own work alone, and commits the summary that answers it", async () => {
    const { engine } = test;
    await workingChild(as);
    const head = (await allRefs(engine))["branch main"];
    const { plan, operationId } = await planned({ child: "finder", strategy: "agent" });
    expect(operationId).toBeNull();
    expect((await allRefs(engine))["branch main"]).toEqual(head);
    expect(plan.text).toContain("divides by zero");
    expect(plan.text).not.toContain("Why does it fail?");
    expect(plan.mustKeep).toContain("/src/parse.ts");
    const summary = "It divides by zero in /src/parse.ts, line 12.";
    const result = await collapsed({ planId: plan.planId, summary });
    expect((await messagesOf(engine)).at(-1)).toBe(`assistant: ${summary}`);
    expect(result.sourceTokens).toBe(plan.sourceTokens);
    expect(await engine.store.findPlan("test", plan.planId)).toMatchObject({ state: "applied" });
    const again = await refusal(engine, () => collapse(engine, { planId: plan.planId, summary }));
    expect(again.code).toBe("plan-not-found");
    await expectSound(engine, result.child);
  });

  it("waits for approval with review", async () => {
    const { engine } = test;
    await workingChild(as);
    const { plan } = await planned({ child: "finder", review: true });
    expect(plan.summary).toBe("Line 12 of /src/parse.ts divides by zero.");
    await collapse(engine, { planId: plan.planId, action: "edit", summary: "In /src/parse.ts, line 12." });
    await collapsed({ planId: plan.planId, action: "approve" });
    expect((await messagesOf(engine)).at(-1)).toBe("assistant: In /src/parse.ts, line 12.");
    expect(await decisions(plan.planId)).toEqual(["PROPOSED", "PROPOSED", "APPROVED"]);
    const other = (await planned({ child: "finder", summary: "No: /src/parse.ts line 12", review: true }))
      .plan;
    expect((await collapse(engine, { planId: other.planId, action: "reject" })).kind).toBe("rejected");
    expect(
      (await refusal(engine, () => collapse(engine, { planId: other.planId, action: "approve" }))).code,
    ).toBe("plan-not-found");
    expect(await decisions(other.planId)).toEqual(["PROPOSED", "REJECTED"]);
  });
});

/** What the ledger says of a plan, none of its text. */
async function decisions(planId: string): Promise<readonly string[]> {
  const { entries } = await queryLedger(test.engine, {
    submissionId: planId,
    order: "asc",
    metadata: "full",
  });
  for (const { metadata } of entries)
    expect(Object.keys(metadata ?? {}).toSorted()).toEqual(["action", "branch", "head", "provenance"]);
  return entries.map(({ decision }) => decision);
}

describe("a summary of a child's work", () => {
  it("gets back what it lost, and the rest is told", async () => {
    const { engine } = test;
    await workingChild();
    const { lost } = await collapsed({ child: "finder", summary: "Found it." });
    const text = (await messagesOf(engine)).at(-1) ?? "";
    expect(text).toMatch(/^assistant: Found it\./);
    expect(text.includes("/src/parse.ts") || lost.some((fact) => fact.text === "/src/parse.ts")).toBe(true);
  });

  it("is refused when it misses what must be retained", async () => {
    const { engine } = test;
    const child = await workingChild();
    await annotate(child, { refs: ["HEAD"], retain: { patterns: ["divides by zero"] } });
    const error = await refusal(engine, () => collapse(engine, { child: "finder", summary: "Found it." }));
    expect(error).toMatchObject({
      code: "summary-refused",
      data: { missing: [{ pattern: "divides by zero" }] },
    });
    await collapsed({ child: "finder", summary: "/src/parse.ts line 12 divides by zero" });
  });

  it("is not asked for while there is nothing to summarise", async () => {
    const { engine } = test;
    await spawn(engine, { purpose: "Find the cause.", name: "idle" });
    const error = await refusal(engine, () => collapse(engine, { child: "idle", strategy: "agent" }));
    expect(error.code).toBe("nothing-to-do");
  });

  it("may tell of a child that has said nothing, which has no last output", async () => {
    const { engine } = test;
    await say(engine, "start", { role: "assistant" });
    await spawn(engine, { purpose: "wait", name: "quiet" });
    expect((await refusal(engine, () => collapse(engine, { child: "quiet" }))).code).toBe("nothing-to-do");
    expect(await collapsed({ child: "quiet", summary: "It was not needed." })).toMatchObject({
      sourceTokens: 0,
    });
  });
});

describe("collapse", () => {
  it("a second time says that there is a first", async () => {
    await workingChild();
    const first = await collapsed({ child: "finder" });
    const second = await collapsed({ child: "finder" });
    expect(second.warnings).toEqual([expect.stringContaining(first.commit.slice(0, 12))]);
  });

  it("goes to the parent's branch, wherever the caller is, and moves no HEAD", async () => {
    const { engine } = test;
    await workingChild();
    await createBranch(engine, { name: "side", switch: true });
    expect(await collapsed({ child: "finder" })).toMatchObject({ branch: "main" });
    expect((await allRefs(engine))["worktree default"]).toEqual({ branch: "side" });
  });

  it("refuses a stranger as into, unless it is forced", async () => {
    const { engine } = test;
    await workingChild();
    await createBranch(engine, { name: "side" });
    const error = await refusal(engine, () => collapse(engine, { child: "finder", into: "side" }));
    expect(error).toMatchObject({ code: "not-allowed", data: { parent: "main" } });
    expect(await collapsed({ child: "finder", into: "side", force: true })).toMatchObject({ branch: "side" });
  });

  it("refuses the child of another tract, unless it is forced", async () => {
    const { engine } = test;
    await workingChild("tract");
    const stranger = withScope(engine, { tract: "stranger" });
    await say(stranger, "hello");
    const request = { child: "test/finder" };
    const error = await refusal(stranger, () => collapse(stranger, request));
    expect(error).toMatchObject({ code: "not-allowed", data: { parent: "test" } });
    await collapse(stranger, { ...request, force: true });
    expect((await messagesOf(stranger)).at(-1)).toContain("divides by zero");
    await expectSound(stranger, { tract: "test/finder", branch: "main", worktree: "finder" });
  });

  it("follows the child to where its worktree is now", async () => {
    const child = await workingChild();
    await createBranch(child, { name: "deeper", switch: true });
    await say(child, "Fixed.", { role: "assistant" });
    expect((await collapsed({ child: "finder" })).child.branch).toBe("deeper");
    await checkout(child, { ref: "HEAD~1" });
    expect((await collapsed({ child: "finder" })).child).toMatchObject({ worktree: "finder" });
  });

  it("of a plan tells of newer work, and refuses when the child has left it", async () => {
    const { engine } = test;
    const child = await workingChild();
    const { plan } = await planned({ child: "finder", review: true });
    await say(child, "One more.", { role: "assistant" });
    expect((await collapsed({ planId: plan.planId, action: "approve" })).warnings[0]).toContain("1 newer");
    const later = (await planned({ child: "finder", review: true })).plan;
    await reset(child, { ref: "HEAD~2" });
    expect(
      (await refusal(engine, () => collapse(engine, { planId: later.planId, action: "approve" }))).code,
    ).toBe("plan-stale");
  });

  it("keeps to the budget of the parent's branch", async () => {
    const { engine } = test;
    const child = await workingChild();
    await say(child, "word ".repeat(500), { role: "assistant" });
    const budget = { max_tokens: 100, action: "reject" };
    await commit(engine, { items: [{ content: { content_type: "config", settings: { budget } } }] });
    await expect(collapse(engine, { child: "finder" })).rejects.toMatchObject({ code: "budget-exceeded" });
    await collapsed({ child: "finder", summary: "short: /src/parse.ts" });
  });

  it("again after somebody else was faster", async () => {
    const { engine } = test;
    await workingChild();
    const race = outrunOnce(engine, () => say(engine, "meanwhile"));
    await collapse(race.engine, { child: "finder" });
    expect(race.attempts()).toBe(2);
    expect((await messagesOf(engine)).slice(-2)).toEqual([
      "user: meanwhile",
      "assistant: Line 12 of /src/parse.ts divides by zero.",
    ]);
  });

  const BAD: readonly (readonly [string, CollapseRequest, string])[] = [
    ["nothing", {}, "invalid-argument"],
    ["an unknown child", { child: "findr" }, "not-found"],
    ["the parent itself", { child: "test" }, "not-found"],
    ["manual without a summary", { child: "finder", strategy: "manual" }, "invalid-argument"],
    ["a summary that says nothing", { child: "finder", summary: " " }, "invalid-argument"],
    [
      "a summary beside last_output",
      { child: "finder", strategy: "last_output", summary: "x" },
      "invalid-argument",
    ],
    ["llm without one", { child: "finder", strategy: "llm" }, "llm-not-configured"],
    ["an action without a plan", { child: "finder", action: "approve" }, "invalid-argument"],
    ["an unknown plan", { planId: "00000000", action: "approve" }, "plan-not-found"],
    ["a child beside a plan", { planId: "00000000", child: "finder", action: "approve" }, "invalid-argument"],
    ["a plan without anything to do", { planId: "00000000" }, "invalid-argument"],
    ["an unknown branch", { child: "finder", into: "mian", force: true }, "not-found"],
  ];
  it.each(BAD)("refuses %s and changes nothing", async (_, request, code) => {
    const { engine } = test;
    await workingChild();
    const error = await refusal(engine, () => collapse(engine, request));
    expect(error.code).toBe(code);
    if (request.child === "findr") expect(error.data.near).toEqual(["finder"]);
  });

  it("knows no child whose spawn was undone", async () => {
    const { engine } = test;
    await say(engine, "start");
    await spawn(engine, { purpose: "x", name: "gone" });
    await undo(engine);
    expect((await refusal(engine, () => collapse(engine, { child: "gone" }))).code).toBe("not-found");
  });
});
