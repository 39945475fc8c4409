import cl100k from "gpt-tokenizer/bpeRanks/cl100k_base";
import o200k from "gpt-tokenizer/bpeRanks/o200k_base";
import { describe, expect, test } from "vitest";
import { PieceMerger } from "../../../src/engine/tokens/merge-pieces.ts";
import { RankTable } from "../../../src/engine/tokens/rank-table.ts";
import { LONG_RUNS } from "./long-runs.ts";

/** One for each pair at the start and two for each merge; and an eighth of each window is done again. */
const RANKS_PER_BYTE_MAX = 3 * (8 / 7);

/** The ranks asked for are the work of a merge: each change of a pair asks for one. */
class CountingTable extends RankTable {
  asked = 0;
  override rank(bytes: Uint8Array, start: number, end: number): number {
    this.asked++;
    return super.rank(bytes, start, end);
  }
}

const tables = { o200k_base: new CountingTable(o200k), cl100k_base: new CountingTable(cl100k) };

describe.each(Object.entries(tables))("%s", (_, table) => {
  test.each(Object.entries(LONG_RUNS))("merges %s in windows as it does at once", (_, make) => {
    const bytes = Buffer.from(make(64 * 1024));
    const atOnce = new PieceMerger(table, bytes.length).count(bytes, 0, bytes.length);
    for (const windowBytes of [256, 1000, 4096]) {
      expect(new PieceMerger(table, windowBytes).count(bytes, 0, bytes.length)).toBe(atOnce);
    }
  });

  test.each(Object.entries(LONG_RUNS))("does work by the length of %s, not by its square", (_, make) => {
    const merger = new PieceMerger(table);
    const work = (length: number): number => {
      const bytes = Buffer.from(make(length));
      table.asked = 0;
      merger.count(bytes, 0, bytes.length);
      return table.asked / bytes.length;
    };
    const perByte = work(128 * 1024);
    expect(perByte).toBeLessThan(1.3 * work(16 * 1024));
    expect(perByte).toBeLessThan(RANKS_PER_BYTE_MAX);
  });
});

test("takes longer windows where merges far to the right decide", () => {
  // The pairs of a falling row of bytes merge from its right end, so where it is cut decides on all of it.
  const row = Array.from({ length: 201 }, (_, index) => 255 - index);
  const pairs = row.slice(1).map((byte) => [byte + 1, byte]);
  const table = new CountingTable([...Array.from({ length: 256 }, (_, byte) => [byte]), ...pairs.reverse()]);
  const bytes = Uint8Array.from([...row, ...row, ...row, ...row]);
  const askedBy = (merger: PieceMerger): number => {
    table.asked = 0;
    expect(merger.count(bytes, 0, bytes.length)).toBe(4 * 101);
    return table.asked;
  };
  expect(askedBy(new PieceMerger(table, 192))).toBeGreaterThan(1.3 * askedBy(new PieceMerger(table)));
});
