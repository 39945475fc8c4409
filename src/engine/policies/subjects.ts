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
  const wordsOf = async (commit: CommitRecord): Promise<ReadonlySet<string>> => {
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
const PLAIN_WORD = /[a-z0-9]+/g;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;

/** The distinct words of its beginning, in lower case, that say something of a subject. */
function tellingWords(text: string): ReadonlySet<string> {
  const lower = text.slice(0, CHARS_MAX).toLowerCase();
  // Most texts are plain, and are read in half the time.
  const pattern = /[^\0-\x7f]/.test(lower) ? WORD : PLAIN_WORD;
  return new Set((lower.match(pattern) ?? []).filter((word) => !STOP_WORDS.has(word)));
}

function differ(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  if (few.size < WORDS_MIN) return false;
  let common = 0;
  for (const word of few) if (many.has(word)) common++;
  return common <= OVERLAP_MAX * few.size;
}
