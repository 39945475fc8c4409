/**
 * Where the pieces end that an encoding never merges across: its pre-tokenizer, as a scanner instead of a pattern.
 *
 * The patterns (test/engine/tokens/split-pieces.test.ts compares with them) backtrack: V8 keeps an entry for each character
 * of a run and throws a RangeError at a few million. Below, a function for each alternative reads each character a bounded
 * number of times and keeps nothing.
 */
import {
  classAt,
  LOWER,
  MARK,
  NEWLINE,
  NUMBER,
  nextCharacter,
  OTHER_LETTER,
  runEnd,
  SPACE,
  SYMBOL,
  UPPER,
} from "./character-class.ts";

/** The end of the piece that starts at `start`, which is before the end of the text. */
export type PieceEnd = (utf8: Uint8Array, start: number) => number;

const LETTER: number = LOWER | UPPER | OTHER_LETTER;
const WORD_HEAD: number = UPPER | OTHER_LETTER | MARK;
const WORD_TAIL: number = LOWER | OTHER_LETTER | MARK;
const MARK_OR_SYMBOL: number = MARK | SYMBOL;
const WHITE: number = SPACE | NEWLINE;

const BLANK = 0x20;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const LOWER_CASE_BIT = 0x20;
const DIGITS_MAX = 3;
const NONE = -1;

/** The alternatives of o200k_base, in their order. */
export const o200kPieceEnd: PieceEnd = (utf8, start) => {
  const kind = classAt(utf8, start);
  const word = o200kWordEnd(utf8, start, kind);
  if (word !== NONE) return contractionEnd(utf8, word);
  if (kind === NUMBER) return numberEnd(utf8, start);
  const symbols = symbolsStart(utf8, start, kind);
  if (symbols === NONE) return whiteEnd(utf8, start);
  let end = runEnd(utf8, symbols, MARK_OR_SYMBOL);
  while (classAt(utf8, end) === NEWLINE || utf8[end] === SLASH) end++;
  return end;
};

/** The alternatives of cl100k_base, in their order. */
export const cl100kPieceEnd: PieceEnd = (utf8, start) => {
  const contraction = contractionEnd(utf8, start);
  if (contraction > start) return contraction;
  const kind = classAt(utf8, start);
  const letters = (kind & (LETTER | NUMBER | NEWLINE)) === 0 ? nextCharacter(utf8, start) : start;
  const word = runEnd(utf8, letters, LETTER);
  if (word > letters) return word;
  if (kind === NUMBER) return numberEnd(utf8, start);
  const symbols = symbolsStart(utf8, start, kind);
  if (symbols === NONE) return whiteEnd(utf8, start);
  return runEnd(utf8, runEnd(utf8, symbols, MARK_OR_SYMBOL), NEWLINE);
};

// `[^\r\n\p{L}\p{N}]?[head]*[tail]+`, and where that fails `[^\r\n\p{L}\p{N}]?[head]+[tail]*`.
function o200kWordEnd(utf8: Uint8Array, start: number, kind: number): number {
  if ((kind & (NUMBER | NEWLINE)) !== 0) return NONE;
  const letters = (kind & LETTER) !== 0 ? start : nextCharacter(utf8, start);
  const mixed = mixedCaseEnd(utf8, letters);
  if (mixed !== NONE) return mixed;
  // A mark that leads no such word is a word of its own before the capitals after it are looked at.
  if (kind === MARK) return mixedCaseEnd(utf8, start);
  const capitals = runEnd(utf8, letters, UPPER);
  return capitals > letters ? capitals : NONE;
}

// `[head]*[tail]+`. Where no lower case letter follows the heads, the pattern goes back to the last that is a tail too.
function mixedCaseEnd(utf8: Uint8Array, start: number): number {
  let end = start;
  let lastTail = NONE;
  for (;;) {
    const kind = classAt(utf8, end);
    if ((kind & WORD_HEAD) === 0) return kind === LOWER ? runEnd(utf8, end, WORD_TAIL) : lastTail;
    end = nextCharacter(utf8, end);
    if (kind !== UPPER) lastTail = end;
  }
}

// `'s|'t|'re|'ve|'m|'ll|'d` in either case; `start` itself where there is none.
function contractionEnd(utf8: Uint8Array, start: number): number {
  if (utf8[start] !== APOSTROPHE) return start;
  switch (letterAt(utf8, start + 1)) {
    case "s":
    case "t":
    case "m":
    case "d":
      return start + 2;
    case "r":
    case "v":
      return letterAt(utf8, start + 2) === "e" ? start + 3 : start;
    case "l":
      return letterAt(utf8, start + 2) === "l" ? start + 3 : start;
    default:
      return start;
  }
}

function letterAt(utf8: Uint8Array, index: number): string {
  return String.fromCharCode((utf8[index] ?? 0) | LOWER_CASE_BIT);
}

// `\p{N}{1,3}`
function numberEnd(utf8: Uint8Array, start: number): number {
  let end = start;
  for (let digits = 0; digits < DIGITS_MAX && classAt(utf8, end) === NUMBER; digits++)
    end = nextCharacter(utf8, end);
  return end;
}

// Where the marks and symbols of ` ?[^\s\p{L}\p{N}]+` start, if the piece is of that kind.
function symbolsStart(utf8: Uint8Array, start: number, kind: number): number {
  if ((kind & MARK_OR_SYMBOL) !== 0) return start;
  return utf8[start] === BLANK && (classAt(utf8, start + 1) & MARK_OR_SYMBOL) !== 0 ? start + 1 : NONE;
}

// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last newline of the run, else all but the last, which goes with what follows.
function whiteEnd(utf8: Uint8Array, start: number): number {
  let end = start;
  let last = start;
  let afterNewline = NONE;
  for (;;) {
    const kind = classAt(utf8, end);
    if ((kind & WHITE) === 0) break;
    last = end;
    end = nextCharacter(utf8, end);
    if (kind === NEWLINE) afterNewline = end;
  }
  if (afterNewline !== NONE) return afterNewline;
  return end === utf8.length || last === start ? end : last;
}
