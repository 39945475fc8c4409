/** Turns what a caller typed into words to look for: any text is a safe query, operators are only punctuation (spec 3.1). */
import type { Limits } from "../limits.ts";
import { STOP_WORDS } from "./stop-words.ts";

/** Letters and digits of every script with their marks: what the index knows as words. */
const WORDS = /[\p{L}\p{N}\p{M}]+/gu;

/**
 * The distinct words of a query in lower case, in order, without stop words unless there are no others. Looks at the first
 * `searchQueryCharsMax` characters and gives at most `searchTermsMax` words.
 */
export function searchTerms(query: string, limits: Limits): readonly string[] {
  const text = query.slice(0, limits.searchQueryCharsMax).toLowerCase();
  const words = [...new Set(text.match(WORDS) ?? [])];
  const telling = words.filter((word) => !STOP_WORDS.has(word));
  return (telling.length > 0 ? telling : words).slice(0, limits.searchTermsMax);
}
