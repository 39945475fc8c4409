/** JSON texts that consist mostly of hashes, as ledger metadata does, at a third of their size and without loss. */
import type { Hash } from "../records.ts";

// Two bytes that no UTF-8 text contains mark a quoted hash of 64 hex digits.
/** Its 32 bytes follow. */
const WHOLE = 0xff;
/** Its place in the list of known hashes follows, in two bytes. */
const KNOWN = 0xfe;
const KNOWN_MAX = 0xffff;
const HASH_DIGITS = 64;
/** From so many known hashes on a map of their places is worth being made. */
const PLACES_FROM = 16;
const QUOTE = 0x22;
/** What a byte is worth as a lower-case hex digit; NOT_HEX for all others. */
const NOT_HEX = 16;
const valueOfHex = new Uint8Array(256).fill(NOT_HEX);
for (const [value, digit] of [..."0123456789abcdef"].entries()) valueOfHex[digit.charCodeAt(0)] = value;

/** `known`: hashes that stand in another row already; the same list is needed to unpack. */
export function packHashes(json: string, known: readonly Hash[]): string | Uint8Array {
  const places = known.length > PLACES_FROM ? new Map(known.map((hash, place) => [hash, place])) : null;
  // Packed in place: what stands for a hash takes less room than the hash.
  const bytes = Buffer.from(json);
  let at = 0;
  let from = 0;
  while (from < bytes.length) {
    if (bytes[from] !== QUOTE || !isQuotedHash(bytes, from)) {
      bytes[at++] = bytes[from++] ?? 0;
      continue;
    }
    const hash = bytes.toString("latin1", from + 1, from + 1 + HASH_DIGITS) as Hash;
    const place = places === null ? known.indexOf(hash) : (places.get(hash) ?? -1);
    if (place < 0 || place > KNOWN_MAX) {
      bytes[at] = WHOLE;
      at += 1 + bytes.write(hash, at + 1, "hex");
    } else {
      bytes[at] = KNOWN;
      at = bytes.writeUInt16BE(place, at + 1);
    }
    from += HASH_DIGITS + 2;
  }
  return at === bytes.length ? json : bytes.subarray(0, at);
}

function isQuotedHash(bytes: Buffer, quote: number): boolean {
  const end = quote + HASH_DIGITS + 1;
  if (bytes[end] !== QUOTE) return false;
  for (let at = quote + 1; at < end; at++) if (valueOfHex[bytes[at] ?? 0] === NOT_HEX) return false;
  return true;
}

/** `known` is only asked for when it is needed, and once. */
export function unpackHashes(value: string | Uint8Array, known: () => readonly Hash[]): string {
  if (typeof value === "string") return value;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  let list: readonly Hash[] | null = null;
  let text = "";
  let start = 0;
  for (let at = nextMark(bytes, 0); at >= 0; at = nextMark(bytes, start)) {
    text += bytes.toString("utf8", start, at);
    if (bytes[at] === WHOLE) {
      text += `"${bytes.toString("hex", at + 1, at + 33)}"`;
      start = at + 33;
    } else {
      list ??= known();
      text += `"${list[bytes.readUInt16BE(at + 1)] ?? ""}"`;
      start = at + 3;
    }
  }
  return text + bytes.toString("utf8", start);
}

function nextMark(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) if (bytes[at] === WHOLE || bytes[at] === KNOWN) return at;
  return -1;
}
