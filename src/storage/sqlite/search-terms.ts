/** Words to look for as an FTS5 expression in which nothing is read as query syntax. */

/** Each term as a string of its own, without those in which there is nothing to look for. */
export function quoteTerms(terms: readonly string[]): readonly string[] {
  return (
    terms
      // NUL would end the expression.
      .map((term) => term.replaceAll("\0", " ").trim())
      .filter((term) => /[\p{L}\p{N}\p{Co}]/u.test(term))
      .map((term) => `"${term.replaceAll('"', '""')}"`)
  );
}

/** Any of the words, which are quoted already; at least one. */
export function anyOf(words: readonly string[]): string {
  return words.join(" OR ");
}
