/** Tells whether a summary still has a fact: the same word, not a part of a longer one (spec 3.5, Guard). */
import { type Fact, factsIn } from "./facts.ts";

/** Characters of a summary that may be searched for facts that its own scan did not find; beyond, such a fact counts as absent. */
const SEARCHED_CHARS_MAX = 100_000_000;

/** A question about one summary that is asked for many facts. Case counts. */
export function factFinder(summary: string): (fact: Fact) => boolean {
  const own = new Set(factsIn(summary).map(({ text }) => text));
  const numbers = new Set(Array.from(summary.matchAll(NUMBER), ([number]) => plainNumber(number)));
  const folded = foldSpaces(summary);
  let searchedChars = 0;
  return ({ kind, text }) => {
    if (own.has(text)) return true;
    if (kind === "must-keep") return folded.includes(foldSpaces(text));
    const quantity = kind === "number" ? QUANTITY.exec(text) : null;
    if (quantity !== null) {
      const [, number = "", unit = ""] = quantity;
      if (!numbers.has(plainNumber(number))) return false;
      if (unit === "" || isCountNoun(unit)) return true;
      text = number; // Looked for with its unit below.
    }
    searchedChars += summary.length;
    if (searchedChars > SEARCHED_CHARS_MAX) return false;
    const isWhole = quantity === null ? BOUNDS[kind] : withUnit(quantity[2] ?? "");
    return occurs(summary, text, isWhole);
  };
}

type IsWhole = (summary: string, start: number, end: number) => boolean;

function occurs(summary: string, text: string, isWhole: IsWhole): boolean {
  for (let at = summary.indexOf(text); at !== -1; at = summary.indexOf(text, at + text.length))
    if (isWhole(summary, at, at + text.length)) return true;
  return false;
}

/** White space differs when somebody writes a sentence again; the words are what counts. */
export function foldSpaces(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}

/** Digits with what groups or divides them, as long as they go; not those of a name, a date or a time. */
const NUMBER = /(?<![\p{L}\p{N}_]|\d[-/:.,])\d(?:[\d_]|[.,](?=\d))*(?![\d_]|[-/:.,]\d)/gu;
/** A plain number, alone or with its unit behind it. */
const QUANTITY = /^[-+]?(\d[\d.,_]*)(?: ?([\p{L}%°µμ]{1,16}))?$/u;

/** 1,200 and 1_200 and 1200 are one number. */
function plainNumber(number: string): string {
  return number.replace(/[,_](?=\d{3}(?!\d))/g, "").replace(/_/g, "");
}

/** `3 attempts` is kept by every 3: what is counted may be called otherwise. A measure is another amount in another unit. */
function isCountNoun(unit: string): boolean {
  return unit.length > 3 && !MEASURES.test(unit);
}

const MEASURES =
  /^(?:second|minute|hour|day|week|month|year|byte|bit|percent|pixel|cent|dollar|euro|pound|inch|hertz|watt|volt)/i;

/** The number at the place is followed by its unit, together, apart by a space, or by a hyphen. */
function withUnit(unit: string): IsWhole {
  return (summary, start, end) => {
    if (isDigitPart(summary, start, end)) return false;
    const space = /[ \u00a0\u202f-]/.test(summary[end] ?? "") ? 1 : 0;
    const behind = end + space + unit.length;
    return summary.startsWith(unit, end + space) && !isLetterOrDigit(charAt(summary, behind));
  };
}

const BOUNDS: Readonly<Record<Fact["kind"], IsWhole>> = {
  "must-keep": () => true,
  path: isWholePath,
  url: isWholeUrl,
  email: isWholeWord,
  identifier: isWholeWord,
  number: (summary, start, end) => isWholeWord(summary, start, end) && !isDigitPart(summary, start, end),
  error: isWholeWord,
};

function isWholeWord(summary: string, start: number, end: number): boolean {
  return !isWordPart(charBefore(summary, start)) && !isWordPart(charAt(summary, end));
}

/** `src/a.ts` is not in `lib/src/a.ts`, `src/a.ts.map` or `src/a.tsx`; `./src/a.ts` is it, and a name alone may stand at the end of a path. */
function isWholePath(summary: string, start: number, end: number): boolean {
  const before = charBefore(summary, start);
  const path = summary.slice(start, end);
  const isName = !/[/\\]/.test(path);
  if (isWordPart(before) || /[~@-]/.test(before)) return false;
  if (
    /[/\\.]/.test(before) &&
    !isName &&
    !/(?:^|[^\w./\\])\.{1,2}[/\\]$/.test(summary.slice(Math.max(0, start - 4), start))
  )
    return false;
  const behind = charAt(summary, end);
  if (isWordPart(behind) || behind === "-") return false;
  return (
    !/^[./\\][\w.]/.test(summary.slice(end, end + 2)) || /^\.\.?(?:\s|$)/.test(summary.slice(end, end + 3))
  );
}

/** A longer address is another one; the sentence's own punctuation is not part of it. */
function isWholeUrl(summary: string, start: number, end: number): boolean {
  if (isWordPart(charBefore(summary, start))) return false;
  return !/^(?:[\w/#?&=%~+-]|[.:,;@][\w/])/.test(summary.slice(end, end + 2));
}

/** Digits go on, or a group or fraction does. */
function isDigitPart(summary: string, start: number, end: number): boolean {
  return (
    /\d[.,_:]?$/.test(summary.slice(Math.max(0, start - 2), start)) ||
    /^[.,_:]?\d/.test(summary.slice(end, end + 2))
  );
}

function isWordPart(char: string): boolean {
  return char === "_" || char === "$" || isLetterOrDigit(char);
}

function isLetterOrDigit(char: string): boolean {
  return /[\p{L}\p{N}]/u.test(char);
}

function charAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

function charBefore(text: string, at: number): string {
  if (at === 0) return "";
  const code = text.charCodeAt(at - 1);
  const isLow = code >= 0xdc00 && code <= 0xdfff && at > 1;
  return isLow ? text.slice(at - 2, at) : text.charAt(at - 1);
}
