/** The kinds of characters that the pre-tokenizers tell apart, in UTF-8 text; kinds are bits, so that a set is a mask. */

export const LOWER = 1; // \p{Ll}
export const UPPER = 2; // \p{Lu} \p{Lt}
export const OTHER_LETTER = 4; // \p{Lm} \p{Lo}
export const MARK = 8; // \p{M}
export const NUMBER = 16; // \p{N}
export const NEWLINE = 32; // \r \n
export const SPACE = 64; // the rest of \s
export const SYMBOL = 128; // everything else

const BY_PATTERN: readonly (readonly [RegExp, number])[] = [
  [/[\r\n]/u, NEWLINE],
  [/\s/u, SPACE],
  [/\p{Ll}/u, LOWER],
  [/[\p{Lu}\p{Lt}]/u, UPPER],
  [/\p{L}/u, OTHER_LETTER],
  [/\p{M}/u, MARK],
  [/\p{N}/u, NUMBER],
];

// A byte per code point, filled when a character is first seen: to ask the patterns for all of them at start would take
// longer than to load the ranks, and pages that nobody writes to take no memory.
const CODE_POINTS = 0x110000;
const classes = new Uint8Array(CODE_POINTS);

/** The class of the character that starts at `index`; 0, which is in no set, at the end. */
export function classAt(utf8: Uint8Array, index: number): number {
  const lead = utf8[index];
  if (lead === undefined) return 0;
  const codePoint = lead < 0x80 ? lead : decode(utf8, index, lead);
  return classes[codePoint] || classify(codePoint);
}

/** The index after the run of characters of the classes in `mask` that starts at `index`. */
export function runEnd(utf8: Uint8Array, index: number, mask: number): number {
  let end = index;
  while ((classAt(utf8, end) & mask) !== 0) end = nextCharacter(utf8, end);
  return end;
}

/** The index of the character after the one that starts at `index`. */
export function nextCharacter(utf8: Uint8Array, index: number): number {
  const lead = utf8[index] ?? 0;
  return index + (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);
}

function decode(utf8: Uint8Array, index: number, lead: number): number {
  const second = tailBits(utf8, index + 1);
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | second;
  const third = tailBits(utf8, index + 2);
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | (second << 6) | third;
  return ((lead & 0x07) << 18) | (second << 12) | (third << 6) | tailBits(utf8, index + 3);
}

function tailBits(utf8: Uint8Array, index: number): number {
  return (utf8[index] ?? 0) & 0x3f;
}

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  const kind = BY_PATTERN.find(([pattern]) => pattern.test(character))?.[1] ?? SYMBOL;
  classes[codePoint] = kind;
  return kind;
}
