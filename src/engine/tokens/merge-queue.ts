/** The merges to be done, the lowest rank first and the leftmost of equals: a binary heap. */

/** More than any position. Rank and position are kept as one number: 18 and 28 bits, of the 53 that a double has. */
const POSITIONS_MAX = 2 ** 28;

export class MergeQueue {
  readonly #keys: Float64Array;
  #size = 0;
  /** The rank of the merge taken last. */
  takenRank = 0;

  constructor(sizeMax: number) {
    this.#keys = new Float64Array(sizeMax);
  }

  add(rank: number, position: number): void {
    const key = rank * POSITIONS_MAX + position;
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentKey = this.#keys[parent] ?? 0;
      if (parentKey <= key) break;
      this.#keys[hole] = parentKey;
      hole = parent;
    }
    this.#keys[hole] = key;
  }

  /** Takes out the first merge; returns its position and leaves its rank in `takenRank`. */
  take(): number | undefined {
    if (this.#size === 0) return undefined;
    const first = this.#keys[0] ?? 0;
    this.#replaceFirst(this.#keys[--this.#size] ?? 0);
    this.takenRank = Math.floor(first / POSITIONS_MAX);
    return first - this.takenRank * POSITIONS_MAX;
  }

  #replaceFirst(key: number): void {
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && (this.#keys[child + 1] ?? 0) < (this.#keys[child] ?? 0)) child++;
      const childKey = this.#keys[child] ?? 0;
      if (childKey >= key) break;
      this.#keys[hole] = childKey;
      hole = child;
    }
    this.#keys[hole] = key;
  }
}
