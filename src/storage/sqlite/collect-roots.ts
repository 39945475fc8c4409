/** What gc starts from: keeps what refs, plans, compile records and operations name, each in one short read. */
import type { Hash } from "../records.ts";
import { keyOf, sequenceOf, splitHashes, unpackPayload } from "./codec.ts";
import { type Collection, hashesIn, keep } from "./collect-state.ts";
import type { SqlValue } from "./connection.ts";
import type { Database } from "./database.ts";

// Each function gives how many commits it has added to what is kept.
type Places = readonly (readonly [lineage: number, generation: number])[];

/** Of every kind. */
export function keepRefs(database: Database, collection: Collection): number {
  return keepPlaces(
    database,
    collection,
    database
      .sql<[number, number]>(
        `SELECT c.lineage_id, c.generation FROM refs r JOIN commits c ON c.id = r.commit_id WHERE r.tract_id = +? AND r.is_set = 1`,
      )
      .all(collection.tractId),
  );
}

/** Heads of pending plans, and every hash in them that is a commit. */
export function keepPlans(database: Database, collection: Collection): number {
  const hashes = database
    .sql<[Hash, string | Uint8Array]>(
      "SELECT lower(hex(head)), body FROM plans WHERE tract_id = +? AND state = 0",
    )
    .all(collection.tractId)
    .flatMap(([head, body]) => [head, ...hashesIn(unpackPayload(body))]);
  return keepHashes(database, collection, hashes);
}

/** Heads of compile records between two keys, the first exclusive. */
export function keepRecords(database: Database, collection: Collection, after: number, to: number): number {
  const places = database
    .sql<[number, number]>(
      `SELECT c.lineage_id, max(c.generation)
       FROM (SELECT DISTINCT head FROM compile_records WHERE key > +? AND key <= +? AND head IS NOT NULL) r
         CROSS JOIN commits c ON c.tract_id = +? AND c.hash = r.head
       GROUP BY c.lineage_id`,
    )
    .all(after, to, collection.tractId);
  return keepPlaces(database, collection, places);
}

/** Operations with what they name. */
type NamingRow = [
  key: number,
  tractId: number,
  results: string,
  sources: string,
  movedRef: number | null,
  movedRefs: string | null,
];

/** `where` is about `o`, a row of operations; in the order of keys. */
export function readNaming(
  database: Database,
  where: string,
  ...values: readonly SqlValue[]
): readonly NamingRow[] {
  return database
    .sql<NamingRow>(
      `SELECT o.key, o.tract_id, lower(hex(o.results)), lower(hex(o.sources)), o.moved_ref, o.moved_refs
       FROM operations o WHERE ${where} ORDER BY o.key LIMIT ${OPERATIONS_AT_ONCE}`,
    )
    .all(...values);
}

export const OPERATIONS_AT_ONCE = 500;

/** What an operation made and used; of another tract only what it used, which may be from here. */
export function keepNamed(database: Database, collection: Collection, row: NamingRow): number {
  const [, tractId, results, sources] = row;
  const own = tractId === collection.tractId ? splitHashes(results) : [];
  return keepHashes(database, collection, [...own, ...splitHashes(sources)]);
}

/** Where refs stood before and after an operation. */
export function keepMoved(database: Database, collection: Collection, row: NamingRow): number {
  const [key, tractId, , , movedRef, movedRefs] = row;
  if (tractId !== collection.tractId) return 0;
  const refIds = movedRef !== null ? [movedRef] : ((JSON.parse(movedRefs ?? "[]") as number[]) ?? []);
  const ends = database.sql<[number, number]>(
    `SELECT c.lineage_id, c.generation FROM ref_moves m JOIN commits c ON c.id = m.before_commit OR c.id = m.after_commit
     WHERE m.ref_id = +? AND m.operation_sequence = +?`,
  );
  return refIds.reduce(
    (sum, refId) => sum + keepPlaces(database, collection, ends.all(refId, sequenceOf(key))),
    0,
  );
}

/** Ids of the kinds of operations that have one of these types. */
export function operationKinds(database: Database, types: readonly string[]): readonly number[] {
  return database
    .sql<[number]>(
      "SELECT id FROM names WHERE kind = 'operation' AND identity ->> 1 IN (SELECT value FROM json_each(?))",
    )
    .all(JSON.stringify(types))
    .map(([id]) => id);
}

/** What plain operations in a range of keys used, or named as made although it was there. */
export function keepUsed(
  database: Database,
  collection: Collection,
  range: { readonly above: number; readonly below: number },
): number {
  const places = database
    .sql<[number, number]>(
      `SELECT c.lineage_id, max(c.generation) FROM operation_uses u JOIN operations o ON o.key = u.operation_key
         CROSS JOIN commits c ON c.tract_id = +? AND c.hash = u.hash
       WHERE u.operation_key > +? AND u.operation_key < +? AND o.created_at >= +? GROUP BY c.lineage_id`,
    )
    .all(collection.tractId, range.above, range.below, collection.rule.operationsSince);
  return keepPlaces(database, collection, places);
}

/** What the ends of lineages tell: along one of them times and operations only rise. */
export interface Tips {
  readonly recent: number;
  readonly made: number;
  /** The last lineage looked at; null at the end. */
  readonly next: number | null;
}

/** Keeps young commits and what young operations made. `above`: sequence of the last operation that is surely too old. */
export function keepTips(
  database: Database,
  collection: Collection,
  { after, above }: { readonly after: number; readonly above: number },
): Tips {
  const { rule, tractId } = collection;
  const rows = readTips(database, tractId, after);
  let [recent, made] = [0, 0];
  for (const { lineage, generation, createdAt, operation } of rows) {
    const to = operation <= above ? null : lastMade(database, collection, lineage, above);
    if (to !== null) made += keep(database, collection, { lineage, generation: to });
    if (createdAt >= rule.commitsSince) recent += keep(database, collection, { lineage, generation });
  }
  return { recent, made, next: rows.length < LINEAGES_AT_ONCE ? null : (rows.at(-1)?.lineage ?? null) };
}

const LINEAGES_AT_ONCE = 2_000;

export interface Tip {
  readonly lineage: number;
  readonly start: number;
  readonly generation: number;
  readonly createdAt: number;
  /** Sequence of the operation that made it. */
  readonly operation: number;
}

/** The last commits of lineages, in the order of lineages; those without commits are left out. */
export function readTips(database: Database, tractId: number, after: number): readonly Tip[] {
  return database
    .sql<[number, number, number, number, number]>(
      `SELECT l.id, l.start, c.generation, c.created_at, c.operation_sequence FROM lineages l
         JOIN commits c ON c.lineage_id = l.id AND c.generation = (SELECT max(generation) FROM commits WHERE lineage_id = l.id)
       WHERE l.id > +? AND l.tract_id = +? ORDER BY l.id LIMIT ${LINEAGES_AT_ONCE}`,
    )
    .all(after, tractId)
    .map(([lineage, start, generation, createdAt, operation]) => ({
      lineage,
      start,
      generation,
      createdAt,
      operation,
    }));
}

/** The newest commit of a lineage that a young operation made; mostly the very last one. */
function lastMade(
  database: Database,
  { rule, tractId }: Collection,
  lineage: number,
  above: number,
): number | null {
  return (
    database
      .sql<[number]>(
        `SELECT c.generation FROM commits c JOIN operations o ON o.key = +? + c.operation_sequence
         WHERE c.lineage_id = +? AND c.operation_sequence > +? AND o.created_at >= +? ORDER BY c.generation DESC LIMIT 1`,
      )
      .get(keyOf(tractId, 0), lineage, above, rule.operationsSince)?.[0] ?? null
  );
}

const HASHES_AT_ONCE = 5_000;

/** Those that are no commits of the tract are passed over. */
export function keepHashes(database: Database, collection: Collection, hashes: readonly Hash[]): number {
  const statement = database.sql<[number, number]>(
    `SELECT c.lineage_id, max(c.generation) FROM json_each(?) j CROSS JOIN commits c ON c.tract_id = +? AND c.hash = unhex(j.value)
     GROUP BY c.lineage_id`,
  );
  let added = 0;
  for (let start = 0; start < hashes.length; start += HASHES_AT_ONCE) {
    const part = JSON.stringify(hashes.slice(start, start + HASHES_AT_ONCE));
    added += keepPlaces(database, collection, statement.all(part, collection.tractId));
  }
  return added;
}

function keepPlaces(database: Database, collection: Collection, places: Places): number {
  return places.reduce(
    (sum, [lineage, generation]) => sum + keep(database, collection, { lineage, generation }),
    0,
  );
}
