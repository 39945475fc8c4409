/** The newest annotation of every annotated commit of a tract at one moment; a later moment shares what did not change. */
import type { AnnotationRecord, Hash } from "../../storage/records.ts";

type Rows = ReadonlyMap<Hash, AnnotationRecord>;

/** Rows of the older layer are copied once per so many new ones. */
const RECENT_MAX = 256;

/** Also holds annotations of commits that are on other branches: one of them may join this history later. */
export class AnnotationLog {
  static readonly empty: AnnotationLog = new AnnotationLog(new Map(), new Map());
  readonly #older: Rows;
  readonly #recent: Rows;

  private constructor(older: Rows, recent: Rows) {
    this.#older = older;
    this.#recent = recent;
  }

  get(commit: Hash): AnnotationRecord | undefined {
    if (this.#recent.size + this.#older.size === 0) return undefined;
    return this.#recent.get(commit) ?? this.#older.get(commit);
  }

  /** The log after further rows, given by sequence. */
  with(rows: readonly AnnotationRecord[]): AnnotationLog {
    if (rows.length === 0) return this;
    const recent = new Map(this.#recent);
    for (const row of rows) recent.set(row.commit, row);
    if (recent.size <= RECENT_MAX) return new AnnotationLog(this.#older, recent);
    return new AnnotationLog(new Map([...this.#older, ...recent]), new Map());
  }
}
