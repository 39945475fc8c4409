/** Summaries of summaries of summaries: which one stands for what, in a time that grows with their number. */
import { expect, it } from "vitest";
import type { Place } from "../../../src/engine/compile/entry.ts";
import { applySummaries } from "../../../src/engine/compile/stages/apply-summaries.ts";
import { coverageOf } from "../../../src/engine/history/coverage.ts";
import type { Hash } from "../../../src/storage/records.ts";
import type { ChainCommit } from "../../../src/storage/store.ts";

function hashOf(kind: "a" | "5", index: number): Hash {
  return `${kind}${index.toString(16).padStart(63, "0")}` as Hash; // A hash is 64 hex digits.
}

/** A message, and so often a summary of the summary before it and of one message more: what a budget comes to that is always full. */
function compactedAgainAndAgain(count: number): readonly ChainCommit[] {
  const row = (hash: Hash, operation: string, body: string): ChainCommit =>
    ({ commit: { hash, operation, editTarget: null }, body, text: null }) as unknown as ChainCommit; // Nothing else is looked at.
  const rows = [row(hashOf("a", 0), "append", "{}")];
  for (let index = 1; index <= count; index++) {
    const sources = [index === 1 ? hashOf("a", 0) : hashOf("5", index - 1), hashOf("a", index)];
    const content = { content_type: "summary", sources, strategy: "extract", text: "in short" };
    rows.push(row(hashOf("a", index), "append", "{}"));
    rows.push(row(hashOf("5", index), "summary", JSON.stringify(content)));
  }
  return rows;
}

it("takes time in proportion to a history that was compacted again and again, and only the last summary shows", {
  timeout: 10_000,
}, () => {
  const count = 20_000;
  const rows = compactedAgainAndAgain(count);
  const coverage = coverageOf(rows);
  const last = hashOf("5", count);
  for (const index of [0, 1, count / 2, count])
    expect(coverage.covers.get(hashOf("a", index))).toEqual({ by: last, isFirm: false });
  expect(coverage.covers.has(last)).toBe(false);
  const places = rows.map(
    (row, ordinal): Place => ({
      ordinal,
      commit: row.commit,
      shown: row,
      cover: null,
      span: null,
    }),
  );
  const [first, second] = applySummaries(places, coverage).filter(({ cover }) => cover === null);
  expect(first?.commit.hash).toBe(last);
  expect(first?.span).toEqual({ from: hashOf("a", 0), to: hashOf("a", count) });
  expect(second).toBeUndefined();
});
