/** The ranks of an encoding's tokens by their bytes. */

import { hashBytes } from "./hash-bytes.ts";

/** The rank of what is no token; it comes after all others. */
export const NO_RANK = 0x7fffffff;

/** Most questions are about what is no token; with half of the slots empty they mostly end at the first. */
const SLOTS_PER_TOKEN = 2;

const UTF8_BYTES_PER_UNIT_MAX = 3;

/**
 * A hash table with open addressing, in typed arrays: small and quick to build, and it answers for a stretch of a text
 * without cutting it out.
 */
export class RankTable {
  /** The bytes of all tokens in the order of their ranks, and where each starts. */
  readonly #bytes: Uint8Array;
  readonly #starts: Int32Array;
  /** The rank of the token that hashes to a slot, or to one before it that was taken. */
  readonly #slots: Int32Array;
  #longest = 0;

  /** Takes gpt-tokenizer's list of tokens in the order of rank: strings, or bytes where they make no string. */
  constructor(tokens: readonly (string | readonly number[])[]) {
    const unitsTotal = tokens.reduce((sum, token) => sum + token.length, 0);
    const bytes = Buffer.alloc(unitsTotal * UTF8_BYTES_PER_UNIT_MAX);
    this.#starts = new Int32Array(tokens.length + 1);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(tokens.length * SLOTS_PER_TOKEN))).fill(NO_RANK);
    let end = 0;
    // A counted loop: this is most of the time to load, and `entries()` would double it.
    for (let rank = 0; rank < tokens.length; rank++) {
      const token = tokens[rank] ?? "";
      const start = end;
      end += typeof token === "string" ? bytes.write(token, start) : Buffer.from(token).copy(bytes, start);
      this.#starts[rank + 1] = end;
      this.#longest = Math.max(this.#longest, end - start);
      let slot = this.#slotOf(bytes, start, end);
      while (this.#slots[slot] !== NO_RANK) slot = this.#slotAfter(slot);
      this.#slots[slot] = rank;
    }
    this.#bytes = new Uint8Array(bytes.subarray(0, end));
  }

  /** The rank of the token that is `bytes` from `start` to `end`, or NO_RANK. */
  rank(bytes: Uint8Array, start: number, end: number): number {
    if (end - start > this.#longest) return NO_RANK;
    for (let slot = this.#slotOf(bytes, start, end); ; slot = this.#slotAfter(slot)) {
      const rank = this.#slots[slot] ?? NO_RANK;
      if (rank === NO_RANK || this.#isToken(rank, bytes, start, end)) return rank;
    }
  }

  #isToken(rank: number, bytes: Uint8Array, start: number, end: number): boolean {
    const tokenStart = this.#starts[rank] ?? 0;
    if ((this.#starts[rank + 1] ?? 0) - tokenStart !== end - start) return false;
    const shift = tokenStart - start;
    for (let index = start; index < end; index++) {
      if (this.#bytes[index + shift] !== bytes[index]) return false;
    }
    return true;
  }

  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    return hashBytes(bytes, start, end) & (this.#slots.length - 1);
  }

  #slotAfter(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1);
  }
}
