/** ULIDs in 16 bytes instead of 26 characters. */

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const CHARS = 26;
const BYTES = 16;

const valueOfDigit = new Uint8Array(128);
for (const [value, digit] of [...DIGITS].entries()) valueOfDigit[digit.charCodeAt(0)] = value;
const valueOfHex = new Uint8Array(128);
for (const [value, digit] of [..."0123456789ABCDEF"].entries()) valueOfHex[digit.charCodeAt(0)] = value;
/** Two digits for each value of 10 bits. */
const pairs = Array.from({ length: 1024 }, (_, value) => `${DIGITS[value >> 5]}${DIGITS[value & 31]}`);

/** null when the text is not a ULID as generators write it: upper case, 128 bits. */
export function packUlid(text: string): Uint8Array | null {
  if (!ULID.test(text)) return null;
  const bytes = Buffer.allocUnsafe(BYTES);
  // 26 digits of 5 bits are 130 bits; the first two are 0.
  let bits = 0;
  let held = -2;
  let at = 0;
  for (let index = 0; index < CHARS; index++) {
    bits = ((bits << 5) | (valueOfDigit[text.charCodeAt(index)] ?? 0)) & 0xffff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >> held;
  }
  return bytes;
}

/**
 * A ULID from the hex digits that SQLite's hex() gives: reading text costs less than reading bytes. Empty for empty (hex of NULL). On the
 * path of every commit of a chain, so without a loop over bits: 2 hex digits are the first 10 bits, 5 each are 20 more.
 */
export function unpackUlid(hex: string): string {
  if (hex.length !== 2 * BYTES) return "";
  const nibble = (at: number): number => valueOfHex[hex.charCodeAt(at)] ?? 0;
  let text = pairs[(nibble(0) << 4) | nibble(1)] ?? "";
  for (let at = 2; at < 2 * BYTES; at += 5) {
    const middle = nibble(at + 2);
    text += pairs[(nibble(at) << 6) | (nibble(at + 1) << 2) | (middle >> 2)];
    text += pairs[((middle & 3) << 8) | (nibble(at + 3) << 4) | nibble(at + 4)];
  }
  return text;
}

/** The smallest and largest ULIDs that begin with these characters; null when none does. */
export function ulidsFrom(prefix: string): readonly [from: Uint8Array, to: Uint8Array] | null {
  const from = packUlid(prefix.padEnd(CHARS, "0"));
  const to = packUlid(prefix.padEnd(CHARS, "Z"));
  return from === null || to === null ? null : [from, to];
}
