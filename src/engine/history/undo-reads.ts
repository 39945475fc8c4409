/** Reads what an undo has to know: its target, where the refs stand now, what was done since (spec 3.9). */
import type { AnnotationRecord, Hash, OperationRecord, RefRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import type { MovedRef } from "./plan-undo.ts";
import type { RefName } from "./ref-value.ts";
import { readRemoved } from "./removed.ts";
import { readSite } from "./snapshot.ts";

/** Which operation is meant; one of the two at most. */
export interface UndoTarget {
  readonly operation?: string | undefined;
  readonly branch?: string | undefined;
}

/**
 * The operation to undo.
 *
 * @throws TractError `not-found` for an unknown id or branch, `invalid-argument` for both, `nothing-to-do` when it is undone already or there
 *   is none.
 */
export async function readUndoTarget(
  engine: Engine,
  { operation: id, branch }: UndoTarget,
): Promise<OperationRecord> {
  const { store, scope } = engine;
  if (id === undefined) return await readNewest(engine, branch);
  if (branch !== undefined) {
    throw new TractError("invalid-argument", "branch: expected no branch beside operation", {
      hint: "Name the operation, or the branch whose newest operation is meant; nothing was changed.",
      data: { path: "branch" },
    });
  }
  // ULIDs mean the same in either case.
  const target = await store.findOperation(scope.tract, id.toUpperCase());
  if (target === null) {
    throw new TractError(
      "not-found",
      `no one operation has the id ${JSON.stringify(id.slice(0, ID_CHARS_SHOWN))}`,
      {
        hint: "Take an id from status, or submission_id from query_ledger; its start is enough when it is unique and has at least 8 characters.",
        data: { operation: id.slice(0, ID_CHARS_SHOWN) },
      },
    );
  }
  if (target.undone) throw await alreadyUndone(engine, target);
  return target;
}

async function readNewest(engine: Engine, branch: string | undefined): Promise<OperationRecord> {
  const { store, scope } = engine;
  if (branch !== undefined) await readSite(engine, { branch }); // An unknown one is refused.
  const where =
    branch === undefined ? { worktree: scope.worktree } : { ref: { kind: "branch" as const, name: branch } };
  const [newest] = await store.readOperations(scope.tract, { ...where, standing: true, limit: 1 });
  if (newest !== undefined) return newest;
  const [who, data] =
    branch === undefined
      ? [`worktree ${JSON.stringify(scope.worktree)} has done nothing`, { worktree: scope.worktree }]
      : [`nothing was done on branch ${JSON.stringify(branch)}`, { branch }];
  throw new TractError("nothing-to-do", `${who} that could be undone`, {
    hint: "status shows the newest of all worktrees; one of another worktree, or an undo, is undone by naming its id.",
    data,
  });
}

/** Where the refs that an operation moved stand now. `known` has all branches, tags and worktrees. */
export async function readMovedRefs(
  engine: Engine,
  operation: OperationRecord,
  known: readonly RefRecord[],
): Promise<readonly MovedRef[]> {
  const values = new Map(known.map(({ kind, name, value }) => [`${kind} ${name}`, value]));
  const moved: MovedRef[] = [];
  for (const move of operation.refMoves) {
    const { kind, name } = move;
    const isKnown = kind === "branch" || kind === "tag" || kind === "worktree";
    const current = isKnown
      ? values.get(`${kind} ${name}`)
      : (await engine.store.readRef(engine.scope.tract, kind, name))?.value;
    moved.push({ move, current: current ?? null });
  }
  return moved;
}

/** All rows of every commit that an operation annotated, by sequence; those that gc has removed are left out. */
export async function readAnnotationRows(
  engine: Engine,
  { annotationsFrom, annotationsTo }: OperationRecord,
): Promise<ReadonlyMap<Hash, readonly AnnotationRecord[]>> {
  const { store, scope } = engine;
  const rows = new Map<Hash, readonly AnnotationRecord[]>();
  if (annotationsFrom === annotationsTo) return rows;
  const made = await store.readAnnotations(scope.tract, { after: annotationsFrom, upTo: annotationsTo });
  const commits = [...new Set(made.map(({ commit }) => commit))];
  const removed = new Set(await readRemoved(engine, commits));
  for (const commit of commits)
    if (!removed.has(commit)) rows.set(commit, await store.readCommitAnnotations(scope.tract, commit));
  return rows;
}

/** Operations that were built on another one. */
export interface LaterWork {
  /** Ids, newest first. */
  readonly operations: readonly string[];
  /** The refs that they moved, and the commits that they annotated, among those asked for. */
  readonly refs: readonly RefName[];
  readonly commits: readonly Hash[];
}

/** The operations after `target` that moved these refs or wrote annotation rows of these commits, and still stand. */
export async function readLaterWork(
  engine: Engine,
  target: OperationRecord,
  on: { readonly refs: readonly RefName[]; readonly rows: ReadonlyMap<Hash, readonly AnnotationRecord[]> },
): Promise<LaterWork> {
  const { store, scope, limits } = engine;
  const since = { afterSequence: target.sequence, limit: limits.pageMax };
  const later = new Map<number, string>();
  const note = (operations: readonly OperationRecord[]): boolean => {
    const standing = operations.filter((operation) => isStanding(operation, target));
    for (const { sequence, id } of standing) later.set(sequence, id);
    return standing.length > 0;
  };
  const refs: RefName[] = [];
  for (const { kind, name } of on.refs)
    if (note(await store.readOperations(scope.tract, { ...since, ref: { kind, name } })))
      refs.push({ kind, name });
  const commits: Hash[] = [];
  for (const [commit, rows] of on.rows) {
    const newer = rows.filter(({ sequence }) => sequence > target.annotationsTo);
    if (newer.length === 0) continue;
    const users = await store.readOperations(scope.tract, { ...since, commit });
    if (note(users.filter((operation) => newer.some((row) => isOf(row, operation))))) commits.push(commit);
  }
  const operations = [...later].sort(([a], [b]) => b - a).map(([, id]) => id);
  return { operations: operations.slice(0, limits.pageMax), refs, commits };
}

/** An undo and the later operation that it undid cancel out: neither is in the way. */
function isStanding({ undone, undoes }: OperationRecord, target: OperationRecord): boolean {
  return !undone && (undoes === null || undoes <= target.sequence);
}

function isOf(row: AnnotationRecord, { annotationsFrom, annotationsTo }: OperationRecord): boolean {
  return row.sequence > annotationsFrom && row.sequence <= annotationsTo;
}

/** The operation, what it undid, what that undid, and so on. */
export async function readUndoChain(
  engine: Engine,
  operation: OperationRecord,
): Promise<readonly OperationRecord[]> {
  const chain = [operation];
  // An operation undoes an earlier one, so the chain ends.
  for (let { undoes } = operation; undoes !== null; ) {
    const [undone] = await engine.store.readOperations(engine.scope.tract, {
      beforeSequence: undoes + 1,
      limit: 1,
    });
    invariant(undone?.sequence === undoes, "an undone operation is in the log");
    chain.push(undone);
    undoes = undone.undoes;
  }
  return chain;
}

const ID_CHARS_SHOWN = 40;

async function alreadyUndone(engine: Engine, target: OperationRecord): Promise<TractError> {
  const later = await engine.store.readOperations(engine.scope.tract, {
    type: "undo",
    afterSequence: target.sequence,
    limit: engine.limits.pageMax,
  });
  const by = later.find(({ undoes, undone }) => undoes === target.sequence && !undone);
  return new TractError("nothing-to-do", `${target.type} ${target.id} is undone already`, {
    hint:
      by === undefined ? "status shows what was done last." : `To do it again, undo the undo: undo ${by.id}.`,
    data: { operation: target.id, undone_by: by?.id ?? null },
  });
}
