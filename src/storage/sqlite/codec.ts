/** How single values stand in columns: times, payloads, lists of hashes, and keys made of tract and sequence. */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Hash, Json, JsonObject } from "../records.ts";
import { notAsMade } from "./failures.ts";

// ── Keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
// Rows that are numbered per tract (operations, annotations, ledger) have the rowid tract × 2^32 + sequence: a tract's rows lie together, in
// order, and neither needs an index of its own.
const SEQUENCES = 2 ** 32;
export const SEQUENCE_MAX: number = SEQUENCES - 1;
/** The same in SQL: the key of the operation that a row of `alias` names. */
export function operationKeyOf(alias: string): string {
  return `${alias}.tract_id * ${SEQUENCES} + ${alias}.operation_sequence`;
}
/** The largest tract id whose keys are still exact numbers. */
export const TRACT_ID_MAX: number = 2 ** 21 - 1;

export function keyOf(tractId: number, sequence: number): number {
  return tractId * SEQUENCES + sequence;
}

export function sequenceOf(key: number): number {
  return key % SEQUENCES;
}

// ── Times: milliseconds since 1970 ──────────────────────────────────────────────────────────────────────────────────────────────────
const twoDigits = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, "0"));
const millis = Array.from({ length: 1000 }, (_, n) => `.${String(n).padStart(3, "0")}Z`);
/** Texts of the minutes met lately. */
const minutes = new Map<number, string>();
const MINUTES_MAX = 1000;
let lastIso = "";
let lastMilliseconds = 0;

/** Date.prototype.toISOString, several times faster for times that lie close together. */
export function toIso(milliseconds: number): string {
  const minute = Math.floor(milliseconds / 60_000);
  const rest = milliseconds - minute * 60_000;
  return `${minutes.get(minute) ?? minuteText(minute)}${twoDigits[Math.floor(rest / 1000)]}${millis[rest % 1000]}`;
}

function minuteText(minute: number): string {
  const date = new Date(minute * 60_000);
  if (Number.isNaN(date.getTime())) throw notAsMade();
  const text = date.toISOString().slice(0, -7);
  if (minutes.size >= MINUTES_MAX) minutes.clear();
  minutes.set(minute, text);
  return text;
}

/** A time to be stored. It must be exactly what toIso gives back: commit hashes cover it. */
export function toMilliseconds(iso: string): number {
  if (iso === lastIso) return lastMilliseconds;
  const milliseconds = Date.parse(iso);
  if (!(Math.abs(milliseconds) <= 8.64e15) || toIso(milliseconds) !== iso)
    throw new TypeError("a time must be ISO-8601 in UTC with milliseconds");
  lastIso = iso;
  lastMilliseconds = milliseconds;
  return milliseconds;
}

/** A bound given in a query: any date that JavaScript can read. */
export function boundToMilliseconds(iso: string): number {
  const milliseconds = Date.parse(iso);
  if (Number.isNaN(milliseconds)) throw new TypeError("a bound must be a time in ISO-8601");
  return milliseconds;
}

// ── Payloads: text, or zstd where that is worth it ──────────────────────────────────────────────────────────────────────────────────
// From here on the bytes saved are worth the time (docs/decisions/0007); a usual message stays readable text.
const COMPRESS_BYTES_MIN = 1_152;
/** No string of fewer units can have COMPRESS_BYTES_MIN bytes of UTF-8. */
const COMPRESS_UNITS_MIN = Math.ceil(COMPRESS_BYTES_MIN / 3);

export function packPayload(text: string): string | Uint8Array {
  if (text.length < COMPRESS_UNITS_MIN || Buffer.byteLength(text) < COMPRESS_BYTES_MIN) return text;
  const packed = zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  return packed.length < Buffer.byteLength(text) ? packed : text;
}

export function unpackPayload(value: string | Uint8Array): string {
  if (typeof value === "string") return value;
  try {
    return zstdDecompressSync(value).toString("utf8");
  } catch (cause) {
    throw notAsMade(cause);
  }
}

// ── JSON and hashes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
export function jsonOrNull(value: Json | undefined): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

export function parseObject(text: string | null): JsonObject | null {
  return text === null ? null : (JSON.parse(text) as JsonObject);
}

/** Lists are mostly empty: NULL stands for the empty one. */
export function listOrNull(list: readonly string[]): string | null {
  return list.length === 0 ? null : JSON.stringify(list);
}

export function parseList(text: string | null): readonly string[] {
  return text === null ? [] : (JSON.parse(text) as string[]);
}

/** Hex digits of several hashes in a row, for `unhex(?)`; null for none. */
export function joinHashes(hashes: readonly Hash[]): string | null {
  return hashes.length === 0 ? null : hashes.join("");
}

export function splitHashes(hex: string | null): readonly Hash[] {
  if (hex === null) return [];
  const hashes: Hash[] = [];
  for (let start = 0; start < hex.length; start += 64) hashes.push(hex.slice(start, start + 64) as Hash);
  return hashes;
}
