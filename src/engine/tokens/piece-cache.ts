/** Remembers how many tokens a short piece merges into. */

import { hashBytes } from "./hash-bytes.ts";

const SLOTS = 1 << 14;
const PIECE_BYTES_MAX = 32;

/** How many tokens the piece that is `bytes` from `start` to `end` merges into. */
type PieceCount = (bytes: Uint8Array, start: number, end: number) => number;

/**
 * Each piece has one slot, and the last that came has it: half a megabyte that never grows, and no string in it that would
 * keep the text alive that it was cut from.
 */
export class PieceCache {
  readonly #pieces: Uint8Array = new Uint8Array(SLOTS * PIECE_BYTES_MAX);
  readonly #lengths: Uint8Array = new Uint8Array(SLOTS);
  readonly #tokens: Uint8Array = new Uint8Array(SLOTS);
  readonly #count: PieceCount;

  constructor(count: PieceCount) {
    this.#count = count;
  }

  /** What the count it was made with would answer. */
  count(bytes: Uint8Array, start: number, end: number): number {
    if (end - start > PIECE_BYTES_MAX) return this.#count(bytes, start, end);
    const slot = hashBytes(bytes, start, end) & (SLOTS - 1);
    if (this.#holds(slot, bytes, start, end)) return this.#tokens[slot] ?? 0;
    const tokens = this.#count(bytes, start, end);
    this.#pieces.set(bytes.subarray(start, end), slot * PIECE_BYTES_MAX);
    this.#lengths[slot] = end - start;
    this.#tokens[slot] = tokens;
    return tokens;
  }

  #holds(slot: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#lengths[slot] !== end - start) return false;
    const at = slot * PIECE_BYTES_MAX - start;
    for (let index = start; index < end; index++) {
      if (this.#pieces[at + index] !== bytes[index]) return false;
    }
    return true;
  }
}
