/** Says of one word whether it is a fact: a path, an address, an identifier, a number, an error (spec 3.5, Guard). */
import { COMMON_FOLDERS, ERROR_NUMBERS, FILE_ENDINGS, isUnit, WEAK_PARTS } from "./fact-vocabulary.ts";
import type { Fact, FactKind } from "./facts.ts";

/** What stands around a word, as far as it changes what the word means. */
export interface WordContext {
  /** The word before and behind it on the same line, apart by a space, a colon or an equals sign; "" when there is none. */
  readonly before: string;
  readonly behind: string;
  /** The word is the first of its line. */
  readonly startsLine: boolean;
  /** A full stop or a closing bracket follows. */
  readonly isStopped: boolean;
  /** An empty pair of brackets follows: a function is named. */
  readonly isCalled: boolean;
}

/**
 * The facts of a word without spaces, quotes and brackets: none for ordinary words. The word is at most some hundred characters long, so the
 * expressions below cost a bounded amount each.
 */
export function factsOfWord(raw: string, context: WordContext): readonly Fact[] {
  const word = trimmed(context.startsLine ? raw.replace(LINE_NUMBER, "") : raw);
  if (PLAIN_WORD.test(word)) return context.isCalled && word.length > 1 ? [fact("identifier", word)] : [];
  const kind = kindOf(word);
  if (kind !== null) return [fact(kind, word)];
  const position = POSITION.exec(word);
  if (position !== null) return factsAt(position, context);
  if (STARTS_AS_NUMBER.test(word) && !/:\p{L}|\.\./u.test(word)) return numberFacts(word, context);
  const split = word.split(/(?:[:/\\+~^]|\.{2})+/);
  if (split.length > 1) return split.flatMap((part) => factsOfWord(part, ALONE));
  return context.isCalled && /\p{L}/u.test(word) ? [fact("identifier", word)] : [];
}

/** What listings of files and matches put before a line. */
const LINE_NUMBER = /^\d{1,6}:(?!\d)/;
/** Most words of a prose text. */
const PLAIN_WORD = /^\p{Lu}?\p{Ll}*$/u;
const ALONE: WordContext = { before: "", behind: "", startsLine: false, isStopped: false, isCalled: false };

function fact(kind: FactKind, text: string): Fact {
  return { kind, text };
}

/** Punctuation around a word is the sentence's, but for what begins a path, a flag, a variable or a number. */
function trimmed(raw: string): string {
  const end = raw.replace(/[.:!?*~^+#@$\\-]+$/, "");
  const start = end.replace(/^[.:!?*~^\\_-]*(?=[./~$#@+-]?[\p{L}\p{N}])/u, (marks) => keptMarks(marks, end));
  return start.replace(/^[:!?*^\\]+/, "");
}

/** Of the punctuation before a word, the marks that belong to it: `./`, `../`, `--`, `-`, `.`, `~`, `_`. */
function keptMarks(marks: string, word: string): string {
  const behind = word[marks.length];
  if (behind === "/") return /(?:\.{1,2}|~)$/.exec(marks)?.[0] ?? "";
  return /(?:--?|\.|_+)$/.exec(marks)?.[0] ?? "";
}

function kindOf(word: string): FactKind | null {
  if (EMAIL.test(word)) return "email";
  if (isError(word)) return "error";
  if (isPath(word)) return "path";
  return isIdentifier(word) ? "identifier" : null;
}

const EMAIL = /^[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}$/;

function isError(word: string): boolean {
  return ERROR_NUMBERS.has(word) || ERROR_NAME.test(word) || ERROR_CODE.test(word);
}

/** `TypeError`, `java.io.IOException`, `ERR_INVALID_ARG`, `SIGKILL`, `TS2322`, `ORA-00942`, `40P01`. */
const ERROR_NAME =
  /^(?:[\w$]{1,60}[.])*[A-Z]\w{0,80}(?:Error|Exception|Warning|Fault|Failure|Panic|Interrupt|Exit)$/;
const ERROR_CODE = /^(?:ERR_\w{2,60}|SIG[A-Z]{2,8}\d?|[A-Z]{1,5}\d{4,6}|ORA-\d{5}|[0-9A-Z]{2}[A-Z][0-9]{2})$/;

function isPath(word: string): boolean {
  if (!PATH_CHARACTERS.test(word) || !/\p{L}/u.test(word)) return false;
  const parts = word.split("/");
  const last = parts.at(-1) ?? "";
  if (parts.length === 1) return isFileName(word);
  if (word.startsWith("//") || (STARTS_AS_NUMBER.test(word) && !FILE_ENDING.test(last))) return false;
  if (/^(?:\.{0,2}|~)\/./.test(word) || parts.length > 2 || FILE_ENDING.test(last)) return true;
  if (last === "") return true;
  return /[\d_.@-]/.test(word) || COMMON_FOLDERS.has(parts[0] ?? "");
}

const PATH_CHARACTERS = /^[\p{L}\p{N}\p{M}_.@+~%#$/-]+$/u;
const FILE_ENDING = /[^.]\.[A-Za-z][A-Za-z0-9]{0,9}$/;

/** A name alone is a file when its ending is a usual one: `a.b` may be anything. */
function isFileName(word: string): boolean {
  const dot = word.lastIndexOf(".");
  if (dot === 0) return /^\.[a-z][\w-]{1,30}$/i.test(word);
  return dot > 0 && FILE_ENDINGS.has(word.slice(dot + 1).toLowerCase());
}

function isIdentifier(word: string): boolean {
  if (VERSION.test(word) || UUID.test(word) || TICKET.test(word) || MARKED.test(word)) return true;
  if (HASH.test(word)) return /\d/.test(word) && /[a-f]/i.test(word);
  if (DOTTED.test(word)) return !ABBREVIATION.test(word);
  if (JOINED.test(word) || HOST.test(word)) return true;
  if (KEBAB.test(word)) return !word.split("-").some((part) => WEAK_PARTS.has(part));
  if (!NAME.test(word) || !/\p{L}/u.test(word)) return false;
  if (/\p{N}/u.test(word)) return !STARTS_AS_NUMBER.test(word);
  return /_/.test(word) || /\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}{2}/u.test(word);
}

const VERSION = /^[v^~]?\d{1,6}\.\d{1,6}\.\d{1,9}(?:[-+.][\w.+-]{1,60})?$/;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const TICKET = /^(?:#\d{1,9}|[A-Z][A-Z0-9]{0,14}-\d{1,9})$/;
/** `--flag`, `-rf`, `$HOME`, `@name`. */
const MARKED = /^(?:--[\p{L}][\w-]*|-[A-Za-z]{1,3}|\$[A-Za-z_]\w*|@[A-Za-z][\w/-]*)$/u;
const HASH = /^[0-9a-f]{7,128}$/i;
const DOTTED = /^[\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}_$#][\p{L}\p{N}_$]*)+$/u;
const ABBREVIATION = /^(?:\p{L}\.)*\p{L}{1,2}$|^(?:etc|vs|no|al)\./iu;
const JOINED = /^[\p{L}_$][\p{L}\p{N}_$]*(?:(?:::|#|\.)[\p{L}_$][\p{L}\p{N}_$]*)+$/u;
const HOST = /^(?!\d+:)(?:[\w-]{1,63}\.){0,8}[\w-]{1,63}:\d{2,5}$/;
const KEBAB = /^\p{Ll}{2,}(?:-\p{Ll}{2,}){2,}$/u;
const NAME = /^[\p{L}\p{N}_$-]+$/u;

/** `src/a.ts:12:5`, `12:30`. */
const POSITION = /^(.{2,}?):(\d+)(?::(\d+))?$/;

function factsAt(
  [whole, name = "", line = "", column = ""]: RegExpExecArray,
  context: WordContext,
): readonly Fact[] {
  if (STARTS_AS_NUMBER.test(whole)) return numberFacts(whole, context);
  const rest = [line, column].filter((part) => part.length > 1).map((part) => fact("number", part));
  return [...factsOfWord(name, ALONE), ...rest];
}

const STARTS_AS_NUMBER = /^[-+~<>≤≥≈±]{0,2}(?:\p{Sc}|[A-Z]{1,3}\p{Sc})?\.?\d/u;
const NUMBER_CHARS_MAX = 40;

/** Dates, times, amounts, sizes, ranges: the word as it stands, with its unit when that is the next word. */
function numberFacts(word: string, context: WordContext): readonly Fact[] {
  const number = word.replace(/^[~≈<>≤≥±]+/u, "");
  if (number.length > NUMBER_CHARS_MAX || isListNumber(number, context)) return [];
  const unit = trimmed(context.behind);
  const isCount = ONE_DIGIT.test(number) && PLURAL.test(unit);
  const hasUnit = isCount || (/^[-+]?[\d.,_]+$/.test(number) && isUnit(unit));
  return [fact("number", hasUnit ? `${number} ${unit}` : number)];
}

const ONE_DIGIT = /^[-+]?\d$/;
const PLURAL = /^(?!this$|was$|has$|its$|does$|thus$)\p{Ll}{1,14}[^\P{Ll}s]s$/u;

/** `1.` or `1)` at the start of a line or behind a sentence, or a digit that stands alone. */
function isListNumber(number: string, { before, behind, isStopped }: WordContext): boolean {
  if (!ONE_DIGIT.test(number)) return false;
  return before === "" ? isStopped || behind === "" : isStopped && /[.!?:;]$/.test(before);
}
