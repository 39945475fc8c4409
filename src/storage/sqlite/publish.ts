/** Publishing: one IMMEDIATE transaction that checks every expectation of a change set, then writes it and seals its ledger entries. */
import type { ChangeSet, PublishReceipt } from "../change-set.ts";
import { StoreConflict } from "../errors.ts";
import type { Encoding, Hash } from "../records.ts";
import { TRACT_ID_MAX, toMilliseconds } from "./codec.ts";
import { type Database, rememberCommit, rollback } from "./database.ts";
import { forgetInternedIds } from "./interned.ts";
import type { TractState } from "./known-states.ts";
import { type PackedPlan, packPlans, writePlans } from "./plans.ts";
import { unpackUlid } from "./ulid.ts";
import { writeUsages } from "./usages.ts";
import { type CommitPlaces, newTips, writeCommits } from "./write-commits.ts";
import { type ContentPlace, type PackedContent, packContents, writeContents } from "./write-contents.ts";
import { writeLedger } from "./write-ledger.ts";
import { writeOperation, writeUndoneMarks } from "./write-operation.ts";
import { checkRefs, noteRefs, writeRefMoves } from "./write-refs.ts";
import { writeAnnotations, writeCompileRecords, writeContentTypes } from "./write-rows.ts";

/** The row of a tract as the transaction found it; it moves on while this writes. */
export type WrittenTract = { -readonly [Key in keyof TractState]: TractState[Key] };

/** What the parts of one publish share. */
export interface Writing {
  readonly database: Database;
  readonly change: ChangeSet;
  readonly tract: WrittenTract;
  /** Where the commits and contents stand that this publish has met or made. */
  readonly places: CommitPlaces;
  contents: Map<Hash, ContentPlace>;
  /** Time of the change, for rows without a time of their own. */
  readonly time: number;
}

/**
 * A publish in steps. From the first step on its transaction is open; it is committed with the last, and rolled back by whatever is thrown
 * in or into it.
 */
export type PublishSteps = Generator<void, PublishReceipt, void>;

/**
 * Prepares a publish: what is costly and needs no lock is done here, once, however often the returned function has to be tried. `also` are
 * changes of other tracts in the same transaction.
 */
export function preparePublish(
  change: ChangeSet,
  also: readonly ChangeSet[],
): (database: Database) => PublishSteps {
  const names = new Set(also.map(({ tract }) => tract)).add(change.tract);
  if (names.size <= also.length) throw new Error("a publish changes each tract once");
  const own = prepare(change);
  const others = also.map(prepare);
  return function* (database) {
    database.sql("BEGIN IMMEDIATE").run();
    try {
      yield;
      const { receipt, note } = yield* write(database, own);
      const notes = [note];
      for (const other of others) notes.push((yield* write(database, other)).note);
      yield;
      database.sql("COMMIT").run();
      for (const noteOne of notes) noteOne();
      return receipt;
    } catch (error) {
      forgetInternedIds(database.interned);
      rollback(database);
      throw error;
    }
  };
}

/** A change set with its payloads packed. */
export interface Prepared {
  readonly change: ChangeSet;
  readonly contents: readonly PackedContent[];
  readonly plans: readonly PackedPlan[];
}

export function prepare(change: ChangeSet): Prepared {
  return { change, contents: packContents(change.contents), plans: packPlans(change.plans) };
}

export interface Written {
  readonly receipt: PublishReceipt;
  /** To be called once it is committed: remembers where things stand now. */
  readonly note: () => void;
}

/** Inside an IMMEDIATE transaction; in steps, of which a small change has none. */
export function* write(
  database: Database,
  { change, contents, plans }: Prepared,
): Generator<void, Written, void> {
  const tract = findTract(database, change);
  const { operation } = change;
  const time = operation === null ? tract.operationTime : toMilliseconds(operation.createdAt);
  const writing: Writing = {
    database,
    change,
    tract,
    places: new Map(),
    contents: new Map(),
    time,
  };
  checkIdempotencyKey(writing);
  const refs = checkRefs(writing);
  checkAnnotations(writing);
  checkLedger(writing);

  writing.contents = yield* writeContents(database, contents);
  yield* writeCommits(writing);
  const moved = writeRefMoves(writing, refs);
  if (operation !== null) writeOperation(writing, operation, moved);
  writeUndoneMarks(writing);
  writeAnnotations(writing);
  writeLedger(writing);
  writeCompileRecords(writing);
  writePlans(writing, plans);
  writeContentTypes(writing);
  writeUsages(writing);
  writeTract(database, tract);
  const receipt = {
    operationSequence: operation === null ? 0 : tract.operationSequence,
    annotationSequence: tract.annotationSequence,
    ledgerSequence: tract.ledgerSequence,
  };
  const tips = newTips(writing);
  const note = (): void => {
    database.known.noteTract(tract);
    noteRefs(writing, refs);
    for (const { id, commit } of tips) rememberCommit(database, id, commit);
  };
  return { receipt, note };
}

function findTract(database: Database, change: ChangeSet): WrittenTract {
  database.known.refresh();
  const state = database.known.tract(change.tract);
  if ((state !== null) === (change.createTract !== null))
    throw new StoreConflict({ what: "tract", exists: state !== null });
  if (change.createTract !== null) return createTract(database, change, change.createTract);
  if (state === null) throw new Error("unreachable: a tract that does not exist is a conflict or is made");
  return { ...state };
}

function createTract(
  database: Database,
  change: ChangeSet,
  { encoding, createdAt }: { readonly encoding: Encoding; readonly createdAt: string },
): WrittenTract {
  if (change.ledger[0]?.eventType !== "GENESIS")
    throw new Error("the ledger of a new tract must start with a GENESIS entry");
  const time = toMilliseconds(createdAt);
  const { lastInsertRowid } = database
    .sql(
      `INSERT INTO tracts (name, encoding, created_at, annotation_sequence, operation_sequence, ledger_sequence, ledger_head,
         operation_time, operation_skew, ledger_time, ledger_skew)
       VALUES (?, ?, ?, 0, 0, 0, x'', ?, 0, ?, 0)`,
    )
    .run(change.tract, encoding, time, time, time);
  const id = Number(lastInsertRowid);
  if (id > TRACT_ID_MAX) throw new Error(`a store holds at most ${TRACT_ID_MAX} tracts`);
  return {
    id,
    name: change.tract,
    encoding,
    createdAt: time,
    annotationSequence: 0,
    operationSequence: 0,
    ledgerSequence: 0,
    ledgerHead: "",
    operationTime: time,
    operationSkew: 0,
    ledgerTime: time,
    ledgerSkew: 0,
  };
}

/** Checked before the refs: who retries with a key wants the first result, even when the branch has moved since. */
function checkIdempotencyKey({ database, change, tract }: Writing): void {
  const key = change.operation?.idempotencyKey ?? null;
  if (key === null) return;
  const row = database
    .sql<[string]>("SELECT hex(id) FROM operations WHERE tract_id = +? AND idempotency_key = +?")
    .get(tract.id, key);
  if (row !== undefined)
    throw new StoreConflict({ what: "idempotency-key", operationId: unpackUlid(row[0]) });
}

function checkAnnotations({ change, tract }: Writing): void {
  const expected = change.expect.annotationSequence;
  if (expected !== null && expected !== tract.annotationSequence)
    throw new StoreConflict({ what: "annotations", expected, actual: tract.annotationSequence });
}

function checkLedger({ change, tract }: Writing): void {
  const expected = change.expect.ledgerSequence;
  if (expected !== undefined && expected !== tract.ledgerSequence)
    throw new StoreConflict({ what: "ledger", expected, actual: tract.ledgerSequence });
}

function writeTract(database: Database, tract: TractState): void {
  database
    .sql(
      `UPDATE tracts SET annotation_sequence = ?, operation_sequence = ?, ledger_sequence = ?, ledger_head = unhex(?),
         operation_time = ?, operation_skew = ?, ledger_time = ?, ledger_skew = ? WHERE id = +?`,
    )
    .run(
      tract.annotationSequence,
      tract.operationSequence,
      tract.ledgerSequence,
      tract.ledgerHead,
      tract.operationTime,
      tract.operationSkew,
      tract.ledgerTime,
      tract.ledgerSkew,
      tract.id,
    );
}
