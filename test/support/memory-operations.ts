/** The operation log in the memory model: filtered, and newest first or by tokens. */
import type { Hash, OperationRecord } from "../../src/storage/records.ts";
import type { OperationQuery } from "../../src/storage/store.ts";
import type { MemoryTract } from "./memory-state.ts";

export function isRef(
  a: { readonly kind: string; readonly name: string },
  b: { readonly kind: string; readonly name: string },
): boolean {
  return a.kind === b.kind && a.name === b.name;
}

/** Operations that made or used a commit. */
export function operationsOf(state: MemoryTract, commit: Hash): readonly { readonly id: string }[] {
  const madeBy = state.commits.find(({ hash }) => hash === commit)?.operationId;
  return state.operations.filter(
    ({ id, sources, results }) => id === madeBy || sources.includes(commit) || results.includes(commit),
  );
}

export function operations(state: MemoryTract, query: OperationQuery): readonly OperationRecord[] {
  const { type, worktree, commit, standing, beforeSequence, afterSequence, ref, limit } = query;
  const { sort, offset = 0, originalTokensMin: least } = query;
  const ofCommit = commit === undefined ? null : operationsOf(state, commit);
  const found = state.operations
    .filter((operation) => type === undefined || operation.type === type)
    .filter((operation) => worktree === undefined || operation.worktree === worktree)
    .filter((operation) => ofCommit === null || ofCommit.includes(operation))
    .filter((operation) => !standing || (!operation.undone && operation.type !== "undo"))
    .filter((operation) => ref === undefined || operation.refMoves.some((move) => isRef(move, ref)))
    .filter(({ sequence }) => beforeSequence === undefined || sequence < beforeSequence)
    .filter(({ sequence }) => afterSequence === undefined || sequence > afterSequence)
    .filter(
      ({ originalTokens }) => least === undefined || (originalTokens !== null && originalTokens >= least),
    )
    .reverse();
  return sort === undefined
    ? found.slice(0, Math.max(0, limit))
    : sortByTokens(found, sort).slice(Math.max(0, offset)).slice(0, Math.max(0, limit));
}

/** Largest first; those without both numbers are left out. */
function sortByTokens(
  operations: readonly OperationRecord[],
  sort: NonNullable<OperationQuery["sort"]>,
): readonly OperationRecord[] {
  return operations
    .flatMap((operation) => {
      const { originalTokens: original, compressedTokens: compressed } = operation;
      if (original === null || compressed === null) return [];
      const sizes = {
        original_tokens: original,
        compressed_tokens: compressed,
        ratio: original / Math.max(compressed, 1),
      };
      return { operation, size: sizes[sort] };
    })
    .sort((a, b) => b.size - a.size)
    .map(({ operation }) => operation);
}
