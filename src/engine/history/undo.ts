/** Undoes an operation by a new one: refs, annotations and settings are again as they were before it (spec 3.9; spec 9, 17). */
import type { ChangeSet, NewAnnotation } from "../../storage/change-set.ts";
import type { Hash, OperationRecord, RefMove, RefRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { withOrigHead } from "./orig-head.ts";
import {
  type AnnotationRestoration,
  isMainRef,
  restoreAnnotations,
  restoreRefs,
  undoneMarks,
} from "./plan-undo.ts";
import { isoNow, operationChange, type Planned, publishPlan } from "./publish.ts";
import { commitOf, isSameRef, type RefName } from "./ref-value.ts";
import { withoutRemoved } from "./removed.ts";
import { readSite } from "./snapshot.ts";
import { tipAfter, tipOf, type UndoOutcome, undoResult } from "./undo-outcome.ts";
import {
  readAnnotationRows,
  readLaterWork,
  readMovedRefs,
  readUndoChain,
  readUndoTarget,
} from "./undo-reads.ts";
import { readUnreachable, type Unreachable } from "./unreachable.ts";
import { expectWorktrees, type PlaceResult } from "./worktree.ts";

export interface UndoRequest {
  /**
   * Id of an operation, or a unique start of at least 8 characters. Default: the newest that is neither an undo nor undone, of this worktree or
   * of `branch`.
   */
  readonly operation?: string | undefined;
  /** The newest operation that moved this branch, whoever did it; not beside `operation`. */
  readonly branch?: string | undefined;
  /** Also when later work was built on it. */
  readonly force?: boolean | undefined;
  /** Only says what would happen. */
  readonly dryRun?: boolean | undefined;
}

export interface UndoResult extends PlaceResult {
  readonly undone: { readonly id: string; readonly type: string };
  readonly dryRun: boolean;
  /** Refs that went back. */
  readonly refMoves: readonly RefMove[];
  /** Commits whose annotation is what it was before. */
  readonly annotated: readonly Hash[];
  /** Later operations on the same refs or commits, newest first: overridden with force; in a dry run, what stands in the way. */
  readonly conflicts: readonly string[];
  /** Commits that no branch and no tag leads to any more. They stay in the store. */
  readonly unreachable: Unreachable;
}

/**
 * Undoes an operation; undoing an undo does it again. Nothing is deleted: ORIG_HEAD keeps where a branch was.
 *
 * @throws TractError `nothing-to-do`, `not-found` (operation, branch), `invalid-argument` (both of them), `conflicts` (later work; data has the operation ids; not in a dry run).
 */
export async function undo(engine: Engine, request: UndoRequest = {}): Promise<UndoResult> {
  return await publishPlan(engine, () => planUndo(engine, request));
}

async function planUndo(engine: Engine, request: UndoRequest): Promise<Planned<UndoResult>> {
  const site = await readSite(engine, {});
  const target = await readUndoTarget(engine, request);
  const now = await readRefsNow(engine);
  const moved = await readMovedRefs(engine, target, now);
  const refs = await withoutRemoved(
    engine,
    target,
    restoreRefs(moved, { refs: now, defaultBranch: engine.settings.defaultBranch }),
  );
  const rows = await readAnnotationRows(engine, target);
  const annotations = restoreAnnotations(target, rows);
  const own = target.refMoves.filter(isMainRef);
  const later = await readLaterWork(engine, target, { refs: uniqueRefs([...own, ...refs.movedLater]), rows });
  const obstacle: Obstacle = {
    operations: later.operations,
    refs: uniqueRefs([...later.refs, ...refs.movedLater]),
    commits: [...new Set([...later.commits, ...annotations.annotatedLater])],
  };
  const isBlocked = obstacle.refs.length > 0 || obstacle.commits.length > 0;
  if (isBlocked && request.force !== true && request.dryRun !== true) throw blocked(target, obstacle);
  const unreachable = await readLost(engine, refs.moves, now);
  // Doing something again puts ORIG_HEAD back as it was; it only moves when later work is set aside.
  const isPlainRedo = target.undoes !== null && !isBlocked;
  const refMoves = isPlainRedo
    ? refs.moves
    : await withOrigHead(engine, site, refs.moves, unreachable.commits);
  const { warnings } = refs;
  const conflicts = later.operations;
  const outcome = { site, now, target, refMoves, annotations, conflicts, unreachable, warnings };
  if (request.dryRun === true) return { change: null, result: () => undoResult(engine, outcome, null) };
  const operationId = engine.newId();
  return {
    change: await undoChange(engine, outcome, operationId),
    result: () => undoResult(engine, outcome, operationId),
  };
}

/** What is not as the operation left it, and the operations that moved it on. */
interface Obstacle {
  readonly operations: readonly string[];
  readonly refs: readonly RefName[];
  readonly commits: readonly Hash[];
}

function uniqueRefs(refs: readonly RefName[]): readonly RefName[] {
  return [...new Map(refs.map(({ kind, name }) => [`${kind} ${name}`, { kind, name }])).values()];
}

/** Branches, tags and worktrees. */
async function readRefsNow(engine: Engine): Promise<readonly RefRecord[]> {
  const { store, scope } = engine;
  return [
    ...(await store.listRefs(scope.tract, "branch")),
    ...(await store.listRefs(scope.tract, "tag")),
    ...(await store.listRefs(scope.tract, "worktree")),
  ];
}

async function undoChange(engine: Engine, outcome: UndoOutcome, operationId: string): Promise<ChangeSet> {
  const { site, now, target, refMoves, annotations } = outcome;
  const time = isoNow(engine);
  const branch = target.branch ?? site.branch;
  const change = operationChange(engine, site, {
    id: operationId,
    type: "undo",
    branch,
    now: time,
    sources: annotations.states.map(({ commit }) => commit),
    params: { operation: target.id, type: target.type },
    undoes: target.sequence,
    reason: `Undid ${target.type} ${target.id}`,
    evidence: {
      operation: target.id,
      before: branch === null ? null : tipOf(now, branch),
      after: branch === null ? null : tipAfter(outcome, branch),
      overridden: outcome.conflicts,
    },
  });
  const worktrees = now.filter(({ kind }) => kind === "worktree");
  const takesBranch = refMoves.some(({ kind, after }) => kind === "branch" && after === null);
  const movesOwnHead = refMoves.some(
    ({ kind, name }) => kind === "worktree" && name === engine.scope.worktree,
  );
  return {
    ...change,
    ensureWorktree: movesOwnHead ? null : change.ensureWorktree,
    expect: {
      refs: takesBranch ? expectWorktrees(site, engine.scope.worktree, worktrees) : [],
      annotationSequence: annotations.states.length > 0 ? (site.tract?.annotationSequence ?? 0) : null,
    },
    refMoves,
    annotations: annotations.states.map((restored) => annotationRow(engine, time, restored)),
    undoneMarks: undoneMarks(await readUndoChain(engine, target)),
  };
}

/** The row keeps the branch of the one it takes back: on that side of a merge nothing has changed then (spec 9, 5). */
function annotationRow(
  engine: Engine,
  createdAt: string,
  { commit, state, made }: AnnotationRestoration["states"][number],
): NewAnnotation {
  const { priority, retain, labels } = state;
  return {
    commit,
    priority,
    retain,
    labels,
    reason: null,
    author: engine.scope.author,
    createdAt,
    branch: made.branch,
  };
}

async function readLost(
  engine: Engine,
  moves: readonly RefMove[],
  now: readonly RefRecord[],
): Promise<Unreachable> {
  const isName = ({ kind }: { readonly kind: string }): boolean => kind === "branch" || kind === "tag";
  const moved = moves.filter(isName);
  const kept = now.filter((ref) => isName(ref) && !moved.some((move) => isSameRef(move, ref)));
  return await readUnreachable(engine, {
    tips: moved.flatMap(({ before }) => commitOf(before) ?? []),
    roots: [...moved.map(({ after }) => after), ...kept.map(({ value }) => value)].flatMap(
      (value) => commitOf(value) ?? [],
    ),
  });
}

function blocked(target: OperationRecord, { operations, refs, commits }: Obstacle): TractError {
  const which =
    operations.length === 0
      ? "they stand elsewhere now"
      : `${operations.length} later ${operations.length === 1 ? "operation" : "operations"} built on it`;
  return new TractError(
    "conflicts",
    `${target.type} ${target.id} is not the last word on its refs and commits: ${which}`,
    {
      hint: "Undo the later ones first, newest first, or pass force true to go back all the same; dry_run shows what that would leave.",
      data: {
        operation: target.id,
        operations,
        refs: refs.map(({ kind, name }) => `${kind}:${name}`),
        commits,
      },
    },
  );
}
