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
const QUOTED_HASH = /"[0-9a-f]{64}"/g;

/** `known`: hashes that stand in another row already; the same list is needed to unpack. */
export function packHashes(json: string, known: readonly Hash[]): string | Uint8Array {
  QUOTED_HASH.lastIndex = 0;
  if (!QUOTED_HASH.test(json)) return json;
  const places = known.length > PLACES_FROM ? new Map(known.map((hash, place) => [hash, place])) : null;
  // A quoted hash takes more room than what stands for it.
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(json));
  let at = 0;
  let done = 0;
  do {
    const end = QUOTED_HASH.lastIndex;
    const hash = json.slice(end - HASH_DIGITS - 1, end - 1) as Hash;
    at += bytes.write(json.slice(done, end - HASH_DIGITS - 2), at);
    const place = places === null ? known.indexOf(hash) : (places.get(hash) ?? -1);
    if (place < 0 || place > KNOWN_MAX) {
      bytes[at] = WHOLE;
      at += 1 + bytes.write(hash, at + 1, "hex");
    } else {
      bytes[at] = KNOWN;
      at = bytes.writeUInt16BE(place, at + 1);
    }
    done = end;
  } while (QUOTED_HASH.test(json));
  at += bytes.write(json.slice(done), at);
  return bytes.subarray(0, at);
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
