/** Reading the operation log. */
import type { Hash, OperationRecord, RefMove } from "../records.ts";
import type { OperationQuery } from "../store.ts";
import {
  boundToMilliseconds,
  keyOf,
  operationKeyOf,
  parseObject,
  SEQUENCE_MAX,
  sequenceOf,
  splitHashes,
  toIso,
} from "./codec.ts";
import { hashById } from "./collect-reads.ts";
import type { SqlValue } from "./connection.ts";
import { type Database, findTractId } from "./database.ts";
import { EVERYDAY_OPERATION } from "./interned.ts";
import { findRefId } from "./read-refs.ts";
import { REF_KINDS, toRefValue } from "./ref-rows.ts";
import { newestOf } from "./streams.ts";
import { OPERATION_TIMES, timeBracket } from "./time-bracket.ts";
import { packUlid, ulidsFrom, unpackUlid } from "./ulid.ts";

type MoveRow = [
  kind: number,
  name: string,
  beforeSet: number,
  beforeHash: string | null,
  beforeBranch: string | null,
  beforeNote: string | null,
  afterSet: number,
  afterHash: string | null,
  afterBranch: string | null,
  afterNote: string | null,
];
/** Of ref_moves m and refs r. */
const MOVE_COLUMNS = `r.kind, r.name, m.before_set, ${hashById("m.before_commit")}, m.before_branch, m.before_note,
  m.after_set, ${hashById("m.after_commit")}, m.after_branch, m.after_note`;

type OperationRow = [
  key: number,
  id: string,
  kind: number,
  author: number,
  branch: number | null,
  annotationsFrom: number,
  annotationsCount: number,
  createdAt: number,
  undoes: number | null,
  undone: number,
  movedRef: number | null,
  movedRefs: string | null,
  params: string | null,
  results: string,
  sources: string,
  idempotencyKey: string | null,
  originalTokens: number | null,
  compressedTokens: number | null,
  ...onlyMove: MoveRow | [null],
];
/** Columns of the operation itself. */
const WIDTH = 18;
/** With the move of its ref: most operations move one. */
const OPERATION = `SELECT o.key, hex(o.id), o.kind_id, o.author_id, o.branch_id, o.annotations_from, o.annotations_count, o.created_at, o.undoes, o.undone, o.moved_ref, o.moved_refs, o.params,
  lower(hex(o.results)), lower(hex(o.sources)), o.idempotency_key, o.original_tokens, o.compressed_tokens, ${MOVE_COLUMNS}
  FROM operations o LEFT JOIN ref_moves m ON m.ref_id = o.moved_ref AND m.operation_sequence = o.key & ${SEQUENCE_MAX} AND m.position = 0
    LEFT JOIN refs r ON r.id = m.ref_id`;

export function toOperation(database: Database, row: OperationRow): OperationRecord {
  const { authors, branches, operationKinds } = database.interned;
  const kind = operationKinds.find(row[2]);
  return {
    sequence: sequenceOf(row[0]),
    id: unpackUlid(row[1]),
    type: kind?.type ?? "",
    worktree: kind?.worktree ?? "",
    author: authors.find(row[3]) ?? { kind: "user", name: null, session_id: null },
    branch: row[4] === null ? null : (branches.find(row[4]) ?? ""),
    refMoves: refMovesOf(database, row),
    annotationsFrom: row[5],
    annotationsTo: row[5] + row[6],
    sources: splitHashes(row[14]),
    results: splitHashes(row[13]),
    params: parseObject(row[12]) ?? {},
    originalTokens: row[16],
    compressedTokens: row[17],
    createdAt: toIso(row[7]),
    undoes: row[8],
    undone: row[9] === 1,
    idempotencyKey: row[15],
  };
}

function refMovesOf(database: Database, row: OperationRow): readonly RefMove[] {
  if (row[10] === null)
    return row[11] === null
      ? []
      : readRefMoves(database, sequenceOf(row[0]), JSON.parse(row[11]) as number[]);
  const move = row.slice(WIDTH) as MoveRow | [null]; // What MOVE_COLUMNS selects.
  return move[0] === null ? [] : [toMove(move as MoveRow)];
}

function readRefMoves(database: Database, sequence: number, refIds: readonly number[]): readonly RefMove[] {
  const statement = database.sql<MoveRow>(
    `SELECT ${MOVE_COLUMNS} FROM ref_moves m JOIN refs r ON r.id = m.ref_id
     WHERE m.ref_id = +? AND m.operation_sequence = +? AND m.position = +?`,
  );
  return refIds.flatMap((refId, position) => {
    const row = statement.get(refId, sequence, position);
    return row === undefined ? [] : toMove(row);
  });
}

function toMove(row: MoveRow): RefMove {
  return {
    kind: REF_KINDS[row[0]] ?? "branch",
    name: row[1],
    before: toRefValue(row[2], row[3], row[4], row[5]),
    after: toRefValue(row[6], row[7], row[8], row[9]),
  };
}

function readByKey(database: Database, key: number): OperationRecord | null {
  const row = database.sql<OperationRow>(`${OPERATION} WHERE o.key = +?`).get(key);
  return row === undefined ? null : toOperation(database, row);
}

export function readOperations(
  database: Database,
  tract: string,
  query: OperationQuery,
): readonly OperationRecord[] {
  const tractId = findTractId(database, tract);
  const source = tractId === null ? null : sourceOf(database, tractId, query);
  if (tractId === null || source === null || query.limit <= 0) return [];
  let { where } = source;
  const values = [...source.values];
  if (query.standing)
    where +=
      " AND o.undone = 0 AND o.kind_id NOT IN (SELECT id FROM names WHERE kind = 'operation' AND identity ->> 1 = 'undo')";
  if (query.commit !== undefined) {
    where += " AND o.key IN (SELECT value FROM json_each(?))";
    values.push(JSON.stringify(keysOfCommit(database, tractId, query.commit)));
  }
  if (query.originalTokensMin !== undefined) {
    // Unsorted they are found by the index all the same, not by reading the log.
    where +=
      query.sort === undefined
        ? " AND o.key IN (SELECT s.key FROM operations s WHERE s.tract_id = +? AND s.original_tokens >= +?)"
        : " AND o.tract_id = +? AND o.original_tokens >= +?";
    values.push(tractId, query.originalTokensMin);
  }
  const kinds = kindsOf(database, query);
  const keys =
    query.sort === undefined
      ? newestKeys(database, { ...source, where, values }, kinds, query.limit)
      : sortedKeys(database, { ...source, where, values }, kinds, { ...query, tractId, sort: query.sort });
  return keys.flatMap((key) => readByKey(database, key) ?? []);
}

/** Each kind comes from its own seek in an index. */
function newestKeys(
  database: Database,
  { from, where, values, order }: Source,
  kinds: readonly number[] | null,
  limit: number,
): readonly number[] {
  const newest = (kindWhere: string, ...kind: readonly number[]): readonly number[] =>
    database
      .sql<[number]>(`SELECT o.key FROM ${from} WHERE ${where}${kindWhere} ORDER BY ${order} DESC LIMIT +?`)
      .all(...values, ...kind, limit)
      .map(([key]) => key);
  const streams = kinds?.map((kind) => () => newest(kindCondition(kind), kind));
  return streams === undefined ? newest("") : newestOf(streams, limit);
}

/** As in the indexes of 0002-plans-and-tokens.ts. */
const SORT_KEYS: Readonly<Record<NonNullable<OperationQuery["sort"]>, string>> = {
  original_tokens: "o.original_tokens",
  compressed_tokens: "o.compressed_tokens",
  ratio: "o.original_tokens * 1.0 / max(o.compressed_tokens, 1)",
};

/** Operations with tokens are few among all: they come from the index of the sort, and every other condition looks at those alone. */
function sortedKeys(
  database: Database,
  { from, where, values }: Source,
  kinds: readonly number[] | null,
  { tractId, sort, offset = 0, limit }: Pick<OperationQuery, "offset" | "limit"> & SortedIn,
): readonly number[] {
  const ofKinds = kinds === null ? "" : " AND +o.kind_id IN (SELECT value FROM json_each(?))";
  return database
    .sql<[number]>(
      `SELECT o.key FROM ${from} WHERE ${where}${ofKinds}
         AND o.tract_id = +? AND o.original_tokens IS NOT NULL AND o.compressed_tokens IS NOT NULL
       ORDER BY ${SORT_KEYS[sort]} DESC, o.key DESC LIMIT +? OFFSET +?`,
    )
    .all(...values, ...(kinds === null ? [] : [JSON.stringify(kinds)]), tractId, limit, Math.max(0, offset))
    .map(([key]) => key);
}

interface SortedIn {
  readonly tractId: number;
  readonly sort: NonNullable<OperationQuery["sort"]>;
}

/** Where operations are taken from, newest first without sorting. */
interface Source {
  readonly from: string;
  readonly where: string;
  readonly values: readonly SqlValue[];
  readonly order: string;
}

/** null when the ref asked for has never been. */
function sourceOf(database: Database, tractId: number, query: OperationQuery): Source | null {
  const after = query.afterSequence ?? 0;
  if (query.ref === undefined) {
    const below =
      query.beforeSequence === undefined ? keyOf(tractId + 1, 0) : keyOf(tractId, query.beforeSequence);
    const values = [keyOf(tractId, after), below];
    return { from: "operations o", where: "o.key > +? AND o.key < +?", values, order: "o.key" };
  }
  const refId = findRefId(database, tractId, query.ref.kind, query.ref.name);
  if (refId === null) return null;
  const before = query.beforeSequence ?? SEQUENCE_MAX;
  return {
    from: "ref_moves m CROSS JOIN operations o ON o.key = m.operation_sequence + +?",
    // An operation that moved the ref twice counts once.
    where: `m.ref_id = +? AND m.operation_sequence > +? AND m.operation_sequence < +? AND m.position >= 0
      AND NOT EXISTS (SELECT 1 FROM ref_moves f WHERE f.ref_id = m.ref_id AND f.operation_sequence = m.operation_sequence
        AND f.position >= 0 AND f.position < m.position)`,
    values: [keyOf(tractId, 0), refId, after, before],
    order: "m.operation_sequence",
  };
}

/** The index on kinds leaves the everyday one out, which a scan finds soon enough. */
function kindCondition(kind: number): string {
  return kind === EVERYDAY_OPERATION
    ? " AND +o.kind_id = +?"
    : ` AND o.kind_id = +? AND o.kind_id <> ${EVERYDAY_OPERATION}`;
}

/** Kinds of the worktree or type asked for; null when neither is. */
function kindsOf(database: Database, { worktree, type }: OperationQuery): readonly number[] | null {
  if (worktree === undefined && type === undefined) return null;
  return database
    .sql<[number, string, string]>(
      "SELECT id, identity ->> 0, identity ->> 1 FROM names WHERE kind = 'operation'",
    )
    .all()
    .filter(
      ([, ofWorktree, ofType]) => (worktree ?? ofWorktree) === ofWorktree && (type ?? ofType) === ofType,
    )
    .map(([id]) => id);
}

/** Keys of the operations that made or used a commit. */
export function keysOfCommit(database: Database, tractId: number, commit: Hash): readonly number[] {
  return database
    .sql<[number]>(
      `SELECT ${operationKeyOf("c")} FROM commits c WHERE c.tract_id = +? AND c.hash = unhex(?)
       UNION SELECT operation_key FROM operation_uses WHERE hash = unhex(?) AND operation_key > +? AND operation_key < +?`,
    )
    .all(tractId, commit, commit, keyOf(tractId, 0), keyOf(tractId + 1, 0))
    .map(([key]) => key);
}

const ID_PREFIX_MIN = 8;

export function findOperation(database: Database, tract: string, id: string): OperationRecord | null {
  const tractId = findTractId(database, tract);
  if (tractId === null) return null;
  const exact = findOperationKey(database, tractId, id);
  if (exact !== null) return readByKey(database, exact);
  const range = id.length < ID_PREFIX_MIN ? null : ulidsFrom(id);
  if (range === null) return null;
  const [only, other] = database
    .sql<[number]>("SELECT key FROM operations WHERE tract_id = +? AND id >= +? AND id <= +? LIMIT 2")
    .all(tractId, ...range);
  return only === undefined || other !== undefined ? null : readByKey(database, only[0]);
}

export function findOperationKey(database: Database, tractId: number, id: string): number | null {
  const packed = packUlid(id);
  if (packed === null) return null;
  return (
    database
      .sql<[number]>("SELECT key FROM operations WHERE tract_id = +? AND id = +?")
      .get(tractId, packed)?.[0] ?? null
  );
}

export function findOperationByKey(
  database: Database,
  tract: string,
  idempotencyKey: string,
): OperationRecord | null {
  const row = database
    .sql<[number]>("SELECT key FROM operations WHERE tract_id = +? AND idempotency_key = +?")
    .get(findTractId(database, tract), idempotencyKey);
  return row === undefined ? null : readByKey(database, row[0]);
}

export function findOperationAt(database: Database, tract: string, time: string): OperationRecord | null {
  const tractId = findTractId(database, tract);
  if (tractId === null) return null;
  const until = boundToMilliseconds(time);
  const { above, below } = timeBracket(database, tractId, OPERATION_TIMES, { since: null, until });
  const row = database
    .sql<[number]>(
      "SELECT key FROM operations WHERE key > +? AND key < +? AND +created_at <= +? ORDER BY key DESC LIMIT 1",
    )
    .get(above, below, until);
  return row === undefined ? null : readByKey(database, row[0]);
}

export function scanOperations(
  database: Database,
  tract: string,
  after: number,
  limit: number,
): { readonly rows: readonly OperationRecord[]; readonly next: number } {
  const tractId = findTractId(database, tract);
  if (tractId === null) return { rows: [], next: after };
  const rows = database
    .sql<OperationRow>(`${OPERATION} WHERE o.key > +? AND o.key < +? ORDER BY o.key LIMIT +?`)
    .all(keyOf(tractId, after), keyOf(tractId + 1, 0), limit)
    .map((row) => toOperation(database, row));
  return { rows, next: rows.at(-1)?.sequence ?? after };
}
