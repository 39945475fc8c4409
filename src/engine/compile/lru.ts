/** A cache that forgets what was not used for longest, bounded by number and by weight. */

export interface LruLimits {
  readonly entriesMax: number;
  readonly weightMax: number;
}

export class LruCache<Value> {
  readonly #limits: LruLimits;
  /** In order of last use. */
  readonly #entries = new Map<string, { readonly value: Value; readonly weight: number }>();
  #weight = 0;

  constructor(limits: LruLimits) {
    this.#limits = limits;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** A value heavier than the whole cache is not kept. */
  set(key: string, value: Value, weight: number): void {
    this.#remove(key);
    if (weight > this.#limits.weightMax) return;
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entriesMax && this.#weight <= this.#limits.weightMax) return;
      this.#remove(oldest);
    }
  }

  /** Values of keys that begin so, the last used first. */
  *startingWith(prefix: string): Generator<Value> {
    for (const [key, { value }] of [...this.#entries].reverse()) if (key.startsWith(prefix)) yield value;
  }

  get size(): number {
    return this.#entries.size;
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }
}
