import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import { compress } from "../../../src/engine/compress/compress.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import {
  bytesOf,
  commitAll,
  done,
  exchange,
  FILLER,
  messagesOf,
  user,
  workOn,
} from "../../support/compress.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { outrunOnce, refusal, say } from "../../support/history.ts";

let opened: TestEngine;
let engine: Engine;
beforeEach(async () => {
  opened = await openTestEngine({ store: "memory" });
  engine = opened.engine;
});
afterEach(async () => await opened.close());

const at = (hashes: readonly string[], index: number): string => {
  const hash = hashes[index];
  if (hash === undefined) throw new Error(`there is no commit ${index}`);
  return hash;
};

describe("manual", () => {
  test("a summary stands where its messages stood, and everything else stays byte for byte", async () => {
    const made = await workOn(engine, 4);
    const before = await messagesOf(engine);
    const result = await done(engine, {
      from: at(made, 1),
      to: at(made, 8),
      summary: "Parts 0 and 1 are fine.",
    });
    const after = await messagesOf(engine);
    expect(after).toHaveLength(before.length - 7);
    expect([...after.slice(0, 1), ...after.slice(2)]).toEqual([...before.slice(0, 1), ...before.slice(9)]);
    expect(after[1]?.message).toContain("[Summary of 8 earlier messages]\\nParts 0 and 1 are fine.");
    expect(after[1]?.commits).toBe(result.groups[0]?.summary);
    expect(result.groups[0]?.sources).toEqual(made.slice(1, 9));
    expect(result.strategy).toBe("manual");
  });

  test("says what it saved, and the operation and the ledger have the numbers", async () => {
    const made = await workOn(engine, 4);
    const before = (await compile(engine, {})).tokenCount;
    const result = await done(engine, {
      from: at(made, 1),
      to: at(made, 8),
      summary: "Parts 0 and 1 are fine.",
    });
    const after = (await compile(engine, {})).tokenCount;
    expect(result.contextTokensBefore).toBe(before);
    expect(result.contextTokens).toBe(after);
    expect(result.originalTokens - result.compressedTokens).toBe(before - after);
    expect(result.ratio).toBeCloseTo(result.originalTokens / result.compressedTokens, 1);
    const operation = await engine.store.findOperation("test", result.operationId ?? "");
    expect(operation).toMatchObject({
      type: "compress",
      sources: made.slice(1, 9),
      results: [result.head],
      originalTokens: result.originalTokens,
      compressedTokens: result.compressedTokens,
    });
    const [entry] = (await queryLedger(engine, { submissionId: result.operationId ?? "", metadata: "full" }))
      .entries;
    expect(entry?.decision).toBe("compress");
    expect(JSON.stringify(entry)).not.toContain("fine");
    expect((await verify(engine, {})).problems).toEqual([]);
  });

  test("a pinned message in the middle divides the selection, and stays where it was", async () => {
    const made = await workOn(engine, 3);
    await annotate(engine, { refs: [at(made, 5)], priority: "pinned" });
    const before = await messagesOf(engine);
    const summaries = ["The first part is fine.", "The second part is fine."];
    const result = await done(engine, { from: at(made, 1), to: at(made, 8), summaries });
    expect(result.groups.map(({ sources }) => sources.length)).toEqual([4, 3]);
    expect(result.warnings).toHaveLength(1);
    const after = await messagesOf(engine);
    expect(after[2]).toEqual(before[5]);
    expect(after.slice(4)).toEqual(before.slice(9));
  });

  test("one summary for each run that stands apart, each where it stood", async () => {
    const made = await workOn(engine, 4);
    const commits = [...made.slice(1, 5), ...made.slice(9, 13)];
    const before = await messagesOf(engine);
    await done(engine, { commits, summaries: ["Part 0 is fine.", "Part 2 is fine."] });
    const after = await messagesOf(engine);
    expect(after[1]?.message).toContain("Part 0 is fine.");
    expect(after.slice(2, 6)).toEqual(before.slice(5, 9));
    expect(after[6]?.message).toContain("Part 2 is fine.");
    expect(after.slice(7)).toEqual(before.slice(13));
  });

  test("an edited message is summarised as it was edited, and its edit ends with it", async () => {
    const [first] = await commitAll(engine, [user(`The port is 80. ${FILLER.repeat(3)}`)]);
    await commit(engine, {
      items: [{ content: `The port is 8443. ${FILLER.repeat(3)}`, editTarget: first }],
    });
    await say(engine, "go on");
    const result = await done(engine, { to: first, summary: "About the port." });
    const context = await bytesOf(engine);
    expect(context).toContain("8443");
    expect(result.keptCount).toBeGreaterThan(0);
    expect(context).not.toContain("The port is 80.");
  });

  test("what the summary left out and what had no room is told", async () => {
    const paths = Array.from({ length: 60 }, (_, i) => `src/module-${i}/file-${i * 7}.ts`);
    const [first] = await commitAll(engine, [user(`Look at ${paths.join(" and at ")}. ${FILLER.repeat(6)}`)]);
    const result = await done(engine, { commits: [first ?? ""], summary: "Many files were named." });
    expect(result.keptCount).toBeGreaterThan(0);
    expect(result.lost.length).toBeGreaterThan(0);
    expect(result.lost[0]?.commit).toBe(first);
    expect(result.compressedTokens).toBeLessThan(result.originalTokens);
  });

  test("a compressed stretch can be compressed again, with its summary as a source", async () => {
    const made = await workOn(engine, 5);
    const one = await done(engine, {
      from: at(made, 1),
      to: at(made, 8),
      summary: "Parts 0 and 1 are fine.",
    });
    const summary = one.groups[0]?.summary ?? "";
    const two = await done(engine, { from: summary, to: at(made, 12), summary: "Parts 0 to 2 are fine." });
    expect(two.groups[0]?.sources).toEqual([summary, ...made.slice(9, 13)]);
    const after = await messagesOf(engine);
    expect(after).toHaveLength(10);
    expect(after[1]?.message).toContain("Parts 0 to 2");
    expect(two.compressedTokens).toBeLessThan(two.originalTokens);
  });

  test("undo brings the messages back, redo the summary", async () => {
    const made = await workOn(engine, 4);
    const before = await bytesOf(engine);
    await done(engine, { from: at(made, 1), to: at(made, 8), summary: "Parts 0 and 1 are fine." });
    const after = await bytesOf(engine);
    const { operationId } = await undo(engine, {});
    expect(await bytesOf(engine)).toBe(before);
    await undo(engine, { operation: operationId ?? "" });
    expect(await bytesOf(engine)).toBe(after);
  });

  test("a lost race plans again on the new head, and a pin that came meanwhile is obeyed", async () => {
    const made = await workOn(engine, 3);
    const race = outrunOnce(engine, async () => {
      await annotate(engine, { refs: [at(made, 1)], priority: "pinned" });
    });
    const result = await done(race.engine, {
      from: at(made, 1),
      to: at(made, 4),
      summary: "Part 0 is fine.",
    });
    expect(race.attempts()).toBe(2);
    expect(result.groups[0]?.sources).toEqual(made.slice(2, 5));
  });

  test("a dry run says what would be and writes nothing", async () => {
    const made = await workOn(engine, 3);
    const head = (await engine.store.findTract("test"))?.operationSequence;
    const result = await done(engine, {
      from: at(made, 1),
      to: at(made, 4),
      summary: "Part 0.",
      dryRun: true,
    });
    expect(result).toMatchObject({ dryRun: true, operationId: null });
    expect(result.groups[0]?.summary).toBeNull();
    expect(result.contextTokens).toBeLessThan(result.contextTokensBefore);
    expect((await engine.store.findTract("test"))?.operationSequence).toBe(head);
  });
});

describe("mask, dedupe, extract", () => {
  test("mask makes receipts of old tool results and leaves the newest", async () => {
    const made = await workOn(engine, 5);
    const before = await messagesOf(engine);
    const result = await done(engine, { strategy: "mask", keep: 2 });
    expect(result.groups.flatMap(({ sources }) => sources)).toEqual([3, 7, 11].map((i) => at(made, i)));
    const after = await messagesOf(engine);
    for (const [i, message] of after.entries())
      if (![3, 7, 11].includes(i)) expect(message).toEqual(before[i]);
      else expect(message.message.length).toBeLessThan(before[i]?.message.length ?? 0);
    expect(result.contextTokens).toBeLessThan(result.contextTokensBefore);
  });

  test("mask within a selection leaves the others alone, and stops at a target", async () => {
    const made = await workOn(engine, 5);
    const part = await done(engine, {
      strategy: "mask",
      keep: 0,
      from: at(made, 5),
      to: at(made, 12),
      dryRun: true,
    });
    expect(part.groups.flatMap(({ sources }) => sources)).toEqual([7, 11].map((i) => at(made, i)));
    const tokens = (await compile(engine, {})).tokenCount;
    const goal = await done(engine, { strategy: "mask", keep: 0, targetTokens: tokens - 10 });
    expect(goal.groups).toHaveLength(1);
  });

  test("dedupe keeps the newest of the same results", async () => {
    const made = await commitAll(engine, [
      ...exchange("a", FILLER.repeat(5)),
      ...exchange("a", FILLER.repeat(5)),
      user("go on"),
    ]);
    const result = await done(engine, { strategy: "dedupe" });
    expect(result.groups.map(({ sources }) => sources)).toEqual([[at(made, 1)]]);
  });

  test("extract keeps what matters of each run, shorter, the same each time", async () => {
    const made = await workOn(engine, 6);
    const request = { strategy: "extract", from: at(made, 1), to: at(made, 20) } as const;
    const once = await done(engine, { ...request, dryRun: true });
    const result = await done(engine, request);
    expect(result.compressedTokens).toBe(once.compressedTokens);
    expect(result.compressedTokens).toBeLessThan(result.originalTokens);
    expect(await messagesOf(engine)).toHaveLength(6);
  });

  test("extract of an extract keeps its lines as they are, and wraps none of them again", async () => {
    const made = await workOn(engine, 6);
    const first = await done(engine, { strategy: "extract", from: made[1], to: made[8] });
    const again = await done(engine, { strategy: "extract", from: first.head, to: made[20] });
    const [text = ""] = (await messagesOf(engine)).flatMap(({ commits, message }) =>
      commits === again.groups[0]?.summary ? message : [],
    );
    const lines = text.split("\\n").filter((line) => line.startsWith("- "));
    expect(lines.some((line) => /^- (?:user|assistant): .*part [01]/.test(line))).toBe(true);
    expect(text).not.toMatch(/summary: -|: Kept verbatim/);
  });

  test("extract keeps what a retain rule names, and the first sentence of what is important", async () => {
    const made = await workOn(engine, 6);
    await annotate(engine, { refs: [at(made, 3)], retain: { patterns: ["end of \\d"], mode: "regex" } });
    await annotate(engine, { refs: [at(made, 4)], priority: "important" });
    await done(engine, { strategy: "extract", from: at(made, 1), to: at(made, 20) });
    const context = await bytesOf(engine);
    expect(context).toContain("end of 0");
    expect(context).toContain("Answer 0: part 0 is fine.");
  });
});

describe("what is refused, with nothing changed", () => {
  test.each([
    ["two ways of selecting", { from: "HEAD~3", olderThan: 2, summary: "x" }, "invalid-argument"],
    ["no selection", { strategy: "extract" }, "invalid-argument"],
    ["nothing at all", {}, "invalid-argument"],
    ["an empty list", { commits: [], summary: "x" }, "invalid-argument"],
    ["manual without text", { strategy: "manual", olderThan: 2 }, "invalid-argument"],
    ["a summary for mask", { strategy: "mask", summary: "x" }, "invalid-argument"],
    ["keep with extract", { strategy: "extract", olderThan: 2, keep: 3 }, "invalid-argument"],
    ["instructions that nobody reads", { strategy: "mask", instructions: "be short" }, "invalid-argument"],
    ["review of a plan", { strategy: "agent", olderThan: 2, review: true }, "invalid-argument"],
    ["an action without a plan", { action: "approve" }, "invalid-argument"],
    ["both summary and summaries", { olderThan: 2, summary: "x", summaries: ["x"] }, "invalid-argument"],
    [
      "a summary of nothing but white space",
      { from: "HEAD~9", to: "HEAD~6", summary: " \n" },
      "invalid-argument",
    ],
    ["a negative number", { strategy: "extract", olderThan: -1 }, "invalid-argument"],
    ["strategy llm", { strategy: "llm", olderThan: 2 }, "llm-not-configured"],
    ["an unknown strategy", { strategy: "maks", olderThan: 2 }, "invalid-argument"],
    ["an unknown commit", { from: "no-such", summary: "x" }, "not-found"],
    ["an unknown branch", { olderThan: 2, summary: "x", branch: "mian" }, "not-found"],
    ["older than everything", { strategy: "extract", olderThan: 99 }, "nothing-to-do"],
    ["a target that is reached", { strategy: "extract", targetTokens: 1_000_000 }, "nothing-to-do"],
    ["mask with nothing old", { strategy: "mask" }, "nothing-to-do"],
    ["dedupe with nothing twice", { strategy: "dedupe" }, "nothing-to-do"],
  ] as const)("%s", async (_, request, code) => {
    await workOn(engine, 3);
    const error = await refusal(engine, () => compress(engine, request as never));
    expect(error.code).toBe(code);
  });

  test("an unborn branch", async () => {
    expect((await refusal(engine, () => compress(engine, { strategy: "mask" }))).code).toBe("nothing-to-do");
  });

  test("a range from the newer to the older end", async () => {
    const made = await workOn(engine, 3);
    const error = await refusal(engine, () =>
      compress(engine, { from: at(made, 8), to: at(made, 2), summary: "x" }),
    );
    expect(error.code).toBe("invalid-argument");
  });

  test("a call without its result, with the commits that belong together", async () => {
    const made = await workOn(engine, 3);
    for (const request of [
      { commits: [at(made, 2)], summary: "x" },
      { from: at(made, 1), to: at(made, 2), summary: "x" },
      { from: at(made, 3), to: at(made, 4), summary: "x" },
    ]) {
      const error = await refusal(engine, () => compress(engine, request));
      expect(error.code).toBe("invalid-argument");
      expect(error.data.belong_together).toEqual([at(made, 2), at(made, 3)]);
    }
  });

  test("pins only", async () => {
    const made = await workOn(engine, 3);
    for (const request of [
      { commits: [at(made, 0)], summary: "x" },
      { from: at(made, 0), to: at(made, 0), summary: "x" },
    ])
      expect((await refusal(engine, () => compress(engine, request))).code).toBe("nothing-to-do");
  });

  test("another number of summaries than there are runs, with the runs", async () => {
    const made = await workOn(engine, 3);
    const commits = [at(made, 1), at(made, 5)];
    const error = await refusal(engine, () => compress(engine, { commits, summary: "x" }));
    expect(error.code).toBe("invalid-argument");
    expect(error.data.groups).toHaveLength(2);
  });

  test("a summary that is longer than what it stands for", async () => {
    const made = await workOn(engine, 3);
    const error = await refusal(engine, () =>
      compress(engine, { commits: [at(made, 1)], summary: FILLER.repeat(20) }),
    );
    expect(error.code).toBe("summary-refused");
    expect(error.data).toMatchObject({ reason: "longer" });
  });

  test("a summary without what a retain rule names, also when it is about a summary's own sources", async () => {
    const made = await workOn(engine, 3);
    await annotate(engine, {
      refs: [at(made, 4)],
      retain: { patterns: ["part 0 is fine"], mode: "substring" },
    });
    const range = { from: at(made, 1), to: at(made, 4) };
    const error = await refusal(engine, () => compress(engine, { ...range, summary: "All went well." }));
    expect(error.code).toBe("summary-refused");
    expect(error.data.missing).toMatchObject([{ commit: at(made, 4), pattern: "part 0 is fine" }]);
    await done(engine, { ...range, summary: "Answer: part 0 is fine, they said." });
    const again = { from: at(made, 1), to: at(made, 8) };
    expect(
      (await refusal(engine, () => compress(engine, { ...again, summary: "All went well." }))).code,
    ).toBe("summary-refused");
    await done(engine, { ...again, summary: "They say part 0 is fine, and part 1 too." });
  });

  test("a regular expression that backtracks for ever", async () => {
    const [first] = await commitAll(engine, [user(`${"a".repeat(40)}! ${FILLER.repeat(3)}`)]);
    await annotate(engine, { refs: [first ?? ""], retain: { patterns: ["^(a+)+$"], mode: "regex" } });
    const error = await refusal(engine, () =>
      compress(engine, { commits: [first ?? ""], summary: `${"a".repeat(40)}!` }),
    );
    expect(error.code).toBe("summary-refused");
    expect(error.data).toMatchObject({ reason: "pattern" });
  });

  test("commits of another branch", async () => {
    const made = await workOn(engine, 3);
    await createBranch(engine, { name: "side", from: at(made, 2) });
    const stranger = await say(engine, "on the side", { branch: "side" });
    for (const request of [
      { commits: [stranger], summary: "x" },
      { from: stranger, summary: "x" },
      { to: stranger, summary: "x" },
    ])
      expect((await refusal(engine, () => compress(engine, request))).code).toBe("invalid-argument");
  });
});
