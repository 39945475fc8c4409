/** Where tracts and refs stand, remembered for as long as no other connection has written: every write starts by asking. */
import type { Encoding, Hash, RefKind, RefValue } from "../records.ts";
import type { Connection } from "./connection.ts";
import type { Place } from "./reach.ts";
import { REF_KINDS, type RefValueRow, toRefValue } from "./ref-rows.ts";

/** The row of a tract. */
export interface TractState {
  readonly id: number;
  readonly name: string;
  readonly encoding: Encoding;
  readonly createdAt: number;
  readonly annotationSequence: number;
  readonly operationSequence: number;
  readonly ledgerSequence: number;
  readonly ledgerHead: string;
  /** The latest time of its operations and of its ledger, and how far times ever ran backwards (time-bracket.ts). */
  readonly operationTime: number;
  readonly operationSkew: number;
  readonly ledgerTime: number;
  readonly ledgerSkew: number;
}

/** The row of a ref, and where the commit stands that it points to. */
export interface RefState {
  readonly id: number;
  readonly value: RefValue | null;
  readonly place: Place | null;
}

const TRACTS_MAX = 100;
const REFS_MAX = 1000;

/**
 * SQLite's data_version changes with every commit of another connection, in any process, and not with our own: those are noted here. It
 * costs a tenth of reading the rows. Whoever changes these rows other than by publishing must `forget`.
 */
export class KnownStates {
  readonly #connection: Connection;
  readonly #tracts = new Map<string, TractState>();
  readonly #refs = new Map<string, RefState | null>();
  #version: number | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Drops what may be outdated. Inside a transaction the rest holds until its end, else for this instant. */
  refresh(): void {
    const version = this.#connection.sql<[number]>("PRAGMA data_version").get()?.[0] ?? null;
    if (version === this.#version) return;
    this.forget();
    this.#version = version;
  }

  forget(): void {
    this.#tracts.clear();
    this.#refs.clear();
    this.#version = null;
  }

  rememberedTract(name: string): TractState | undefined {
    return this.#tracts.get(name);
  }

  rememberedRef(tractId: number, kind: RefKind, name: string): RefState | null | undefined {
    return this.#refs.get(refKey(tractId, kind, name));
  }

  /** Inside a transaction: from memory, else from the row; null when there is no tract of that name. */
  tract(name: string): TractState | null {
    const known = this.#tracts.get(name);
    if (known !== undefined) return known;
    const state = readTractState(this.#connection, name);
    if (state !== null) this.noteTract(state);
    return state;
  }

  /** Likewise; null when there has never been a ref of that name. */
  ref(tractId: number, kind: RefKind, name: string): RefState | null {
    const known = this.#refs.get(refKey(tractId, kind, name));
    if (known !== undefined) return known;
    const state = readRefState(this.#connection, tractId, kind, name);
    this.noteRef(tractId, kind, name, state);
    return state;
  }

  noteTract(state: TractState): void {
    if (this.#tracts.size >= TRACTS_MAX) this.#tracts.clear();
    this.#tracts.set(state.name, state);
  }

  noteRef(tractId: number, kind: RefKind, name: string, state: RefState | null): void {
    if (this.#refs.size >= REFS_MAX) this.#refs.clear();
    this.#refs.set(refKey(tractId, kind, name), state);
  }
}

function refKey(tractId: number, kind: RefKind, name: string): string {
  return `${tractId} ${kind} ${name}`;
}

type TractRow = [
  id: number,
  encoding: Encoding,
  createdAt: number,
  annotations: number,
  operations: number,
  ledger: number,
  head: string,
  operationTime: number,
  operationSkew: number,
  ledgerTime: number,
  ledgerSkew: number,
];

function readTractState(connection: Connection, name: string): TractState | null {
  const row = connection
    .sql<TractRow>(
      `SELECT id, encoding, created_at, annotation_sequence, operation_sequence, ledger_sequence, lower(hex(ledger_head)),
         operation_time, operation_skew, ledger_time, ledger_skew FROM tracts WHERE name = +?`,
    )
    .get(name);
  return row === undefined
    ? null
    : {
        id: row[0],
        name,
        encoding: row[1],
        createdAt: row[2],
        annotationSequence: row[3],
        operationSequence: row[4],
        ledgerSequence: row[5],
        ledgerHead: row[6],
        operationTime: row[7],
        operationSkew: row[8],
        ledgerTime: row[9],
        ledgerSkew: row[10],
      };
}

type RefRow = [
  id: number,
  ...value: RefValueRow,
  commitId: number | null,
  lineage: number,
  generation: number,
];

function readRefState(connection: Connection, tractId: number, kind: RefKind, name: string): RefState | null {
  const row = connection
    .sql<RefRow>(
      `SELECT r.id, r.is_set, lower(hex(c.hash)), r.branch, r.note, c.id, c.lineage_id, c.generation
       FROM refs r LEFT JOIN commits c ON c.id = r.commit_id WHERE r.tract_id = +? AND r.kind = +? AND r.name = +?`,
    )
    .get(tractId, REF_KINDS.indexOf(kind), name);
  return row === undefined
    ? null
    : {
        id: row[0],
        value: toRefValue(row[1], row[2], row[3], row[4]),
        place: row[5] === null ? null : { id: row[5], lineage: row[6], generation: row[7] },
      };
}

/** The hash that a ref's value holds, if it points to a commit. */
export function commitOf(value: RefValue | null): Hash | null {
  return value !== null && "commit" in value ? value.commit : null;
}
