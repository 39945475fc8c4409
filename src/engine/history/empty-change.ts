/** A change set with nothing in it: writes fill in what they change. */
import type { ChangeSet } from "../../storage/change-set.ts";

export function emptyChange(tract: string): ChangeSet {
  return {
    tract,
    createTract: null,
    expect: { refs: [], annotationSequence: null },
    contents: [],
    commits: [],
    annotations: [],
    refMoves: [],
    ensureWorktree: null,
    operation: null,
    undoneMarks: [],
    ledger: [],
    compileRecords: [],
    plans: [],
    contentTypes: [],
    usages: [],
  };
}
