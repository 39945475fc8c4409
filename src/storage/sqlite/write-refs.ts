/** Writing refs: what a change set expects of them, their new values, and the trace of every move. */
import { StoreConflict } from "../errors.ts";
import type { RefKind, RefMove, RefValue } from "../records.ts";
import { commitOf } from "./known-states.ts";
import type { Writing } from "./publish.ts";
import { REF_KINDS, sameRefValue } from "./ref-rows.ts";
import { requirePlace } from "./write-commits.ts";

/** A ref as the transaction found it, and the value it will have. */
interface WrittenRef {
  readonly kind: RefKind;
  readonly name: string;
  /** null: there has never been a ref of that name. */
  id: number | null;
  value: RefValue | null;
}
export type RefStates = Map<string, WrittenRef>;

/** Hidden moves count up from here, below the visible ones of the same operation. */
const HIDDEN_FROM = -1_000_000_000;

/** Compares expectations and the `before` of every move with what is there; gives the refs it read. */
export function checkRefs(writing: Writing): RefStates {
  const { change } = writing;
  const states: RefStates = new Map();
  for (const { kind, name, value } of change.expect.refs)
    expectValue(readState(writing, states, kind, name), value);
  for (const { kind, name, before, after } of change.refMoves) {
    const state = readState(writing, states, kind, name);
    expectValue(state, before);
    state.value = after;
  }
  return states;
}

function expectValue({ kind, name, value }: WrittenRef, expected: RefValue | null): void {
  if (!sameRefValue(value, expected))
    throw new StoreConflict({ what: "ref", kind, name, expected, actual: value });
}

function readState(
  { database, tract, places }: Writing,
  states: RefStates,
  kind: RefKind,
  name: string,
): WrittenRef {
  const key = `${kind} ${name}`;
  let state = states.get(key);
  if (state !== undefined) return state;
  const known = database.known.ref(tract.id, kind, name);
  state = { kind, name, id: known?.id ?? null, value: known?.value ?? null };
  states.set(key, state);
  // The commit that a branch points to is mostly the parent of the next one: its place needs no second look.
  const commit = commitOf(state.value);
  if (known?.place && commit !== null) places.set(commit, { ...known.place, isNew: false });
  return state;
}

/** Once the change is committed. */
export function noteRefs({ database, places, tract }: Writing, states: RefStates): void {
  for (const { kind, name, id, value } of states.values()) {
    const commit = commitOf(value);
    const place = commit === null ? null : (places.get(commit) ?? null);
    if (id !== null) database.known.noteRef(tract.id, kind, name, { id, value, place });
  }
}

/** Gives the ids of the refs moved, in the order of the moves. */
export function writeRefMoves(writing: Writing, states: RefStates): readonly number[] {
  const { ensureWorktree, operation, refMoves } = writing.change;
  if (ensureWorktree !== null) {
    const { name, branch } = ensureWorktree;
    const state = readState(writing, states, "worktree", name);
    if (state.value === null) {
      state.value = { branch };
      writeHiddenMove(writing, state, null);
    }
  }
  return refMoves.map((move, position) => {
    const state = readState(writing, states, move.kind, move.name);
    const refId = setRef(writing, state);
    if (operation === null) writeHiddenMove(writing, state, move.before);
    else writeMove(writing, refId, position, move);
    return refId;
  });
}

/** Changes the row of the ref; gives its id. */
function setRef(writing: Writing, state: WrittenRef): number {
  const { database, tract, time } = writing;
  const [isSet, commit, branch, note] = valueColumns(writing, state.value);
  if (state.id !== null) {
    database
      .sql("UPDATE refs SET is_set = ?, commit_id = ?, branch = ?, note = ?, updated_at = ? WHERE id = +?")
      .run(isSet, commit, branch, note, time, state.id);
    return state.id;
  }
  const { lastInsertRowid } = database
    .sql(
      "INSERT INTO refs (tract_id, kind, name, is_set, commit_id, branch, note, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .run(tract.id, REF_KINDS.indexOf(state.kind), state.name, isSet, commit, branch, note, time);
  state.id = Number(lastInsertRowid);
  return state.id;
}

function writeHiddenMove(writing: Writing, state: WrittenRef, before: RefValue | null): void {
  const { database, tract } = writing;
  const refId = setRef(writing, state);
  const newest = database
    .sql<[number | null]>(
      "SELECT max(position) FROM ref_moves WHERE ref_id = +? AND operation_sequence = +? AND position < 0",
    )
    .get(refId, tract.operationSequence + 1)?.[0];
  const move = { kind: state.kind, name: state.name, before, after: state.value };
  writeMove(writing, refId, (newest ?? HIDDEN_FROM) + 1, move);
}

function writeMove(writing: Writing, refId: number, position: number, { before, after }: RefMove): void {
  const { database, tract } = writing;
  database
    .sql(
      `INSERT INTO ref_moves (ref_id, operation_sequence, position, before_set, before_commit, before_branch, before_note,
         after_set, after_commit, after_branch, after_note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      refId,
      tract.operationSequence + 1,
      position,
      ...valueColumns(writing, before),
      ...valueColumns(writing, after),
    );
}

function valueColumns(
  writing: Writing,
  value: RefValue | null,
): [isSet: number, commit: number | null, branch: string | null, note: string | null] {
  if (value === null) return [0, null, null, null];
  if ("branch" in value) return [1, null, value.branch, null];
  return [1, value.commit === null ? null : requirePlace(writing, value.commit).id, null, value.note ?? null];
}
