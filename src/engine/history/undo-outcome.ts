/** What an undo comes to, and what its caller is told of it. Pure. */
import type { Hash, OperationRecord, RefMove, RefRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import type { AnnotationRestoration } from "./plan-undo.ts";
import { branchOf, commitOf, isSameRef } from "./ref-value.ts";
import type { Site } from "./snapshot.ts";
import type { UndoResult } from "./undo.ts";
import type { Unreachable } from "./unreachable.ts";
import { headValue } from "./worktree.ts";

/** What an undo comes to. */
export interface UndoOutcome {
  /** Where the call stands, and what branches, tags and worktrees are before the undo. */
  readonly site: Site;
  readonly now: readonly RefRecord[];
  readonly target: OperationRecord;
  readonly refMoves: readonly RefMove[];
  readonly annotations: AnnotationRestoration;
  readonly conflicts: readonly string[];
  readonly unreachable: Unreachable;
  readonly warnings: readonly string[];
}

/** Without an operation id it was a dry run. */
export function undoResult(engine: Engine, outcome: UndoOutcome, operationId: string | null): UndoResult {
  const { site, target, refMoves, annotations, conflicts, unreachable } = outcome;
  const { worktree } = engine.scope;
  const own = refMoves.find(({ kind, name }) => kind === "worktree" && name === worktree);
  const head = own === undefined ? headValue(site) : (own.after ?? { branch: engine.settings.defaultBranch });
  const branch = branchOf(head);
  const others = refMoves.filter(({ kind, name }) => kind === "worktree" && name !== worktree);
  const isWithoutEffect = refMoves.length === 0 && annotations.states.length === 0;
  return {
    operationId,
    branch,
    head: branch === null ? commitOf(head) : tipAfter(outcome, branch),
    warnings: [
      ...outcome.warnings,
      ...others.map(({ name }) => `HEAD of worktree ${name} moved, too`),
      ...(isWithoutEffect ? ["everything it changed was as before already"] : []),
    ],
    undone: { id: target.id, type: target.type },
    dryRun: operationId === null,
    refMoves,
    annotated: annotations.states.map(({ commit }) => commit),
    conflicts,
    unreachable,
  };
}

/** Where a branch points after the undo. */
export function tipAfter({ now, refMoves }: UndoOutcome, branch: string): Hash | null {
  const ref = { kind: "branch", name: branch } as const;
  const move = refMoves.find((candidate) => isSameRef(candidate, ref));
  return move === undefined ? tipOf(now, branch) : commitOf(move.after);
}

/** Where a branch points. */
export function tipOf(refs: readonly RefRecord[], branch: string): Hash | null {
  return commitOf(refs.find((ref) => isSameRef(ref, { kind: "branch", name: branch }))?.value);
}
