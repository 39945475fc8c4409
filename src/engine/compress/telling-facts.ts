/** Picks the facts of a text that a plan names to whoever writes its summary: few enough to be read, and some of each kind (spec 3.5). */
import { FACT_KINDS, type MentionedFact, mentionsIn } from "./facts.ts";

/** The guard puts back others too; a longer list would be read by nobody. */
const FACTS_TOLD_MAX = 24;
/** Small numbers count or order things, and `1 match` is hardly news: word for word they tell nothing. */
const SMALL_NUMBER = /^(?:\d{1,2}|[01] \p{Ll}+)$/u;

/** By kind, and of each kind what is said most often first. */
export function tellingFacts(text: string): readonly string[] {
  const facts = mentionsIn(text).filter((fact) => fact.kind !== "number" || !SMALL_NUMBER.test(fact.text));
  const kinds = FACT_KINDS.map((kind) =>
    facts.filter((fact) => fact.kind === kind).toSorted((a, b) => b.mentions - a.mentions),
  );
  const shares = sharesOf(kinds.map(({ length }) => length));
  return kinds.flatMap((ranked: readonly MentionedFact[], kind) =>
    ranked.slice(0, shares[kind]).map(({ text: name }) => name),
  );
}

/** How many of each kind are told: one after the other gets a place, so that many paths do not keep an error out. */
function sharesOf(counts: readonly number[]): readonly number[] {
  const shares = counts.map(() => 0);
  let left = FACTS_TOLD_MAX;
  while (left > 0 && shares.some((share, kind) => share < (counts[kind] ?? 0)))
    for (const [kind, count] of counts.entries()) {
      const share = shares[kind] ?? 0;
      if (left === 0 || share >= count) continue;
      shares[kind] = share + 1;
      left -= 1;
    }
  return shares;
}
