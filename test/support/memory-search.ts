/** Search in the memory model: words with their endings cut off. */

function stem(word: string): string {
  return word
    .toLowerCase()
    .replace(/(ing|ed|es|s)$/, "")
    .replace(/(.)\1$/, "$1");
}

function words(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** How many words of a text are among the terms. */
export function matchCount(text: string, terms: readonly string[]): number {
  const stems = new Set(terms.flatMap(words).map(stem));
  return words(text).filter((word) => stems.has(stem(word))).length;
}

/** About so many words around the first match, with the matches between « and ». */
export function snippet(text: string, terms: readonly string[], count: number): string {
  const stems = new Set(terms.flatMap(words).map(stem));
  const parts = text.split(/\s+/);
  const isMatch = (part: string): boolean => words(part).some((word) => stems.has(stem(word)));
  const first = parts.findIndex(isMatch);
  const start = Math.max(0, Math.min(first - Math.floor(count / 2), parts.length - count));
  const shown = parts.slice(start, start + count).map((part) => (isMatch(part) ? `«${part}»` : part));
  return `${start > 0 ? "…" : ""}${shown.join(" ")}${start + count < parts.length ? "…" : ""}`;
}
