/** The one shape of a write: everything an operation changes and everything it expects, as plain data (design: plan, then publish). */
import type {
  AnnotationRecord,
  CommitRecord,
  CompileRecord,
  ContentRecord,
  ContentTypeRecord,
  Encoding,
  LedgerBody,
  OperationRecord,
  PlanRecord,
  RefKind,
  RefMove,
  RefValue,
  UsageRecord,
} from "./records.ts";

/** A ref must have this value (null: must not exist) at the moment of publishing. */
export interface ExpectedRef {
  readonly kind: RefKind;
  readonly name: string;
  readonly value: RefValue | null;
}

export type NewAnnotation = Omit<AnnotationRecord, "sequence">;
export type NewOperation = Omit<
  OperationRecord,
  "sequence" | "undone" | "annotationsFrom" | "annotationsTo" | "refMoves"
>;

export type NewUsage = Omit<UsageRecord, "annotationSequence">;

export interface ChangeSet {
  readonly tract: string;
  /** Makes the tract first; the publish fails with StoreConflict if it exists by then. `ledger` must then start with GENESIS. */
  readonly createTract: { readonly encoding: Encoding; readonly createdAt: string } | null;
  readonly expect: {
    /** Besides these, the `before` of every entry of `refMoves` is expected. */
    readonly refs: readonly ExpectedRef[];
    /** No annotation may have been written after this sequence; null: any. */
    readonly annotationSequence: number | null;
    /** No ledger entry may have been written after this sequence; left out: any. */
    readonly ledgerSequence?: number;
  };
  /** Stored once: a content whose hash is there already is skipped. */
  readonly contents: readonly ContentRecord[];
  /** Parents before children; a commit whose hash is there already is skipped (same hash, same commit). */
  readonly commits: readonly Omit<CommitRecord, "role" | "priority" | "operationId">[];
  readonly annotations: readonly NewAnnotation[];
  readonly refMoves: readonly RefMove[];
  /** A worktree that this write makes if it is missing, attached to `branch`. Not a ref move: undo leaves it. */
  readonly ensureWorktree: { readonly name: string; readonly branch: string } | null;
  /** null for writes that are no operation (compile records). */
  readonly operation: NewOperation | null;
  /** Sets the `undone` mark of earlier operations, by sequence. */
  readonly undoneMarks: readonly { readonly sequence: number; readonly undone: boolean }[];
  readonly ledger: readonly LedgerBody[];
  readonly compileRecords: readonly CompileRecord[];
  /** Made, or put in the place of the pending plan of the same id; one that is not pending any more is a StoreConflict. */
  readonly plans: readonly PlanRecord[];
  readonly contentTypes: readonly ContentTypeRecord[];
  /** One of a commit that has one already takes its place. */
  readonly usages: readonly NewUsage[];
}

export interface PublishReceipt {
  /** 0 when there was no operation. */
  readonly operationSequence: number;
  readonly annotationSequence: number;
  readonly ledgerSequence: number;
}

/** A change set with nothing in it: writes fill in what they change. */
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
