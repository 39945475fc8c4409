/** Private keys in armour (`-----BEGIN … PRIVATE KEY-----`): found by their marks, also when the end was cut off. */

export interface Block {
  readonly start: number;
  readonly end: number;
}

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/g;
const END_MARK = /-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/y;
const END_START = "-----END ";
/** What is between the marks of a key: base64, white space, headers, and the quotes and signs of code that joins lines. */
const FOREIGN = /[^A-Za-z0-9+/=\s\\"'`,;:.()>|#*_-]/;
const BODY_CHARS_MAX = 40_000;
/** A key whose end is missing: lines of base64, with line ends written out or not. */
const CUT_BODY = /(?:\s|\\[nrt])*(?:[A-Za-z0-9+/=]{24,}(?:\s|\\[nrt])*)+/y;
const LONG_RUN = /[A-Za-z0-9+/=]{16}/;

/** Places of private keys, in order. */
export function findBlocks(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let from = 0;
  for (const match of text.matchAll(BEGIN)) {
    if (match.index < from) continue;
    const bodyStart = match.index + match[0].length;
    const end = endOf(text, bodyStart);
    if (end === null) continue;
    blocks.push({ start: match.index, end });
    from = end;
  }
  return blocks;
}

function endOf(text: string, bodyStart: number): number | null {
  // A slice: so a text of many beginnings is not searched to its end for each of them.
  const body = text.slice(bodyStart, bodyStart + BODY_CHARS_MAX);
  const next = body.indexOf("-----");
  if (next >= 0 && body.startsWith(END_START, next)) {
    END_MARK.lastIndex = bodyStart + next;
    const inside = body.slice(0, next);
    if (END_MARK.test(text) && LONG_RUN.test(inside) && !FOREIGN.test(inside)) return END_MARK.lastIndex;
  }
  CUT_BODY.lastIndex = bodyStart;
  return CUT_BODY.test(text) ? CUT_BODY.lastIndex : null;
}
