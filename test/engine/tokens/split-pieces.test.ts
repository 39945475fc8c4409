import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cl100kPieceEnd, o200kPieceEnd, type PieceEnd } from "../../../src/engine/tokens/split-pieces.ts";
import type { Encoding } from "../../../src/engine/tokens/token-counter.ts";
import { LONG_RUNS } from "./long-runs.ts";
import { ENCODINGS, splitByPattern } from "./oracle.ts";
import { anyText, TEXTS } from "./texts.ts";

const SCANNERS: Readonly<Record<Encoding, PieceEnd>> = {
  o200k_base: o200kPieceEnd,
  cl100k_base: cl100kPieceEnd,
};

/** No scanner looks at a byte more often, whatever the text. */
const READS_PER_BYTE_MAX = 12;

describe.each(ENCODINGS)("%s", (encoding) => {
  const split = (text: string): string[] => splitByPattern(encoding, text);

  test.each(Object.entries(TEXTS))("cuts %s where its pattern does", (_, text) => {
    expect(pieces(text, SCANNERS[encoding])).toEqual(split(text.toWellFormed()));
  });

  test.each(Object.entries(LONG_RUNS))("cuts 4 KB of %s where its pattern does", (_, make) => {
    expect(pieces(make(4096), SCANNERS[encoding])).toEqual(split(make(4096)));
  });

  test("cuts any text where its pattern does", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(pieces(text, SCANNERS[encoding])).toEqual(split(text.toWellFormed()));
      }),
      { numRuns: 3000 },
    );
  });

  test("cuts millions of characters without a break, on which the pattern runs out of stack", () => {
    const text = "的".repeat(6_000_000);
    expect(() => split(text)).toThrow(RangeError);
    expect(SCANNERS[encoding](Buffer.from(text), 0)).toBe(3 * text.length);
  });

  test.each(Object.entries(LONG_RUNS))("reads each byte of %s a few times, however long it is", (_, make) => {
    for (const bytes of [1024, 64 * 1024]) {
      const text = Buffer.from(make(bytes));
      expect(reads(text, SCANNERS[encoding]) / text.length).toBeLessThan(READS_PER_BYTE_MAX);
    }
  });
});

function pieces(text: string, pieceEnd: PieceEnd): string[] {
  const utf8 = Buffer.from(text);
  const found: string[] = [];
  for (let start = 0, end = 0; start < utf8.length; start = end) {
    end = pieceEnd(utf8, start);
    found.push(utf8.toString("utf8", start, end));
  }
  return found;
}

function reads(utf8: Uint8Array, pieceEnd: PieceEnd): number {
  let count = 0;
  const counted = new Proxy(utf8, {
    get(target, property) {
      count++;
      return Reflect.get(target, property, target);
    },
  });
  for (let start = 0; start < utf8.length; ) start = pieceEnd(counted, start);
  return count;
}
