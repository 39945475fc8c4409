/** Whether two messages are about different things, by their words; what was compared once is remembered (spec 5.4, auto-branch). */
import type { CommitRecord } from "../../storage/records.ts";
import { STOP_WORDS } from "../search/stop-words.ts";
import type { TractMemory } from "./memory.ts";

export interface Subjects {
  /** As `differ` with the message before it; undefined: they were not compared yet, or not lately. */
  readonly known: (later: CommitRecord) => boolean | undefined;
  /**
   * Of a message and the one before it in the talk: true when both say enough (`WORDS_MIN` telling words) and at most one in ten of the words of
   * the shorter one is in the other.
   */
  readonly differ: (earlier: CommitRecord, later: CommitRecord) => Promise<boolean>;
}

/** With fewer words nobody can tell a subject. */
const WORDS_MIN = 4;
/** The share of common words up to which two texts have different subjects. */
const OVERLAP_MAX = 0.1;

/** @param memory null: nothing is remembered. */
export function compareSubjects(
  readTexts: (commits: readonly CommitRecord[]) => Promise<readonly string[]>,
  memory: TractMemory | null,
): Subjects {
  const wordsOf = async (commit: CommitRecord): Promise<ReadonlySet<number>> => {
    const before = commit.contentHash === null ? undefined : memory?.words.get(commit.contentHash);
    if (before !== undefined) return before;
    const [text = ""] = await readTexts([commit]);
    const words = tellingWords(text);
    if (commit.contentHash !== null) memory?.words.set(commit.contentHash, words, 1);
    return words;
  };
  return {
    known: (later) => memory?.differences.get(later.hash),
    differ: async (earlier, later) => {
      const isOther = differ(await wordsOf(earlier), await wordsOf(later));
      memory?.differences.set(later.hash, isOther, 1);
      return isOther;
    },
  };
}

/** What a message is about is said near its beginning. */
const CHARS_MAX = 500;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;

/** The distinct words of its beginning, in lower case, that say something of a subject; each by a number, as they are only compared. */
function tellingWords(text: string): ReadonlySet<number> {
  const beginning = text.slice(0, CHARS_MAX);
  const plain = plainWords(beginning);
  if (plain !== null) return plain;
  const words = (beginning.toLowerCase().match(WORD) ?? []).map(numberOf);
  return new Set(words.filter((word) => !STOP_NUMBERS.has(word)));
}

/** The same of a text in ASCII, as most are, in a small part of the time; null for others. */
function plainWords(text: string): ReadonlySet<number> | null {
  const words = new Set<number>();
  let hash = EMPTY;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : SPACE;
    if (code > ASCII_MAX) return null;
    const isCapital = code >= 0x41 && code <= 0x5a;
    if (isCapital || (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39)) {
      hash = withUnit(hash, isCapital ? code + 0x20 : code);
    } else if (hash !== EMPTY) {
      const word = hash >>> SPARE_BITS;
      if (!STOP_NUMBERS.has(word)) words.add(word);
      hash = EMPTY;
    }
  }
  return words;
}

const SPACE = 0x20;
const ASCII_MAX = 0x7f;

/** FNV-1a over UTF-16 units. That two words of two messages share a number does not happen in practice, and would count for one word. */
function numberOf(word: string): number {
  let hash = EMPTY;
  for (let at = 0; at < word.length; at++) hash = withUnit(hash, word.charCodeAt(at));
  return hash >>> SPARE_BITS;
}

function withUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

const EMPTY = 0x811c9dc5 | 0;
/** What V8 keeps without a box has 31 bits with its sign. */
const SPARE_BITS = 2;
const STOP_NUMBERS: ReadonlySet<number> = new Set([...STOP_WORDS].map(numberOf));

function differ(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  if (few.size < WORDS_MIN) return false;
  let common = 0;
  for (const word of few) if (many.has(word)) common++;
  return common <= OVERLAP_MAX * few.size;
}
