/** Plays the ref moves of operations again: each must start where the one before it ended. */
import type { OperationRecord, RefKind, RefMove, RefValue } from "../../../storage/records.ts";
import { sameRefValue } from "../../history/ref-value.ts";
import type { Report } from "../findings.ts";

/** A ref after its last move. */
export interface MovedRef {
  readonly kind: RefKind;
  readonly name: string;
  /** null: it does not exist any more. */
  readonly value: RefValue | null;
  /** Time of the move. */
  readonly at: string;
}

export class RefHistory {
  readonly #refs = new Map<string, MovedRef>();
  readonly #report: Report;
  readonly #isWhole: boolean;

  /** `isWhole`: it starts with the first operation of the tract. */
  constructor(report: Report, isWhole: boolean) {
    this.#report = report;
    this.#isWhole = isWhole;
  }

  replay({ sequence, refMoves, createdAt }: OperationRecord): void {
    for (const move of refMoves) {
      const { kind, name, before, after } = move;
      const known = this.find(kind, name);
      const isExpected = known === undefined ? this.#canStartAt(move) : sameRefValue(known.value, before);
      if (!isExpected) {
        const detail = `its move of ${kind} ${JSON.stringify(name)} does not start where the one before ended`;
        this.#report({ kind: "operation", what: "changed", field: "ref_moves", sequence, name, detail });
      }
      this.#refs.set(keyOf(kind, name), { kind, name, value: after, at: createdAt });
    }
  }

  find(kind: RefKind, name: string): MovedRef | undefined {
    return this.#refs.get(keyOf(kind, name));
  }

  /** Every ref that was ever moved. */
  all(): Iterable<MovedRef> {
    return this.#refs.values();
  }

  /** A worktree may have been made by the first write in it, which is no move. */
  #canStartAt({ kind, before }: RefMove): boolean {
    return before === null || kind === "worktree" || !this.#isWhole;
  }
}

function keyOf(kind: RefKind, name: string): string {
  return `${kind} ${name}`;
}
