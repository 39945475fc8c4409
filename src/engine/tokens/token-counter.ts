/** Counts the tokens of a text as the models do, in time that grows with its length and not faster (spec 1.7). */

import { PieceMerger } from "./merge-pieces.ts";
import { PieceCache } from "./piece-cache.ts";
import { NO_RANK, RankTable } from "./rank-table.ts";
import { cl100kPieceEnd, o200kPieceEnd, type PieceEnd } from "./split-pieces.ts";

export type Encoding = "o200k_base" | "cl100k_base";

/** Text that looks like a special token, such as `<|endoftext|>`, counts as the text it is. */
export interface TokenCounter {
  readonly encoding: Encoding;
  count(text: string): number;
}

const counters = new Map<Encoding, Promise<TokenCounter>>();

/** The counter of an encoding. Its tables are loaded when it is first asked for, once a process. */
export function loadTokenCounter(encoding: Encoding): Promise<TokenCounter> {
  const counter = counters.get(encoding) ?? load(encoding);
  counters.set(encoding, counter);
  return counter;
}

async function load(encoding: Encoding): Promise<TokenCounter> {
  switch (encoding) {
    case "o200k_base": {
      const { default: tokens } = await import("gpt-tokenizer/bpeRanks/o200k_base");
      return tokenCounter(encoding, new RankTable(tokens), o200kPieceEnd);
    }
    case "cl100k_base": {
      const { default: tokens } = await import("gpt-tokenizer/bpeRanks/cl100k_base");
      return tokenCounter(encoding, new RankTable(tokens), cl100kPieceEnd);
    }
  }
}

function tokenCounter(encoding: Encoding, ranks: RankTable, pieceEnd: PieceEnd): TokenCounter {
  const encoder = new TextEncoder();
  const merger = new PieceMerger(ranks);
  const cache = new PieceCache((utf8, start, end) => merger.count(utf8, start, end));
  return {
    encoding,
    count(text) {
      const utf8 = encoder.encode(text);
      let tokens = 0;
      for (let start = 0, end = 0; start < utf8.length; start = end) {
        end = pieceEnd(utf8, start);
        // Most pieces of ordinary text are tokens.
        tokens += ranks.rank(utf8, start, end) !== NO_RANK ? 1 : cache.count(utf8, start, end);
      }
      return tokens;
    },
  };
}
