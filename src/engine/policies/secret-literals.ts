/** Finds the string literals of JSON in a text that are written with escapes, so that what they say can be looked at too. */

export interface Literal {
  /** Place of the literal, quotes included. */
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/** In one pass; literals without escapes say what they look like, and are left out. */
export function findEscapedLiterals(text: string): readonly Literal[] {
  const literals: Literal[] = [];
  if (!text.includes("\\")) return literals;
  let start = text.indexOf('"');
  while (start >= 0) {
    const { end, isClosed, hasEscape } = scanLiteral(text, start + 1);
    if (isClosed && hasEscape) {
      const value = decode(text.slice(start, end));
      if (value !== null) literals.push({ start, end, value });
    }
    start = text.indexOf('"', end);
  }
  return literals;
}

function scanLiteral(
  text: string,
  from: number,
): { readonly end: number; readonly isClosed: boolean; readonly hasEscape: boolean } {
  let hasEscape = false;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) {
      hasEscape = true;
      at++;
    } else if (code === QUOTE) return { end: at + 1, isClosed: true, hasEscape };
    else if (code === LINE_END) return { end: at + 1, isClosed: false, hasEscape };
  }
  return { end: text.length, isClosed: false, hasEscape };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_END = 0x0a;

function decode(literal: string): string | null {
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}
