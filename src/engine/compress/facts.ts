/** Finds in a text what a summary must not lose: paths, addresses, identifiers, numbers, errors (spec 3.5, Guard). */
import { factsOfWord } from "./fact-words.ts";

/** Most important first: the order in which losses are put back. `must-keep` is what the caller names, never found by scanning. */
export const FACT_KINDS = ["must-keep", "path", "url", "email", "identifier", "number", "error"] as const;
export type FactKind = (typeof FACT_KINDS)[number];

export interface Fact {
  readonly kind: FactKind;
  /** As it stands in the text, on one line; of `must-keep` as it was given. */
  readonly text: string;
}

interface PlacedFact extends Fact {
  readonly at: number;
}

export interface MentionedFact extends Fact {
  readonly mentions: number;
}

/** The distinct facts of a text in the order they first appear. Takes time in proportion to the text, whatever it holds. */
export function factsIn(text: string): readonly Fact[] {
  return mentionsIn(text).map(({ kind, text: name }) => ({ kind, text: name }));
}

/** The same, with how often the text has each. */
export function mentionsIn(text: string): readonly MentionedFact[] {
  const found: PlacedFact[] = [];
  const rest = takeSpans(text, found);
  takeQuotedCode(text, found);
  takeWords(rest, found);
  found.sort((a, b) => a.at - b.at);
  const distinct = new Map<string, MentionedFact>();
  for (const { kind, text: name } of found)
    distinct.set(name, { kind, text: name, mentions: 1 + (distinct.get(name)?.mentions ?? 0) });
  return [...distinct.values()];
}

// Each expression reads a bounded number of characters from any place where it may begin, so that no text takes more than linear time.
const URL_SPAN = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,15}:\/\/[^\s\p{C}"'`<>\\^{}|]{1,2000}/giu;
const WINDOWS_PATH =
  /(?<![A-Za-z0-9])(?:[A-Za-z]:\\{1,2}|\\\\[\w.-]{1,64}\\)[^\s\p{C}"'`<>|:*?,;()]{1,400}/gu;
const WINDOWS_RELATIVE = /(?<![\w.\\-])[\w.-]{1,64}(?:\\{1,2}[\w.-]{1,64}){1,16}\.\w{1,8}(?![\w\\])/g;
const QUOTED_PATH = /(?<=["'])(?:[A-Za-z]:\\|~?\/)[^"'\s\p{C}][^"'\n\p{C}]{1,260}(?=["'])/gu;
/** Line ends and quotes inside JSON strings end words, too. */
const JSON_ESCAPE = /\\[nrt"]/g;
/** A backslash before one of these letters may be an escape and not a path's. */
const MAYBE_ESCAPE = /\\[bfnrtu"\\/]/;

/** Takes what may hold characters that end a word, and gives the text with blanks in its place. */
function takeSpans(text: string, found: PlacedFact[]): string {
  let rest = text;
  const take = (pattern: RegExp, kind: FactKind, isMeant: (span: string) => boolean): void => {
    rest = rest.replace(pattern, (span: string, at: number) => {
      const name = span.replace(span.includes("(") ? /[.,;:!?*_\\]+$/ : /[.,;:!?)\]*_\\]+$/, "");
      if (!isMeant(name)) return span;
      found.push({ kind, text: name, at });
      return " ".repeat(span.length);
    });
  };
  if (text.includes("://")) take(URL_SPAN, "url", (span) => /:\/\/[^/]/.test(span));
  if (/["'](?:[A-Za-z]:\\|~?\/)/.test(text))
    take(QUOTED_PATH, "path", (span) => span.includes(" ") && /[\\/].*[\\/]/.test(span));
  if (!text.includes("\\")) return rest;
  take(WINDOWS_PATH, "path", (span) => /[A-Za-z0-9]\\|\\[\w.]/.test(span));
  take(WINDOWS_RELATIVE, "path", (span) => /\\[^bfnrtu"\\/]/.test(span.replace(MAYBE_ESCAPE, "")));
  return rest.replace(JSON_ESCAPE, "  ");
}

const CODE = /(?<!`)`([^`\n\p{C}]{1,120})`(?!`)/gu;

/** What stands between backticks is named as it is. */
function takeQuotedCode(text: string, found: PlacedFact[]): void {
  if (!text.includes("`")) return;
  for (const { index, 1: inner = "" } of text.matchAll(CODE)) {
    const name = inner.trim();
    // With other characters than these it is a word of which the scan below tells the kind.
    if (/[\p{L}\p{N}]/u.test(name) && /^[\p{L}-]+$|[^\p{L}\p{N}_./:@#$%+~-]/u.test(name))
      found.push({ kind: "identifier", text: name, at: index });
  }
}

/**
 * Runs of what is no space, control or format character, quote, bracket or list sign, and of no script that is written without spaces. A
 * comma between groups of digits belongs to the number.
 */
const WORD =
  /(?:[^\s\p{C}"'`‘’“”„«»‹›()[\]{}<>,;|=&!?…—–·•→←、。，：；「」\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]|(?<=\d),(?=\d{3}(?!\d)))+/gu;
/** A longer run is data, not a name. */
const WORD_CHARS_MAX = 256;

function takeWords(text: string, found: PlacedFact[]): void {
  let before = "";
  let word = "";
  let at = 0;
  const take = (behind: string): void => {
    if (word === "" || word.length > WORD_CHARS_MAX) return;
    const end = at + word.length;
    const isStopped = word.endsWith(".") || text[end] === ")";
    const startsLine = at === 0 || text[at - 1] === "\n";
    const context = { before, behind, startsLine, isStopped, isCalled: text.startsWith("()", end) };
    for (const fact of factsOfWord(word, context)) found.push({ ...fact, at });
  };
  for (const match of text.matchAll(WORD)) {
    const [next] = match;
    const end = at + word.length;
    const isNear = match.index - end <= GAP_CHARS_MAX && GAP.test(text.slice(end, match.index));
    take(isNear && next.length <= WORD_CHARS_MAX ? next : "");
    before = isNear && word.length <= WORD_CHARS_MAX ? word : "";
    word = next;
    at = match.index;
  }
  take("");
}

const GAP_CHARS_MAX = 3;
/** What may stand between a number and the words that say what it is. */
const GAP = /^[ \u00a0\u202f]?[=:]?[ \u00a0\u202f]?$/;
