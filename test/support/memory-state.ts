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
  PlanRecord,
  RefKind,
  RefMove,
  RefRecord,
  TractRecord,
  UsageRecord,
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
  /** By id, in the order of making. */
  plans: Map<string, PlanRecord>;
  contentTypes: Map<string, ContentTypeRecord>;
  /** By commit. */
  usages: Map<Hash, UsageRecord>;
  /** Hashes of commits that gc removed, in the order of removal. */
  collected: Hash[];
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
    plans: new Map(),
    contentTypes: new Map(),
    usages: new Map(),
    collected: [],
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

/** Common ancestors that no other common ancestor descends from, newest first. */
export function mergeBases(tract: MemoryTract, a: Hash, b: Hash): readonly Hash[] {
  const others = reachable(tract, b);
  const common = [...reachable(tract, a)].filter((hash) => others.has(hash));
  const isBase = (hash: Hash): boolean =>
    common.every((other) => other === hash || !reachable(tract, other).has(hash));
  return tract.commits
    .filter(({ hash }) => common.includes(hash) && isBase(hash))
    .reverse()
    .sort((x, y) => Date.parse(y.createdAt) - Date.parse(x.createdAt))
    .map(({ hash }) => hash);
}

/** Commits reachable from one but not from the other, in the order of storing. */
export function withoutReachable(state: MemoryTract, head: Hash, without?: Hash | null): CommitRecord[] {
  const wanted = reachable(state, head);
  const unwanted = without === undefined || without === null ? new Set<Hash>() : reachable(state, without);
  return state.commits.filter(({ hash }) => wanted.has(hash) && !unwanted.has(hash));
}
