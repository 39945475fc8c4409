/** What the memory model holds, and walks over it. */
import type {
  AnnotationRecord,
  CommitRecord,
  CompileRecord,
  ContentRecord,
  ContentTypeRecord,
  Hash,
  LedgerRecord,
  OperationRecord,
  RefKind,
  RefMove,
  RefRecord,
  TractRecord,
} from "../../src/storage/records.ts";

export interface MemoryTract {
  record: TractRecord;
  /** In the order of storing: parents before children. */
  commits: CommitRecord[];
  refs: Map<string, RefRecord>;
  /** Every change of a ref, with the sequence of the operation after which it shows. */
  refHistory: (RefMove & { readonly sequence: number })[];
  annotations: AnnotationRecord[];
  operations: OperationRecord[];
  ledger: LedgerRecord[];
  compileRecords: CompileRecord[];
  contentTypes: Map<string, ContentTypeRecord>;
}

export interface MemoryState {
  readonly tracts: Map<string, MemoryTract>;
  readonly contents: Map<Hash, ContentRecord>;
}

export function emptyTract(): MemoryTract {
  return {
    record: {
      id: 0,
      name: "",
      encoding: "o200k_base",
      createdAt: "",
      annotationSequence: 0,
      operationSequence: 0,
      ledgerSequence: 0,
      ledgerHead: "",
    },
    commits: [],
    refs: new Map(),
    refHistory: [],
    annotations: [],
    operations: [],
    ledger: [],
    compileRecords: [],
    contentTypes: new Map(),
  };
}

export function refKey(kind: RefKind, name: string): string {
  return `${kind} ${name}`;
}

/** A commit and everything behind it, over any parents. */
export function reachable({ commits }: MemoryTract, head: Hash): Set<Hash> {
  const found = new Set<Hash>();
  const waiting = [head];
  for (let hash = waiting.pop(); hash !== undefined; hash = waiting.pop()) {
    const commit = commits.find((candidate) => candidate.hash === hash);
    if (commit === undefined || found.has(hash)) continue;
    found.add(hash);
    waiting.push(...commit.parents);
  }
  return found;
}

/** Commits reachable from one but not from the other, in the order of storing. */
export function withoutReachable(state: MemoryTract, head: Hash, without?: Hash): CommitRecord[] {
  const wanted = reachable(state, head);
  const unwanted = without === undefined ? new Set<Hash>() : reachable(state, without);
  return state.commits.filter(({ hash }) => wanted.has(hash) && !unwanted.has(hash));
}
