/** Finds which message of one context is which message of another, by the commits that stand there. Pure. */
import type { ViewedMessage } from "./context-view.ts";

/** A message and its position in its context. */
export interface Placed {
  readonly index: number;
  readonly viewed: ViewedMessage;
}

/** One message on both sides, or on one. */
export interface AlignedPair {
  readonly a: Placed | null;
  readonly b: Placed | null;
  /** It stands on both sides, but in another order among the others that do. */
  readonly isMoved: boolean;
}

/** All messages of both contexts once, in the order of `b`; what only `a` has stands where it stood, before what came in its place. */
export function alignMessages(
  a: readonly ViewedMessage[],
  b: readonly ViewedMessage[],
): readonly AlignedPair[] {
  const inA = new Map(a.map((viewed, index) => [viewed.place, index]));
  const matches = b.map(({ place }) => inA.get(place) ?? null);
  const kept = new Set(longestRise(matches.filter((index) => index !== null)));
  const matched = new Set(matches);
  const pairs: AlignedPair[] = [];
  let came: AlignedPair[] = [];
  let from = 0;
  /** What only `a` has up to a position, then what came in between. */
  const flush = (to: number): void => {
    for (const [offset, viewed] of a.slice(from, to).entries()) {
      const index = from + offset;
      if (!matched.has(index)) pairs.push({ a: { index, viewed }, b: null, isMoved: false });
    }
    pairs.push(...came);
    came = [];
    from = to;
  };
  for (const [index, viewed] of b.entries()) {
    const match = matches[index] ?? null;
    const before = match === null ? undefined : a[match];
    const own: Placed = { index, viewed };
    if (match === null || before === undefined) {
      came.push({ a: null, b: own, isMoved: false });
      continue;
    }
    const pair = { a: { index: match, viewed: before }, b: own, isMoved: !kept.has(match) };
    if (pair.isMoved) came.push(pair);
    else {
      flush(match);
      pairs.push(pair);
      from = match + 1;
    }
  }
  flush(a.length);
  return pairs;
}

/** The longest part of distinct numbers that rises: what kept its order when as little as possible is said to have moved. */
function longestRise(numbers: readonly number[]): readonly number[] {
  /** At i: position of the smallest number that ends a rise of length i + 1. */
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  for (const [position, value] of numbers.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const end = numbers[ends[middle] ?? -1];
      if (end !== undefined && end < value) low = middle + 1;
      else high = middle;
    }
    before[position] = ends[low - 1];
    ends[low] = position;
  }
  const rise: number[] = [];
  for (let at = ends.at(-1); at !== undefined; at = before[at]) {
    const value = numbers[at];
    if (value !== undefined) rise.push(value);
  }
  return rise.reverse();
}
