/** Reading tracts and refs, and the snapshot that every write plans on. */
import type { CommitRecord, Encoding, RefKind, RefRecord, RefValue, TractRecord } from "../records.ts";
import type { Snapshot } from "../store.ts";
import { toIso } from "./codec.ts";
import { hashById } from "./collect-reads.ts";
import { readCommitById } from "./commit-rows.ts";
import { type Database, findTractId, inReadTransaction, rememberCommit } from "./database.ts";
import type { RefState, TractState } from "./known-states.ts";
import { REF_KINDS, type RefValueRow, toRefValue } from "./ref-rows.ts";

const TRACT_COLUMNS =
  "t.id, t.name, t.encoding, t.created_at, t.annotation_sequence, t.operation_sequence, t.ledger_sequence, lower(hex(t.ledger_head))";
type TractRow = [
  id: number,
  name: string,
  encoding: Encoding,
  createdAt: number,
  annotations: number,
  operations: number,
  ledger: number,
  head: string,
];

function toTract(row: TractRow): TractRecord {
  return {
    id: row[0],
    name: row[1],
    encoding: row[2],
    createdAt: toIso(row[3]),
    annotationSequence: row[4],
    operationSequence: row[5],
    ledgerSequence: row[6],
    ledgerHead: row[7],
  };
}

export function findTract(database: Database, name: string): TractRecord | null {
  const row = database.sql<TractRow>(`SELECT ${TRACT_COLUMNS} FROM tracts t WHERE t.name = +?`).get(name);
  return row === undefined ? null : toTract(row);
}

export function listTracts(database: Database): readonly TractRecord[] {
  return database.sql<TractRow>(`SELECT ${TRACT_COLUMNS} FROM tracts t ORDER BY t.name`).all().map(toTract);
}

interface SnapshotQuery {
  readonly worktree: string;
  readonly branch: string | null;
  readonly defaultBranch: string;
}

/** On the path of every commit: mostly it is answered from memory, after a look whether anything has changed. */
export function readSnapshot(database: Database, tract: string, at: SnapshotQuery): Snapshot {
  const { known } = database;
  known.refresh();
  const state = known.rememberedTract(tract);
  const remembered = state && snapshotOf(database, state, at, known.rememberedRef.bind(known));
  return (
    remembered ??
    inReadTransaction(database, () => {
      known.refresh();
      const read = known.tract(tract);
      return (
        (read && snapshotOf(database, read, at, known.ref.bind(known))) ?? {
          tract: null,
          worktree: null,
          branch: at.branch ?? at.defaultBranch,
          branchExists: false,
          head: null,
        }
      );
    })
  );
}

/** undefined when a ref is needed that `refOf` does not know. */
function snapshotOf(
  database: Database,
  tract: TractState,
  at: SnapshotQuery,
  refOf: (tractId: number, kind: RefKind, name: string) => RefState | null | undefined,
): Snapshot | undefined {
  const worktreeRef = refOf(tract.id, "worktree", at.worktree);
  if (worktreeRef === undefined) return undefined;
  const worktree = worktreeRef?.value ?? null;
  const onBranch = worktree === null ? at.defaultBranch : "branch" in worktree ? worktree.branch : null;
  const branch = at.branch ?? onBranch;
  const branchRef = branch === null ? null : refOf(tract.id, "branch", branch);
  if (branchRef === undefined) return undefined;
  const place = (branch === null ? worktreeRef : branchRef)?.place ?? null;
  return {
    tract: recordOf(tract),
    worktree,
    branch,
    branchExists: (branchRef?.value ?? null) !== null,
    head: place === null ? null : readHead(database, place.id),
  };
}

function recordOf(state: TractState): TractRecord {
  const { id, name, encoding, createdAt, annotationSequence, operationSequence, ledgerSequence, ledgerHead } =
    state;
  return {
    id,
    name,
    encoding,
    createdAt: toIso(createdAt),
    annotationSequence,
    operationSequence,
    ledgerSequence,
    ledgerHead,
  };
}

/** Commits never change, so the tips met lately are kept. */
function readHead(database: Database, id: number): CommitRecord | null {
  const known = database.recentCommits.get(id);
  if (known !== undefined) return known;
  const commit = readCommitById(database, id);
  if (commit !== null) rememberCommit(database, id, commit);
  return commit;
}

type RefRow = [kind: number, name: string, ...RefValueRow, updatedAt: number];
const REFS = `SELECT r.kind, r.name, r.is_set, lower(hex(c.hash)), r.branch, r.note, r.updated_at
  FROM refs r LEFT JOIN commits c ON c.id = r.commit_id WHERE r.is_set = 1 AND r.tract_id = +? AND r.kind = +?`;

function toRef(row: RefRow, kind: RefKind): RefRecord | null {
  const value = toRefValue(row[2], row[3], row[4], row[5]);
  return value === null ? null : { kind, name: row[1], value, updatedAt: toIso(row[6]) };
}

export function readRef(database: Database, tract: string, kind: RefKind, name: string): RefRecord | null {
  const row = database
    .sql<RefRow>(`${REFS} AND r.name = +?`)
    .get(findTractId(database, tract), REF_KINDS.indexOf(kind), name);
  return row === undefined ? null : toRef(row, kind);
}

export function listRefs(database: Database, tract: string, kind: RefKind): readonly RefRecord[] {
  return database
    .sql<RefRow>(`${REFS} ORDER BY r.name`)
    .all(findTractId(database, tract), REF_KINDS.indexOf(kind))
    .flatMap((row) => toRef(row, kind) ?? []);
}

export function findRefId(database: Database, tractId: number, kind: RefKind, name: string): number | null {
  return (
    database
      .sql<[number]>("SELECT id FROM refs WHERE tract_id = +? AND kind = +? AND name = +?")
      .get(tractId, REF_KINDS.indexOf(kind), name)?.[0] ?? null
  );
}

export function readRefAsOf(
  database: Database,
  tract: string,
  kind: RefKind,
  name: string,
  operationSequence: number,
): RefValue | null {
  const tractId = findTractId(database, tract);
  const refId = tractId === null ? null : findRefId(database, tractId, kind, name);
  if (tractId === null || refId === null) return null;
  const row = database
    .sql<RefValueRow>(
      `SELECT m.after_set, ${hashById("m.after_commit")}, m.after_branch, m.after_note
       FROM ref_moves m WHERE m.ref_id = +? AND m.operation_sequence <= +? ORDER BY m.operation_sequence DESC, m.position DESC LIMIT 1`,
    )
    .get(refId, operationSequence);
  return row === undefined ? null : toRefValue(row[0], row[1], row[2], row[3]);
}
