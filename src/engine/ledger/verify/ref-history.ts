/** Plays the ref moves of operations again: each must start where the one before it ended. */
import type { OperationRecord, RefKind, RefMove, RefValue } from "../../../storage/records.ts";
import { sameRefValue } from "../../history/ref-value.ts";
import type { Verification } from "../verify.ts";

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
  readonly #verification: Verification;

  constructor(verification: Verification) {
    this.#verification = verification;
  }

  async replay({ sequence, refMoves, createdAt }: OperationRecord): Promise<void> {
    for (const move of refMoves) {
      const { kind, name, before, after } = move;
      const known = this.find(kind, name);
      const isExpected =
        known === undefined ? await this.#canStart(move, sequence) : sameRefValue(known.value, before);
      if (!isExpected) {
        const detail = `its move of ${kind} ${JSON.stringify(name)} does not start where the one before ended`;
        const field = "ref_moves";
        this.#verification.report({ kind: "operation", what: "changed", field, sequence, name, detail });
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

  /** A ref starts from nothing, but for a worktree: the first write in it makes it, which is no move. */
  async #canStart({ kind, name, before }: RefMove, sequence: number): Promise<boolean> {
    const { engine, since } = this.#verification;
    if (since !== null) return true;
    if (kind !== "worktree") return before === null;
    const made = await engine.store.readRefAsOf(engine.scope.tract, kind, name, sequence - 1);
    return sameRefValue(made, before);
  }
}

function keyOf(kind: RefKind, name: string): string {
  return `${kind} ${name}`;
}
