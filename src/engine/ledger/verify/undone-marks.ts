/** Holds the marks of undone operations against the undos that stand (spec 3.9). */
import type { OperationRecord } from "../../../storage/records.ts";
import type { Report } from "../findings.ts";

export class UndoneMarks {
  readonly #marked = new Set<number>();
  readonly #undos: { readonly sequence: number; readonly undoes: number }[] = [];

  add({ sequence, undoes, undone }: OperationRecord): void {
    if (undone) this.#marked.add(sequence);
    if (undoes !== null) this.#undos.push({ sequence, undoes });
  }

  /** An operation is undone exactly while an undo of it stands, that is, is not undone itself. */
  finish(report: Report): void {
    const standing = this.#undos.filter(({ sequence }) => !this.#marked.has(sequence));
    const undone = new Set(standing.map(({ undoes }) => undoes));
    for (const sequence of [...this.#marked, ...undone].sort((a, b) => a - b)) {
      if (this.#marked.has(sequence) === undone.has(sequence)) continue;
      const detail = undone.has(sequence) ? "an undo of it stands" : "no undo of it stands";
      report({ kind: "operation", what: "changed", field: "undone", sequence, detail });
    }
  }
}
