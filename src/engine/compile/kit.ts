/** Counts the short texts that compile itself writes around contents, each once (spec 1.7). */
import type { TokenCounter } from "../tokens/token-counter.ts";

/** What formats need to know the cost of what they write. */
export interface Kit {
  /** Tokens of a text, remembered: for names, notes and lines that come back. */
  readonly count: (text: string) => number;
}

const TEXTS_REMEMBERED_MAX = 20_000;
const kits = new WeakMap<TokenCounter, Kit>();

/** For what only adds stored counts up: the tables of a counter take longer to load than most histories to measure. */
export const KIT_WITHOUT_COUNTER: Kit = {
  count: () => {
    throw new Error("invariant broken: nothing is counted anew where no counter was loaded");
  },
};

/** One kit per counter, so that what was counted for one context is known to the next. */
export function kitOf(counter: TokenCounter): Kit {
  const known = kits.get(counter);
  if (known !== undefined) return known;
  const counts = new Map<string, number>();
  const kit: Kit = {
    count: (text) => {
      const counted = counts.get(text);
      if (counted !== undefined) return counted;
      const tokens = counter.count(text);
      if (counts.size >= TEXTS_REMEMBERED_MAX) counts.clear();
      counts.set(text, tokens);
      return tokens;
    },
  };
  kits.set(counter, kit);
  return kit;
}
