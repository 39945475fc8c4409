/** Publishing in the memory model: everything is checked before anything changes. */
import { createHash } from "node:crypto";
import type { ChangeSet, PublishReceipt } from "../../src/storage/change-set.ts";
import { StoreConflict } from "../../src/storage/errors.ts";
import type { Hash, RefKind, RefValue } from "../../src/storage/records.ts";
import { emptyTract, type MemoryState, type MemoryTract, refKey } from "./memory-state.ts";

/** Applies several changes, all or none; gives the receipt of the first, and the state afterwards. */
export function applyChanges(
  state: MemoryState,
  changes: readonly [ChangeSet, ...ChangeSet[]],
): { readonly receipt: PublishReceipt; readonly state: MemoryState } {
  if (new Set(changes.map(({ tract }) => tract)).size < changes.length)
    throw new Error("a publish changes each tract once");
  const next = structuredClone(state);
  const [change, ...also] = changes;
  const receipt = applyChange(next, change);
  for (const other of also) applyChange(next, other);
  return { receipt, state: next };
}

export function applyChange(state: MemoryState, change: ChangeSet): PublishReceipt {
  const existing = state.tracts.get(change.tract);
  if ((existing === undefined) !== (change.createTract !== null))
    throw new StoreConflict({ what: "tract", exists: existing !== undefined });
  const tract = existing ?? newTract(state, change);
  checkExpectations(tract, change);
  checkNames(state, tract, change);
  checkTimes(change);

  state.tracts.set(change.tract, tract);
  const sequence = tract.record.operationSequence + 1;
  for (const content of change.contents)
    if (!state.contents.has(content.hash)) state.contents.set(content.hash, content);
  addCommits(state, tract, change);
  moveRefs(tract, change, sequence);
  addOperation(tract, change, sequence);
  addAnnotations(tract, change);
  addLedger(tract, change);
  for (const plan of change.plans) tract.plans.set(plan.id, plan);
  tract.compileRecords.push(...change.compileRecords);
  for (const type of change.contentTypes) tract.contentTypes.set(type.name, type);
  for (const usage of change.usages)
    tract.usages.set(usage.commit, {
      ...usage,
      annotationSequence: tract.record.annotationSequence,
    });
  return {
    operationSequence: change.operation === null ? 0 : sequence,
    annotationSequence: tract.record.annotationSequence,
    ledgerSequence: tract.record.ledgerSequence,
  };
}

function newTract(state: MemoryState, { tract: name, createTract, ledger }: ChangeSet): MemoryTract {
  if (createTract === null) throw new Error("unreachable");
  if (ledger[0]?.eventType !== "GENESIS")
    throw new Error("the ledger of a new tract must start with a GENESIS entry");
  const tract = emptyTract();
  tract.record = { ...tract.record, ...createTract, id: state.tracts.size + 1, name };
  return tract;
}

function checkExpectations(tract: MemoryTract, { operation, expect, plans, refMoves }: ChangeSet): void {
  for (const { id } of plans)
    if ((tract.plans.get(id)?.state ?? "pending") !== "pending")
      throw new StoreConflict({ what: "plan", id });
  const key = operation?.idempotencyKey ?? null;
  const earlier = tract.operations.find(({ idempotencyKey }) => key !== null && idempotencyKey === key);
  if (earlier !== undefined) throw new StoreConflict({ what: "idempotency-key", operationId: earlier.id });
  const values = new Map<string, RefValue | null>();
  const check = (kind: RefKind, name: string, expected: RefValue | null): void => {
    const at = refKey(kind, name);
    const actual = values.has(at) ? (values.get(at) ?? null) : (tract.refs.get(at)?.value ?? null);
    if (!isSame(actual, expected)) throw new StoreConflict({ what: "ref", kind, name, expected, actual });
  };
  for (const { kind, name, value } of expect.refs) check(kind, name, value);
  for (const { kind, name, before, after } of refMoves) {
    check(kind, name, before);
    values.set(refKey(kind, name), after);
  }
  const actual = tract.record.annotationSequence;
  if (expect.annotationSequence !== null && expect.annotationSequence !== actual)
    throw new StoreConflict({ what: "annotations", expected: expect.annotationSequence, actual });
  const { ledgerSequence } = tract.record;
  if (expect.ledgerSequence !== undefined && expect.ledgerSequence !== ledgerSequence)
    throw new StoreConflict({ what: "ledger", expected: expect.ledgerSequence, actual: ledgerSequence });
}

function isSame(a: RefValue | null, b: RefValue | null): boolean {
  if (a === null || b === null) return a === b;
  if ("branch" in a || "branch" in b) return "branch" in a && "branch" in b && a.branch === b.branch;
  return a.commit === b.commit && (a.note ?? null) === (b.note ?? null);
}

/** Every commit and content that is named must be there, or come with the change before it is named. */
function checkNames(state: MemoryState, tract: MemoryTract, change: ChangeSet): void {
  const known = new Set(tract.commits.map(({ hash }) => hash));
  const contents = new Set(change.contents.map(({ hash }) => hash));
  const need = (hash: Hash): void => {
    if (!known.has(hash) && tract.collected.includes(hash)) throw new StoreConflict({ what: "commit", hash });
    if (!known.has(hash))
      throw new Error("a change set names a commit that is neither in the tract nor in the change set");
  };
  if (change.commits.length > 0 && change.operation === null)
    throw new Error("commits need an operation that makes them");
  for (const commit of change.commits) {
    commit.parents.forEach(need);
    if (commit.editTarget !== null) need(commit.editTarget);
    const { contentHash } = commit;
    if (contentHash !== null && !contents.has(contentHash) && !state.contents.has(contentHash)) {
      if ([...state.tracts.values()].some(({ collected }) => collected.length > 0))
        throw new StoreConflict({ what: "content", hash: contentHash });
      throw new Error("a commit names a content that is neither in the store nor in the change set");
    }
    known.add(commit.hash);
  }
  for (const { commit } of [...change.annotations, ...change.usages]) need(commit);
  for (const { after } of change.refMoves)
    if (after !== null && "commit" in after && after.commit !== null) need(after.commit);
}

function checkTimes({
  createTract,
  commits,
  annotations,
  operation,
  ledger,
  compileRecords,
  plans,
  usages,
}: ChangeSet): void {
  const times = [
    ...(createTract === null ? [] : [createTract.createdAt]),
    ...[
      ...commits,
      ...annotations,
      ...(operation === null ? [] : [operation]),
      ...compileRecords,
      ...plans,
      ...usages,
    ].map(({ createdAt }) => createdAt),
    ...plans.map(({ updatedAt }) => updatedAt),
    ...ledger.map(({ timestamp }) => timestamp),
  ];
  for (const time of times)
    if (Number.isNaN(Date.parse(time)) || new Date(time).toISOString() !== time)
      throw new TypeError("a time must be ISO-8601 in UTC with milliseconds");
}

function addCommits(state: MemoryState, tract: MemoryTract, change: ChangeSet): void {
  for (const commit of change.commits) {
    if (tract.commits.some(({ hash }) => hash === commit.hash)) continue;
    const content = commit.contentHash === null ? undefined : state.contents.get(commit.contentHash);
    tract.commits.push({
      ...commit,
      contentType: content?.type ?? null,
      role: content?.role ?? null,
      priority: content?.priority ?? "normal",
      operationId: change.operation?.id ?? "",
    });
  }
}

function moveRefs(
  tract: MemoryTract,
  { ensureWorktree, operation, refMoves, createTract }: ChangeSet,
  sequence: number,
): void {
  const updatedAt =
    operation?.createdAt ??
    tract.operations.at(-1)?.createdAt ??
    createTract?.createdAt ??
    tract.record.createdAt;
  const move = (kind: RefKind, name: string, after: RefValue | null): void => {
    const at = refKey(kind, name);
    const before = tract.refs.get(at)?.value ?? null;
    if (after === null) tract.refs.delete(at);
    else tract.refs.set(at, { kind, name, value: after, updatedAt });
    tract.refHistory.push({ kind, name, before, after, sequence });
  };
  const isMoved = refMoves.some(({ kind, name }) => kind === "worktree" && name === ensureWorktree?.name);
  if (ensureWorktree !== null && !isMoved && !tract.refs.has(refKey("worktree", ensureWorktree.name)))
    move("worktree", ensureWorktree.name, { branch: ensureWorktree.branch });
  for (const { kind, name, after } of refMoves) move(kind, name, after);
}

function addOperation(
  tract: MemoryTract,
  { operation, annotations, refMoves, undoneMarks }: ChangeSet,
  sequence: number,
): void {
  if (operation !== null) {
    const annotationsFrom = tract.record.annotationSequence;
    const annotationsTo = annotationsFrom + annotations.length;
    tract.operations.push({
      ...operation,
      sequence,
      undone: false,
      annotationsFrom,
      annotationsTo,
      refMoves,
    });
    tract.record = { ...tract.record, operationSequence: sequence };
  }
  for (const mark of undoneMarks)
    tract.operations = tract.operations.map((other) =>
      other.sequence === mark.sequence ? { ...other, undone: mark.undone } : other,
    );
}

function addAnnotations(tract: MemoryTract, { annotations }: ChangeSet): void {
  for (const annotation of annotations) {
    const sequence = tract.record.annotationSequence + 1;
    tract.annotations.push({ ...annotation, sequence });
    tract.record = { ...tract.record, annotationSequence: sequence };
  }
}

function addLedger(tract: MemoryTract, { ledger }: ChangeSet): void {
  for (const body of ledger) {
    const sequence = tract.record.ledgerSequence + 1;
    const previousHash = tract.record.ledgerHead;
    const sealed = `tract.ledger.v1\n${previousHash}\n${sequence}\n${body.bodyHash}`;
    const entryHash = createHash("sha256").update(sealed).digest("hex") as Hash;
    tract.ledger.push({ ...body, sequence, previousHash, entryHash });
    tract.record = { ...tract.record, ledgerSequence: sequence, ledgerHead: entryHash };
  }
}
