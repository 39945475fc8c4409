/** Which texts a search ranks: all that match while they are few; of common words the newest, and the older ones that say most. */
import type { Database } from "./database.ts";
import { anyOf } from "./search-terms.ts";

/** A content that matches. Its rank is lower the better it is. */
export interface Candidate {
  readonly content: number;
  readonly rank: number;
}

/** So many texts are all ranked. */
const RANKED_MAX = 2_000;

/** Of more the first ring has the newest, beside those that say most; each further ring has so many times as many. */
const NEWEST_MAX = 1_000;
const GROWTH = 10;

/** To here it is counted how many texts have a word: beyond it words are equally common. */
const COUNT_MAX = 10_000;

/**
 * The matching texts in rings, each to be ranked for itself: ranking takes time for every text, so a further ring is read only when those
 * before it do not fill a page. When at most 2,000 texts match, they are the only ring. Else the first ring has the newest 1,000, in the
 * order they were first stored; of the older ones those with a telling word, which are the rarest words that together stand in at most
 * 2,000; and of the others the newest 2,000 with the two rarest common words and a third one, and with the rarest and another one.
 *
 * @param words - quoted for FTS5; at least one.
 */
export function* readRings(
  database: Database,
  words: readonly string[],
): Generator<readonly Candidate[], void, undefined> {
  const all = anyOf(words);
  if (oldestOf(database, all, NO_BOUND, RANKED_MAX) === null)
    return yield readRange(database, all, 0, NO_BOUND);
  let from = oldestOf(database, all, NO_BOUND, NEWEST_MAX);
  const telling = words.length > 1 ? readTelling(database, words, from ?? 0) : [];
  yield [...readRange(database, all, from ?? 0, NO_BOUND), ...telling];
  const known = new Set(telling.map(({ content }) => content));
  for (let most = NEWEST_MAX * GROWTH; from !== null; most *= GROWTH) {
    const below = from;
    from = oldestOf(database, all, below, most);
    yield readRange(database, all, from ?? 0, below).filter(({ content }) => !known.has(content));
  }
}

/** Beyond every id. */
const NO_BOUND = Number.MAX_SAFE_INTEGER;

// FTS5 looks at a bound on the rowid only when it is an integer, which a driver may not have made of a number.

/** The oldest of the newest `count` texts; null when there are no others than these. */
function oldestOf(database: Database, expression: string, below: number, count: number): number | null {
  const [oldest, older] = database
    .sql<[number]>(
      `SELECT rowid FROM search_index WHERE search_index MATCH ? AND rowid < CAST(? AS INTEGER)
       ORDER BY rowid DESC LIMIT 2 OFFSET +?`,
    )
    .all(expression, below, count - 1);
  return oldest === undefined || older === undefined ? null : oldest[0];
}

/** The texts from an id on that are below another. FTS5 counts a word's texts in the whole index: ranks of all reads can be compared. */
function readRange(database: Database, expression: string, from: number, below: number): Candidate[] {
  return database
    .sql<[content: number, rank: number]>(
      `SELECT rowid, rank FROM search_index
       WHERE search_index MATCH ? AND rowid >= CAST(? AS INTEGER) AND rowid < CAST(? AS INTEGER)`,
    )
    .all(expression, from, below)
    .map(([content, rank]) => ({ content, rank }));
}

/** Of the texts below an id those worth ranking beside the newest, with the rank that the whole query gives them. */
function readTelling(database: Database, words: readonly string[], below: number): readonly Candidate[] {
  const { telling, common } = partWords(database, words);
  const [rarest, second, ...others] = common;
  const ranks = new Map<number, number>();
  const add = (candidates: readonly Candidate[]): void => {
    for (const { content, rank } of candidates) if (!ranks.has(content)) ranks.set(content, rank);
  };
  // A text gets its rank by those words of an expression that it has: hence those first that have words of both kinds.
  if (telling.length > 0) {
    add(readTogether(database, [telling, common], below));
    add(readRange(database, anyOf(telling), 0, below));
  }
  if (rarest !== undefined && second !== undefined) {
    if (others.length > 0) add(readTogether(database, [[rarest], [second], others], below));
    add(readTogether(database, [[rarest], [second, ...others]], below));
  }
  return Array.from(ranks, ([content, rank]) => ({ content, rank }));
}

/** The newest texts below an id that have a word of each list. */
function readTogether(
  database: Database,
  lists: readonly (readonly string[])[],
  below: number,
): readonly Candidate[] {
  return database
    .sql<[content: number, rank: number]>(
      `SELECT rowid, rank FROM search_index WHERE search_index MATCH ? AND rowid < CAST(? AS INTEGER)
       ORDER BY rowid DESC LIMIT ${RANKED_MAX}`,
    )
    .all(lists.map((words) => `(${anyOf(words)})`).join(" AND "), below)
    .map(([content, rank]) => ({ content, rank }));
}

/** The rarest words as long as they together stand in few texts, and the others, the rarest first. */
function partWords(
  database: Database,
  words: readonly string[],
): { readonly telling: readonly string[]; readonly common: readonly string[] } {
  const count = database.sql<[number]>(
    `SELECT count(*) FROM (SELECT 1 FROM search_index WHERE search_index MATCH ? LIMIT ${COUNT_MAX})`,
  );
  const counted = words
    .map((word) => ({ word, count: count.get(word)?.[0] ?? 0 }))
    .sort((a, b) => a.count - b.count);
  const telling: string[] = [];
  const common: string[] = [];
  let sum = 0;
  for (const { word, count } of counted) {
    sum += count;
    (sum <= RANKED_MAX ? telling : common).push(word);
  }
  return { telling, common };
}
