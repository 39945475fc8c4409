/** Words that repeat on every row: each is stored once and has an id; ids and words are remembered in memory. */
import type { Author, AuthorKind, JsonObject, Priority, Role } from "../records.ts";
import type { Connection } from "./connection.ts";

/** Ids of the two names that come with the schema: those of an ordinary commit, which indexes leave out (migrations/0001-initial.ts). */
export const EVERYDAY_OPERATION = 1;
export const EVERYDAY_ENTRY = 2;
/** Remembered per kind; beyond that the memory starts anew. */
const REMEMBERED_MAX = 20_000;
/** Texts kept in mind to see whether they repeat. */
const MET_MAX = 100;

export interface ContentKind {
  readonly type: string;
  readonly role: Role | null;
  readonly priority: Priority;
}
export interface OperationKind {
  readonly worktree: string;
  readonly type: string;
}
export interface LedgerKind {
  readonly eventType: string;
  readonly decision: string;
}

/** The names of one kind: `write` and `parse` turn a value into its identity text and back. */
export class InternTable<Value> {
  readonly #connection: Connection;
  readonly #kind: string;
  readonly #write: (value: Value) => string;
  readonly #parse: (identity: string) => Value;
  readonly #ids = new Map<string, number>();
  readonly #values = new Map<number, Value>();
  readonly #met = new Set<string>();
  #last: Value | null = null;
  #lastId: number | null = null;

  constructor(
    connection: Connection,
    kind: string,
    codec: { readonly write: (value: Value) => string; readonly parse: (identity: string) => Value },
  ) {
    this.#connection = connection;
    this.#kind = kind;
    this.#write = codec.write;
    this.#parse = codec.parse;
  }

  /** Inside a write transaction: the id of a value, made if it is new. */
  idOf(value: Value): number {
    // One author writes many commits, mostly as the same object.
    if (value === this.#last && this.#lastId !== null) return this.#lastId;
    const id = this.#idOf(this.#write(value));
    this.#last = value;
    this.#lastId = id;
    return id;
  }

  #idOf(identity: string): number {
    let id = this.#ids.get(identity);
    if (id !== undefined) return id;
    id =
      this.#connection
        .sql<[number]>("SELECT id FROM names WHERE kind = +? AND identity = +?")
        .get(this.#kind, identity)?.[0] ??
      Number(
        this.#connection.sql("INSERT INTO names (kind, identity) VALUES (?, ?)").run(this.#kind, identity)
          .lastInsertRowid,
      );
    if (this.#ids.size >= REMEMBERED_MAX) this.#ids.clear();
    this.#ids.set(identity, id);
    return id;
  }

  /** Like idOf for a value that was met before, else null: for texts of which only those that repeat should be stored once. */
  idOfRepeated(value: Value): number | null {
    const identity = this.#write(value);
    if (this.#ids.has(identity) || this.#met.has(identity)) return this.idOf(value);
    if (this.#met.size >= MET_MAX) this.#met.clear();
    this.#met.add(identity);
    return null;
  }

  /** The value of an id; undefined when its row is missing, which only damage can bring about. */
  find(id: number): Value | undefined {
    let value = this.#values.get(id);
    if (value !== undefined) return value;
    const row = this.#connection.sql<[string]>("SELECT identity FROM names WHERE id = +?").get(id);
    if (row === undefined) return undefined;
    value = this.#parse(row[0]);
    if (this.#values.size >= REMEMBERED_MAX) this.#values.clear();
    this.#values.set(id, value);
    return value;
  }

  /** After a rollback: ids given out in that transaction are not true. */
  forgetIds(): void {
    this.#ids.clear();
    this.#lastId = null;
  }
}

export interface Interned {
  readonly authors: InternTable<Author>;
  readonly branches: InternTable<string>;
  readonly contentKinds: InternTable<ContentKind>;
  readonly operationKinds: InternTable<OperationKind>;
  readonly ledgerKinds: InternTable<LedgerKind>;
  readonly provenances: InternTable<JsonObject>;
  readonly reasons: InternTable<string>;
}

export function internTables(connection: Connection): Interned {
  return {
    authors: new InternTable<Author>(connection, "author", {
      write: ({ kind, name, session_id }) => JSON.stringify([kind, name, session_id]),
      parse: (identity) => {
        const [kind, name, session_id] = JSON.parse(identity) as [AuthorKind, string | null, string | null];
        return Object.freeze({ kind, name, session_id });
      },
    }),
    branches: new InternTable<string>(connection, "branch", {
      write: (name) => name,
      parse: (name) => name,
    }),
    contentKinds: new InternTable<ContentKind>(connection, "content", {
      write: ({ type, role, priority }) => JSON.stringify([type, role, priority]),
      parse: (identity) => {
        const [type, role, priority] = JSON.parse(identity) as [string, Role | null, Priority];
        return { type, role, priority };
      },
    }),
    operationKinds: new InternTable<OperationKind>(connection, "operation", {
      write: ({ worktree, type }) => JSON.stringify([worktree, type]),
      parse: (identity) => {
        const [worktree, type] = JSON.parse(identity) as [string, string];
        return { worktree, type };
      },
    }),
    ledgerKinds: new InternTable<LedgerKind>(connection, "ledger", {
      write: ({ eventType, decision }) => JSON.stringify([eventType, decision]),
      parse: (identity) => {
        const [eventType, decision] = JSON.parse(identity) as [string, string];
        return { eventType, decision };
      },
    }),
    provenances: new InternTable<JsonObject>(connection, "provenance", {
      write: (provenance) => JSON.stringify(provenance),
      parse: (identity) => JSON.parse(identity) as JsonObject,
    }),
    reasons: new InternTable<string>(connection, "reason", {
      write: (reason) => reason,
      parse: (reason) => reason,
    }),
  };
}

export function forgetInternedIds(interned: Interned): void {
  for (const table of Object.values(interned) as InternTable<unknown>[]) table.forgetIds();
}
