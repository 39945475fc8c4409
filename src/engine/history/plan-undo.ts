/** Works out how refs and annotations go back to what they were before an operation (spec 3.9; spec 9, 17). Pure. */
import type {
  AnnotationRecord,
  Hash,
  OperationRecord,
  RefMove,
  RefRecord,
  RefValue,
} from "../../storage/records.ts";
import { type AnnotationState, NO_ANNOTATION, revertedState, sameState } from "./annotation-state.ts";
import { branchOf, commitOf, type RefName, sameRefValue } from "./ref-value.ts";

/** A move of the operation, and where the ref stands now. */
export interface MovedRef {
  readonly move: RefMove;
  readonly current: RefValue | null;
}

/** A ref of the tract with its value; a worktree that has no row yet is left out. */
export type KnownRef = Pick<RefRecord, "kind" | "name" | "value">;

export interface RefRestoration {
  readonly moves: readonly RefMove[];
  /** Refs that are not where the operation left them: going back takes `force`. */
  readonly movedLater: readonly RefName[];
  readonly warnings: readonly string[];
}

/** What the tract's refs are when an undo is planned. */
export interface RefsNow {
  /** Branches and worktrees. */
  readonly refs: readonly KnownRef[];
  /** The branch that may be checked out without a row. */
  readonly defaultBranch: string;
}

/** Puts the refs that an operation moved back, and keeps every HEAD on something that exists. */
export function restoreRefs(moved: readonly MovedRef[], now: RefsNow): RefRestoration {
  const back = moved.flatMap(restoreOne);
  const moves = back.map(({ move }) => move);
  const movedLater = back.filter(({ isMovedLater }) => isMovedLater).map(({ move }) => nameOf(move));
  const lost = headsOnNothing(moves, now);
  const kept = moves.filter((move) => !lost.includes(move));
  const strayed = strayedHeads(kept, now);
  return {
    moves: [...kept, ...strayed.map(({ move }) => move)],
    movedLater: [...movedLater, ...lost.map(branchNamedBy), ...strayed.map(({ move }) => nameOf(move))],
    warnings: [
      ...lost.map(
        (move) => `HEAD of worktree ${move.name} stays: branch ${branchOf(move.after)} is no longer there`,
      ),
      ...strayed.map(
        ({ move, branch }) =>
          `worktree ${move.name} was on branch ${branch}, which is gone: ${whereTo(move)}`,
      ),
    ],
  };
}

/** Refs that an operation really is about; the others are bookkeeping: put back when untouched since, never in the way. */
export function isMainRef({ kind }: RefName): boolean {
  return kind !== "previous" && kind !== "orig_head";
}

function restoreOne({ move, current }: MovedRef): readonly { move: RefMove; isMovedLater: boolean }[] {
  const { kind, name, before, after } = move;
  if (sameRefValue(current, before)) return [];
  const isMovedLater = !sameRefValue(current, after);
  if (isMovedLater && !isMainRef(move)) return [];
  return [{ move: { kind, name, before: current, after: before }, isMovedLater }];
}

/** HEADs that would go back to a branch that has been deleted or renamed since. */
function headsOnNothing(moves: readonly RefMove[], now: RefsNow): readonly RefMove[] {
  return moves.filter(({ kind, after }) => {
    const branch = branchOf(after);
    return kind === "worktree" && branch !== null && !isThere(branch, moves, now);
  });
}

function isThere(branch: string, moves: readonly RefMove[], { refs, defaultBranch }: RefsNow): boolean {
  if (branch === defaultBranch) return true;
  const move = moves.find(({ kind, name }) => kind === "branch" && name === branch);
  if (move !== undefined) return move.after !== null;
  return refs.some(({ kind, name }) => kind === "branch" && name === branch);
}

/** Worktrees that came to a branch after the operation that made it: they are detached where it was, or go to the default branch if it was unborn. */
function strayedHeads(
  moves: readonly RefMove[],
  now: RefsNow,
): readonly { readonly move: RefMove; readonly branch: string }[] {
  const gone = moves.filter(
    ({ kind, name, after }) => kind === "branch" && after === null && name !== now.defaultBranch,
  );
  return gone.flatMap(({ name: branch, before: tip }) => {
    const commit = commitOf(tip);
    const after: RefValue = commit === null ? { branch: now.defaultBranch } : { commit };
    return now.refs
      .filter(({ kind, value }) => kind === "worktree" && branchOf(value) === branch)
      .filter(({ name }) => !moves.some((move) => move.kind === "worktree" && move.name === name))
      .map(({ kind, name, value }) => ({ move: { kind, name, before: value, after }, branch }));
  });
}

function branchNamedBy(move: RefMove): RefName {
  return { kind: "branch", name: branchOf(move.after) ?? move.name };
}

function nameOf({ kind, name }: RefMove): RefName {
  return { kind, name };
}

function whereTo({ after }: RefMove): string {
  const branch = branchOf(after);
  return branch === null
    ? `its HEAD is detached at ${commitOf(after)?.slice(0, 12)}`
    : `it is on ${branch} now`;
}

export interface AnnotationRestoration {
  readonly states: readonly {
    readonly commit: Hash;
    readonly state: AnnotationState;
    readonly made: AnnotationRecord;
  }[];
  /** Commits whose annotation is not the one that the operation left. */
  readonly annotatedLater: readonly Hash[];
}

/** Finds the earlier state of every commit that an operation annotated. `rows` has all rows of those commits, by sequence. */
export function restoreAnnotations(
  operation: Pick<OperationRecord, "annotationsFrom" | "annotationsTo">,
  rows: ReadonlyMap<Hash, readonly AnnotationRecord[]>,
): AnnotationRestoration {
  const { annotationsFrom, annotationsTo } = operation;
  const found = [...rows].flatMap(([commit, all]) => {
    const made = all.findLast(({ sequence }) => sequence <= annotationsTo);
    if (made === undefined) return [];
    const before = all.findLast(({ sequence }) => sequence <= annotationsFrom) ?? NO_ANNOTATION;
    const current = all.at(-1) ?? made;
    const state = revertedState(before, made, current);
    if (sameState(state, current)) return [];
    return [{ commit, state, made, isChangedLater: !sameState(made, current) }];
  });
  return {
    states: found.map(({ commit, state, made }) => ({ commit, state, made })),
    annotatedLater: found.filter(({ isChangedLater }) => isChangedLater).map(({ commit }) => commit),
  };
}

/** The undone marks that follow from undoing an operation: what it undid stands again, and so on down the chain. */
export function undoneMarks(
  chain: readonly Pick<OperationRecord, "sequence">[],
): readonly { readonly sequence: number; readonly undone: boolean }[] {
  return chain.map(({ sequence }, depth) => ({ sequence, undone: depth % 2 === 0 }));
}
