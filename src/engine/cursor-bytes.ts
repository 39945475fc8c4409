/** Positions of cursors as few bytes: a person copies them from a terminal, and a model pays for each character. */
import type { Json } from "../storage/records.ts";
import { isHash } from "./content/hashes.ts";

/** The bytes of a position; the same position gives the same bytes. */
export function packPosition(position: Json): Buffer {
  const hashes: string[] = [];
  return pack(position, hashes);
}

/** @returns The position; undefined when these are not all the bytes of one. */
export function unpackPosition(bytes: Buffer): Json | undefined {
  const reader = { bytes, at: 0, hashes: [] };
  try {
    const position = unpack(reader);
    return reader.at === bytes.length ? position : undefined;
  } catch {
    return undefined; // Bytes from outside that end too early or hold no JSON.
  }
}

/** What a value begins with. */
const KIND = { null: 0, hash: 1, sameHash: 2, number: 3, array: 4, json: 5 } as const;
const HASH_BYTES = 32;

function pack(value: Json, hashes: string[]): Buffer {
  if (value === null) return Buffer.of(KIND.null);
  if (typeof value === "string" && isHash(value)) {
    const known = hashes.indexOf(value);
    if (known >= 0) return Buffer.concat([Buffer.of(KIND.sameHash), packNumber(known)]);
    hashes.push(value);
    return Buffer.concat([Buffer.of(KIND.hash), Buffer.from(value, "hex")]);
  }
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0)
    return Buffer.concat([Buffer.of(KIND.number), packNumber(value)]);
  if (Array.isArray(value)) {
    const items = value.map((item) => pack(item, hashes));
    return Buffer.concat([Buffer.of(KIND.array), packNumber(items.length), ...items]);
  }
  const json = Buffer.from(JSON.stringify(value));
  return Buffer.concat([Buffer.of(KIND.json), packNumber(json.length), json]);
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
  readonly hashes: string[];
}

function unpack(reader: Reader): Json {
  switch (take(reader, 1)[0]) {
    case KIND.null:
      return null;
    case KIND.hash: {
      const hash = take(reader, HASH_BYTES).toString("hex");
      reader.hashes.push(hash);
      return hash;
    }
    case KIND.sameHash: {
      const hash = reader.hashes[unpackNumber(reader)];
      if (hash === undefined) throw new RangeError("no such hash");
      return hash;
    }
    case KIND.number:
      return unpackNumber(reader);
    case KIND.array: {
      const length = unpackNumber(reader);
      if (length > reader.bytes.length) throw new RangeError("longer than its bytes");
      return Array.from({ length }, () => unpack(reader));
    }
    case KIND.json:
      return JSON.parse(take(reader, unpackNumber(reader)).toString("utf8"));
    default:
      throw new RangeError("no such kind");
  }
}

function take(reader: Reader, length: number): Buffer {
  const end = reader.at + length;
  if (end > reader.bytes.length) throw new RangeError("ends too early");
  const taken = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return taken;
}

/** Seven bits a byte, the lowest first; the highest bit says that more follow. */
function packNumber(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Buffer.of(...bytes, left);
}

function unpackNumber(reader: Reader): number {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const [byte = 0] = take(reader, 1);
    value += (byte % 128) * factor;
    if (!Number.isSafeInteger(value)) throw new RangeError("too large");
    if (byte < 128) return value;
  }
}
