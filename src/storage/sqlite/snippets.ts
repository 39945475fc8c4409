/** Parts of texts around the words searched for, by FTS5's own function in a database of its own in memory. */
import type { Connection } from "./connection.ts";
import { anyOf, quoteTerms } from "./search-terms.ts";

/** FTS5 gives at most so many. */
const WORDS_MAX = 64;

export function snippets(
  memory: Connection,
  texts: readonly string[],
  { terms, words }: { readonly terms: readonly string[]; readonly words: number },
): readonly string[] {
  memory.exec(
    "CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5 (text, tokenize = 'porter unicode61'); DELETE FROM texts;",
  );
  const insert = memory.sql("INSERT INTO texts (rowid, text) VALUES (?, ?)");
  for (const [index, text] of texts.entries()) insert.run(index + 1, text);
  const quoted = quoteTerms(terms);
  const count = Math.max(1, Math.min(WORDS_MAX, Math.floor(words)));
  const found =
    quoted.length === 0
      ? new Map<number, string>()
      : new Map(
          memory
            .sql<[number, string]>(
              "SELECT rowid, snippet(texts, 0, '«', '»', '…', +?) FROM texts WHERE texts MATCH ?",
            )
            .all(count, anyOf(quoted)),
        );
  memory.exec("DELETE FROM texts");
  return texts.map((text, index) => found.get(index + 1) ?? beginning(text, count));
}

/** The first words of a text that has none of the terms. */
function beginning(text: string, words: number): string {
  const match = new RegExp(`^(?:\\s*\\S+){0,${words}}`, "u").exec(text)?.[0] ?? "";
  return match.length < text.trimEnd().length ? `${match}…` : match;
}
