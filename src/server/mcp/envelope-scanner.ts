/** Reads id and method of a JSON-RPC message that is too long to be kept, piece by piece, so that it can be answered. */

export interface Envelope {
  /** null when the message has none, or it could not be read. */
  readonly id: string | number | null;
  readonly method: string | null;
}

export interface EnvelopeScanner {
  readonly push: (piece: Buffer) => void;
  readonly envelope: () => Envelope;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);
/** Longer ids and methods are nobody's. */
const MEMBER_BYTES_MAX = 512;

/** Follows strings and nesting only; keys and short values of the outermost object are kept. */
export function createEnvelopeScanner(): EnvelopeScanner {
  const found: Record<string, unknown> = {};
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** Text of the key or value being read at the outermost level. */
  let member = "";
  let key: string | null = null;

  function keep(byte: number): void {
    if (depth === 1 && member.length < MEMBER_BYTES_MAX) member += String.fromCharCode(byte);
  }
  function endMember(): void {
    const value = parsed(member);
    if (key === "id" || key === "method") found[key] ??= value;
    member = "";
    key = null;
  }
  function step(byte: number): void {
    if (byte === QUOTE) {
      inString = true;
      keep(byte);
    } else if (OPEN.has(byte)) {
      depth += 1;
    } else if (CLOSE.has(byte)) {
      if (depth === 1) endMember();
      depth -= 1;
    } else if (depth === 1 && byte === COLON && key === null) {
      key = String(parsed(member));
      member = "";
    } else if (depth === 1 && byte === COMMA) {
      endMember();
    } else {
      keep(byte);
    }
  }
  function stepInString(byte: number): void {
    keep(byte);
    if (escaped) escaped = false;
    else if (byte === BACKSLASH) escaped = true;
    else if (byte === QUOTE) inString = false;
  }
  /** Most of a long message is inside of strings: jumps to the next byte there that matters. */
  function skipString(piece: Buffer, from: number): number {
    if (escaped || depth === 1) return from;
    const quote = indexOrEnd(piece, QUOTE, from);
    const backslash = piece.subarray(from, quote).indexOf(BACKSLASH);
    return backslash === -1 ? quote : from + backslash;
  }

  return {
    push: (piece) => {
      for (let i = 0; i < piece.length; i++) {
        if (inString) i = skipString(piece, i);
        const byte = piece[i];
        if (byte === undefined) return;
        if (inString) stepInString(byte);
        else step(byte);
      }
    },
    envelope: () => ({
      id: typeof found.id === "string" || typeof found.id === "number" ? found.id : null,
      method: typeof found.method === "string" ? found.method : null,
    }),
  };
}

function indexOrEnd(piece: Buffer, byte: number, from: number): number {
  const at = piece.indexOf(byte, from);
  return at === -1 ? piece.length : at;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Not a whole JSON value: a long one that was not kept.
  }
}
