/** Ranks units by how much they say of a query: rare words count for more, as in search (spec 3.5: expand). Pure. */
import { textOf } from "../compile/entry.ts";
import type { Unit } from "../compile/unit.ts";

/** Units that have any of the words, best first; of equal score the newer first. */
export function rankUnits(units: readonly Unit[], terms: readonly string[]): readonly Unit[] {
  const stems = terms.map(stemOf);
  const found = units.map((unit) => countStems(unit, stems));
  const weights = stems.map((_, term) => {
    const having = found.filter((counts) => (counts[term] ?? 0) > 0).length;
    return Math.log(1 + units.length / Math.max(1, having));
  });
  const scored = units.map((unit, index) => ({
    unit,
    index,
    score: weights.reduce((sum, weight, term) => sum + weight * saturated(found[index]?.[term] ?? 0), 0),
  }));
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || b.index - a.index)
    .map(({ unit }) => unit);
}

/** Letters and digits of every script with their marks: what search knows as words. */
const WORDS = /[\p{L}\p{N}\p{M}]+/gu;

/** How often each word is in the texts of a unit. */
function countStems({ entries }: Unit, stems: readonly string[]): readonly number[] {
  const wanted = new Map(stems.map((stem, index) => [stem, index]));
  const counts = stems.map(() => 0);
  for (const entry of entries)
    for (const [word] of textOf(entry).toLowerCase().matchAll(WORDS)) {
      const term = wanted.get(stemOf(word));
      if (term !== undefined) counts[term] = (counts[term] ?? 0) + 1;
    }
  return counts;
}

/** Saying a word again and again says little more. */
function saturated(count: number): number {
  return (2 * count) / (count + 1);
}

/** The word without the endings that English gives one word; the same on both sides, so that it need not be right. */
function stemOf(word: string): string {
  if (word.length < 5) return word.replace(/s$/, "");
  return word.replace(/(?:ings?|edly|ed|ies|es|s|e|y)$/, "");
}
