/** Counts the tokens a piece merges into, in time that grows as n log n with its length. */

import { MergeQueue } from "./merge-queue.ts";
import { NO_RANK, type RankTable } from "./rank-table.ts";

/** Bytes merged at a time: many times the longest token, and few enough to stay in the processor's cache. */
const WINDOW_BYTES = 4096;

/** The part of a window whose tokens are kept; those after it may change with the bytes that follow. */
const SETTLED_PART = 7 / 8;

/** Stands before the first part, as the end stands after the last. */
const NOTHING = -1;

/**
 * Byte pair merging: of all parts that are neighbours the two of the lowest rank are merged first, the leftmost two of
 * equals, until no two have a rank.
 *
 * A long piece is merged in windows, in memory that does not grow. Each window starts where the tokens kept of the one
 * before it end, and must start with the token that came next there. Then the kept tokens are those of the whole piece: if
 * any merge went across a border, take the first that did. Until then the two tokens at that border had been merged exactly
 * as in the window that held both; but there the merge across was not done. Should a window start with another token, since
 * merges further to the right decided, the piece is merged again in windows of twice the length.
 */
export class PieceMerger {
  readonly #table: RankTable;
  readonly #windowBytes: number;
  readonly #queue: MergeQueue;
  // A part goes by its first byte in the window. By it: where its neighbours start, the rank of merging it with the next,
  // and the rank with which this merge was last put into the queue.
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #rank: Int32Array;
  readonly #queuedRank: Int32Array;

  constructor(table: RankTable, windowBytes: number = WINDOW_BYTES) {
    this.#table = table;
    this.#windowBytes = windowBytes;
    // Of merges side by side only one is queued: at the start every second at most, and in the place of each merge done,
    // which changes four in a row, two at most.
    this.#queue = new MergeQueue(2 * windowBytes);
    this.#next = new Int32Array(windowBytes + 1);
    this.#previous = new Int32Array(windowBytes + 1);
    this.#rank = new Int32Array(windowBytes + 1);
    this.#queuedRank = new Int32Array(windowBytes + 1);
  }

  /** How many tokens `bytes` from `start` to `end` merge into. */
  count(bytes: Uint8Array, start: number, end: number): number {
    let tokens = 0;
    let from = start;
    let expectedEnd: number | undefined;
    for (;;) {
      const length = Math.min(end - from, this.#windowBytes);
      const windowTokens = this.#mergeWindow(bytes, from, length);
      if (expectedEnd !== undefined && from + this.#after(0) !== expectedEnd) {
        return new PieceMerger(this.#table, 2 * this.#windowBytes).count(bytes, start, end);
      }
      if (from + length === end) return tokens + windowTokens;
      let border = 0;
      while (this.#after(border) <= length * SETTLED_PART) {
        border = this.#after(border);
        tokens++;
      }
      expectedEnd = from + this.#after(border);
      from += border;
    }
  }

  /** Merges `length` bytes from `from`; leaves the tokens linked and returns how many they are. */
  #mergeWindow(bytes: Uint8Array, from: number, length: number): number {
    for (let part = 0; part <= length; part++) {
      this.#next[part] = part + 1;
      this.#previous[part] = part - 1;
      this.#rank[part] = part + 1 < length ? this.#table.rank(bytes, from + part, from + part + 2) : NO_RANK;
      this.#queuedRank[part] = NO_RANK;
    }
    for (let part = 0; part < length; part++) this.#queueIfFirst(part);
    let parts = length;
    for (let part = this.#queue.take(); part !== undefined; part = this.#queue.take()) {
      if (this.#queue.takenRank !== this.#rank[part]) continue; // One of the two has been merged with another since.
      this.#mergeWithNext(part);
      parts--;
      const before = this.#before(part);
      const after = this.#after(part);
      this.#rank[part] =
        after < length ? this.#table.rank(bytes, from + part, from + this.#after(after)) : NO_RANK;
      if (before !== NOTHING) {
        this.#rank[before] = this.#table.rank(bytes, from + before, from + after);
        this.#queueIfFirst(this.#before(before));
        this.#queueIfFirst(before);
      }
      this.#queueIfFirst(part);
      this.#queueIfFirst(after);
    }
    return parts;
  }

  #mergeWithNext(part: number): void {
    const absorbed = this.#after(part);
    const after = this.#after(absorbed);
    this.#next[part] = after;
    this.#previous[after] = part;
    this.#rank[absorbed] = NO_RANK;
  }

  /**
   * Queues the merge of a part with the next if it comes before the merges on both sides of it. The first of all merges
   * always does, so the others need not be in the queue; in a long run of equals that keeps it almost empty. A merge is
   * queued once for each rank it has: it never has the same again, as its bytes only become more.
   */
  #queueIfFirst(part: number): void {
    const rank = this.#rank[part] ?? NO_RANK;
    if (rank === NO_RANK || rank === this.#queuedRank[part]) return;
    if ((this.#rank[this.#before(part)] ?? NO_RANK) <= rank) return;
    if ((this.#rank[this.#after(part)] ?? NO_RANK) < rank) return;
    this.#queuedRank[part] = rank;
    this.#queue.add(rank, part);
  }

  #after(part: number): number {
    return this.#next[part] ?? 0;
  }

  #before(part: number): number {
    return this.#previous[part] ?? NOTHING;
  }
}
