/** All annotations of a tract as far as they were read: once, for everything that looks at one of its moments. */
import type { AnnotationRecord, Hash } from "../../storage/records.ts";
import type { Annotations } from "./stages/apply-annotations.ts";

/** The newest row of a commit, and the one before it. */
interface Link {
  readonly row: AnnotationRecord;
  readonly earlier: Link | null;
}

/**
 * Rows are only ever added, so what was true at a moment stays so. Also holds those of commits on other branches: one of them may join a history
 * later.
 */
export class AnnotationLog {
  readonly #newest = new Map<Hash, Link>();
  readonly #rows: AnnotationRecord[] = [];
  #sequence = 0;

  /** Everything up to here is known. */
  get sequence(): number {
    return this.#sequence;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** Takes what was read after some sequence that was known, up to `upTo`; rows that came in meanwhile are passed over. */
  add(rows: readonly AnnotationRecord[], upTo: number): void {
    for (const row of rows) {
      if (row.sequence <= this.#sequence) continue;
      this.#rows.push(row);
      this.#newest.set(row.commit, { row, earlier: this.#newest.get(row.commit) ?? null });
    }
    this.#sequence = Math.max(this.#sequence, upTo);
  }

  /** As it was when the newest annotation had this sequence. */
  at(sequence: number): Annotations {
    return {
      get: (commit) => {
        let link = this.#newest.get(commit) ?? null;
        while (link !== null && link.row.sequence > sequence) link = link.earlier;
        return link?.row;
      },
    };
  }

  /** By sequence. */
  between(after: number, upTo: number): readonly AnnotationRecord[] {
    const from = this.#rows.findLastIndex(({ sequence }) => sequence <= after) + 1;
    const to = this.#rows.findLastIndex(({ sequence }) => sequence <= upTo) + 1;
    return this.#rows.slice(from, to);
  }
}
