/** What token counts are compared with: js-tiktoken, and a plain merge with its ranks where it would take minutes. */
import type { TiktokenBPE } from "js-tiktoken/lite";
import { Tiktoken } from "js-tiktoken/lite";
import cl100k from "js-tiktoken/ranks/cl100k_base";
import o200k from "js-tiktoken/ranks/o200k_base";
import type { Encoding } from "../../../src/engine/tokens/token-counter.ts";

export const ENCODINGS: readonly Encoding[] = ["o200k_base", "cl100k_base"];

const DATA: Readonly<Record<Encoding, TiktokenBPE>> = { o200k_base: o200k, cl100k_base: cl100k };

/** The pieces into which the encoding's pattern cuts a text. */
export function splitByPattern(encoding: Encoding, text: string): string[] {
  return text.match(new RegExp(DATA[encoding].pat_str, "gu")) ?? [];
}

export interface Oracle {
  /** js-tiktoken's count. Its time grows with the square of a piece and more: 0.1 s for 1 KB. */
  count(text: string): number;
  /** The same count, for pieces up to some 10 KB. */
  countSlowly(text: string): number;
}

export function oracle(encoding: Encoding): Oracle {
  const tiktoken = new Tiktoken(DATA[encoding]);
  const ranks = ranksByLatin1(DATA[encoding]);
  return {
    count: (text) => tiktoken.encode(text, [], []).length,
    countSlowly: (text) =>
      splitByPattern(encoding, text).reduce((sum, piece) => sum + mergeSlowly(latin1(piece), ranks), 0),
  };
}

function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function ranksByLatin1(data: TiktokenBPE): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const line of data.bpe_ranks.split("\n")) {
    const [, firstRank, ...tokens] = line.split(" ");
    for (const [index, token] of tokens.entries()) {
      ranks.set(Buffer.from(token, "base64").toString("latin1"), Number(firstRank) + index);
    }
  }
  return ranks;
}

// The definition, read off: as long as some two neighbours have a rank, merge the first two of the lowest.
function mergeSlowly(bytes: string, ranks: ReadonlyMap<string, number>): number {
  if (ranks.has(bytes)) return 1;
  const parts = [...bytes];
  const rankAt = (index: number): number =>
    index < 0 || index + 1 >= parts.length
      ? Number.POSITIVE_INFINITY
      : (ranks.get(`${parts[index]}${parts[index + 1]}`) ?? Number.POSITIVE_INFINITY);
  const pairRanks = parts.map((_, index) => rankAt(index));
  for (;;) {
    let first = 0;
    for (let index = 1; index < pairRanks.length; index++)
      if (pairRanks[index]! < pairRanks[first]!) first = index;
    if (pairRanks[first] === Number.POSITIVE_INFINITY) return parts.length;
    parts.splice(first, 2, `${parts[first]}${parts[first + 1]}`);
    pairRanks.splice(first + 1, 1);
    pairRanks[first] = rankAt(first);
    if (first > 0) pairRanks[first - 1] = rankAt(first - 1);
  }
}
