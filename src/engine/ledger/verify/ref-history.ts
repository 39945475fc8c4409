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
  readonly #worktrees = new Set<string>();
  readonly #verification: Verification;

  constructor(verification: Verification) {
    this.#verification = verification;
  }

  /** Gives the first moves of worktrees: verifyStart has to look where those began. */
  replay({ sequence, refMoves, createdAt }: OperationRecord): readonly RefMove[] {
    const first: RefMove[] = [];
    for (const move of refMoves) {
      const { kind, name, before, after } = move;
      const known = this.find(kind, name);
      this.#refs.set(keyOf(kind, name), { kind, name, value: after, at: createdAt });
      // With since the moves before are not known.
      if (known === undefined && this.#verification.since !== null) continue;
      // Undo may have taken back the move that made a worktree; the next write in it made it again.
      if (kind === "worktree" && (known === undefined || known.value === null)) first.push(move);
      else if (!sameRefValue(known?.value ?? null, before)) this.#report(sequence, move);
    }
    return first;
  }

  /** A worktree is made by a write in it when it is not there, which is no move; every other ref starts from nothing. */
  async verifyStart({ sequence }: OperationRecord, move: RefMove): Promise<void> {
    const { scope, store } = this.#verification.engine;
    const made = await store.readRefAsOf(scope.tract, move.kind, move.name, sequence - 1);
    if (!sameRefValue(made, move.before)) this.#report(sequence, move);
  }

  /** A worktree is there from the first operation in it on: when it was made stands nowhere else. */
  async verifyMade({ params, sequence, type, worktree }: OperationRecord): Promise<void> {
    if (this.#verification.since !== null || this.#worktrees.has(worktree)) return;
    // A message from another tract comes from a worktree that this one does not have.
    if (type === "send" && "from_tract" in params) return;
    this.#worktrees.add(worktree);
    // That of a spawned child was made by a move, whose operation proves it.
    if (this.find("worktree", worktree)?.value) return;
    const { scope, store } = this.#verification.engine;
    const before = await store.readRefAsOf(scope.tract, "worktree", worktree, sequence - 1);
    const after = await store.readRefAsOf(scope.tract, "worktree", worktree, sequence);
    if (before === null && after !== null) return;
    const detail = `it made worktree ${JSON.stringify(worktree)}, which is there before it or not after it`;
    this.#verification.report({
      kind: "operation",
      what: "changed",
      field: "ref_moves",
      sequence,
      name: worktree,
      detail,
    });
  }

  find(kind: RefKind, name: string): MovedRef | undefined {
    return this.#refs.get(keyOf(kind, name));
  }

  /** Every ref that was ever moved. */
  all(): Iterable<MovedRef> {
    return this.#refs.values();
  }

  #report(sequence: number, { kind, name }: RefMove): void {
    const detail = `its move of ${kind} ${JSON.stringify(name)} does not start where the one before ended`;
    const field = "ref_moves";
    this.#verification.report({ kind: "operation", what: "changed", field, sequence, name, detail });
  }
}

function keyOf(kind: RefKind, name: string): string {
  return `${kind} ${name}`;
}
