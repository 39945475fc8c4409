import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AlignedPair, alignMessages } from "../../../src/engine/compare/align-messages.ts";
import type { ViewedMessage } from "../../../src/engine/compare/context-view.ts";
import { hashOf } from "../../support/sample-tract.ts";

const NAMES = [..."abcdefghijkl"];

function context(names: string): readonly ViewedMessage[] {
  return [...names].map((name) => ({
    place: hashOf(name),
    shown: hashOf(name),
    message: { role: "user", content: name },
    generationConfig: null,
    tokens: 4,
  }));
}

/** `-x` removed, `+x` added, `>x` moved. */
function told(pairs: readonly AlignedPair[]): string {
  return pairs
    .map(({ a, b, isMoved }) => {
      const name = (b ?? a)?.viewed.message.content ?? "";
      return `${a === null ? "+" : b === null ? "-" : isMoved ? ">" : ""}${name}`;
    })
    .join(" ");
}

describe("the alignment of two contexts", () => {
  it.each([
    ["", "", ""],
    ["", "ab", "+a +b"],
    ["ab", "", "-a -b"],
    ["abc", "abc", "a b c"],
    ["abc", "axc", "a -b +x c"],
    ["abc", "acb", "a >c b"],
    ["abcd", "dabc", ">d a b c"],
    ["abcd", "bcda", "b c d >a"],
    ["abcd", "xcb", "-a +x >c b -d"],
  ])("of %j and %j", (a, b, expected) => {
    expect(told(alignMessages(context(a), context(b)))).toBe(expected);
  });

  it("has every message once, in order, and says of as few as can be that they moved", () => {
    const side = fc.shuffledSubarray(NAMES).map((names) => names.join(""));
    fc.assert(
      fc.property(side, side, (a, b) => {
        const pairs = alignMessages(context(a), context(b));
        const indexes = (of: "a" | "b") => pairs.flatMap((pair) => pair[of]?.index ?? []);
        expect(indexes("b")).toEqual([...b].map((_, index) => index));
        expect(indexes("a").toSorted((x, y) => x - y)).toEqual([...a].map((_, index) => index));
        const kept = pairs.filter(({ isMoved }) => !isMoved);
        const keptInA = kept.flatMap((pair) => pair.a?.index ?? []);
        expect(keptInA).toEqual(keptInA.toSorted((x, y) => x - y));
        for (const { a: before, b: after } of pairs)
          if (before !== null && after !== null) expect(before.viewed.place).toBe(after.viewed.place);
        const common = [...b].filter((name) => a.includes(name));
        expect(pairs.filter(({ isMoved }) => isMoved)).toHaveLength(common.length - longest(common, a));
      }),
    );
  });
});

/** Length of the longest part of `names` that is in the order of `order`, by trying all ends. */
function longest(names: readonly string[], order: string): number {
  const best: number[] = [];
  for (const [at, name] of names.entries())
    best[at] =
      1 +
      Math.max(
        0,
        ...names
          .slice(0, at)
          .map((other, i) => (order.indexOf(other) < order.indexOf(name) ? (best[i] ?? 0) : 0)),
      );
  return Math.max(0, ...best);
}
