/** Removes what gc found, a small transaction at a time, after looking again whether something leads there by now. */
import { type ChangeSet, emptyChange } from "../change-set.ts";
import type { Garbage, Swept } from "../garbage.ts";
import type { Hash, LedgerBody } from "../records.ts";
import { keyOf } from "./codec.ts";
import { countNamed, keptSince } from "./collect-ledger.ts";
import {
  keepHashes,
  keepMoved,
  keepNamed,
  keepPlans,
  keepRecords,
  keepRefs,
  OPERATIONS_AT_ONCE,
  readNaming,
} from "./collect-roots.ts";
import { type Collection, collections, countSweeps, keep } from "./collect-state.ts";
import { forgetConfig } from "./config-values.ts";
import { type Database, rollback } from "./database.ts";
import { forgetInternedIds } from "./interned.ts";
import { prepare, write } from "./publish.ts";
import { reaches } from "./reach.ts";
import { allSteps } from "./steps.ts";

export function sweepGarbage(
  database: Database,
  garbage: Garbage,
  { limit, entry }: { readonly limit: number; readonly entry: (swept: Swept) => LedgerBody },
): Swept | "done" | "stale" {
  const collection = collections.get(garbage);
  if (collection === undefined || collection.left === 0) return "done";
  database.sql("BEGIN IMMEDIATE").run();
  try {
    if (countSweeps(database) !== collection.sweeps) {
      rollback(database);
      return "stale";
    }
    const removal: Removal = {
      commits: [],
      contents: [],
      bytes: 0,
      left: collection.left,
      unnamed: new Map(),
    };
    if (catchUp(database, collection)) removeNext(database, collection, removal, limit);
    const { commits, contents, bytes } = removal;
    const swept: Swept = { commits, contents, bytes };
    const noted = (): ChangeSet => ({ ...emptyChange(garbage.tract), ledger: [entry(swept)] });
    const written = commits.length === 0 ? null : allSteps(write(database, prepare(noted())));
    database.sql("COMMIT").run();
    written?.note();
    noteRemoval(collection, removal);
    return swept;
  } catch (error) {
    forgetInternedIds(database.interned);
    rollback(database);
    throw error;
  }
}

/** What a transaction has done so far; the collection learns of it once it is committed. */
interface Removal {
  readonly commits: Hash[];
  readonly contents: Hash[];
  bytes: number;
  left: number;
  /** By how many names fewer a content has. */
  readonly unnamed: Map<number, number>;
}

function noteRemoval(collection: Collection, { commits, left, unnamed }: Removal): void {
  collection.left = left;
  if (commits.length > 0) collection.sweeps += 1;
  for (const [content, count] of unnamed)
    collection.names[content] = (collection.names[content] ?? 0) - count;
}

/** Rows that others wrote, looked at in one transaction. */
const ROWS_AT_ONCE = 2_000;

/**
 * Keeps whatever is named by rows that came since the last look. What it reads is committed, so the collection may know it whatever becomes of
 * this transaction. False when there is more to look at: then nothing is to be removed yet.
 */
function catchUp(database: Database, collection: Collection): boolean {
  keepRefs(database, collection);
  keepPlans(database, collection);
  const { names } = collection;
  const { recordKey, operations } = collection.seen;
  const newest =
    database
      .sql<[number | null]>("SELECT max(key) FROM compile_records WHERE key > +? AND key < +?")
      .get(recordKey, keyOf(collection.tractId + 1, 0))?.[0] ?? recordKey;
  keepRecords(database, collection, Math.max(recordKey, keyOf(collection.tractId, 0)), newest);
  const seen = new Map(operations);
  let isAll = true;
  for (const [tractId, sequence] of database
    .sql<[number, number]>("SELECT id, operation_sequence FROM tracts")
    .all()) {
    const known = seen.get(tractId) ?? 0;
    if (sequence === known) continue;
    const rows = readNaming(
      database,
      "o.key > +? AND o.key <= +?",
      keyOf(tractId, known),
      keyOf(tractId, sequence),
    );
    for (const row of rows) {
      keepNamed(database, collection, row);
      keepMoved(database, collection, row);
    }
    const isWhole = rows.length < OPERATIONS_AT_ONCE;
    const last = rows.at(-1)?.[0];
    seen.set(tractId, isWhole || last === undefined ? sequence : last - keyOf(tractId, 0));
    isAll &&= isWhole;
  }
  const rows = keepNewCommits(database, collection);
  const kept = keptSince(database, collection);
  // From here on nothing can fail: names must not be counted twice.
  for (const [, , , , content] of rows) if (content !== null) countNamed(names, [content]);
  countNamed(names, kept.contents);
  const commitId = rows.at(-1)?.[0] ?? collection.seen.commitId;
  collection.seen = { commitId, operations: seen, recordKey: newest, ledger: kept.seen };
  return isAll && kept.isAll && rows.length < ROWS_AT_ONCE;
}

type NewCommitRow = [
  id: number,
  tractId: number,
  lineage: number,
  generation: number,
  content: number | null,
  editTarget: Hash | null,
];

/** Commits made since stay; their contents do whatever tract they are in. */
function keepNewCommits(database: Database, collection: Collection): readonly NewCommitRow[] {
  const { seen, tractId } = collection;
  const rows = database
    .sql<NewCommitRow>(
      `SELECT c.id, c.tract_id, c.lineage_id, c.generation, c.content_id, (SELECT lower(hex(e.hash)) FROM commits e WHERE e.id = c.edit_target)
       FROM commits c WHERE c.id > +? ORDER BY c.id LIMIT ${ROWS_AT_ONCE}`,
    )
    .all(seen.commitId);
  for (const [, ofTract, lineage, generation, , editTarget] of rows) {
    if (ofTract !== tractId) continue;
    keep(database, collection, { lineage, generation });
    if (editTarget !== null) keepHashes(database, collection, [editTarget]);
  }
  return rows;
}

/** A transaction frees no more than this, but for a single content: pages that are freed are written, too. */
const BYTES_AT_ONCE = 4 * 1024 * 1024;

function removeNext(database: Database, collection: Collection, removal: Removal, limit: number): void {
  // What is kept after all counts too: looking at it takes time.
  const until = Math.max(0, collection.left - limit);
  while (removal.left > until && removal.bytes < BYTES_AT_ONCE) {
    removal.left -= 1;
    const id = collection.candidates[removal.left] ?? 0;
    const row = readDoomed(database, collection, id);
    if (row !== null) removeCommit(database, collection, removal, row);
  }
}

interface Doomed {
  readonly id: number;
  readonly hash: Hash;
  readonly lineage: number;
  readonly generation: number;
  readonly content: number | null;
  /** Sequence of the operation that made it. */
  readonly operation: number;
}

/** null when the commit is to stay. */
function readDoomed(database: Database, collection: Collection, id: number): Doomed | null {
  const row = database
    .sql<[Hash, number, number, number | null, number]>(
      "SELECT lower(hex(hash)), lineage_id, generation, content_id, operation_sequence FROM commits WHERE id = +? AND tract_id = +?",
    )
    .get(id, collection.tractId);
  if (row === undefined) return null;
  const [hash, lineage, generation, content, operation] = row;
  if (reaches(collection.reach, { lineage, generation })) return null;
  const isEdited =
    database.sql<[number]>("SELECT 1 FROM commits WHERE edit_target = +? LIMIT 1").get(id) !== undefined;
  if (isEdited) {
    // Edits have higher ids, so one that is still there stays.
    keep(database, collection, { lineage, generation });
    return null;
  }
  return { id, hash, lineage, generation, content, operation };
}

function removeCommit(
  database: Database,
  { names, tractId }: Collection,
  removal: Removal,
  { id, hash, lineage, generation, content, operation }: Doomed,
): void {
  forgetConfig(database, id);
  database.sql("DELETE FROM commits WHERE id = +?").run(id);
  // Another commit may take its place.
  for (const table of ["commit_parents", "config_commits", "usages"] as const)
    database.sql(`DELETE FROM ${table} WHERE lineage_id = +? AND generation = +?`).run(lineage, generation);
  database
    .sql("INSERT INTO collected_commits (id, tract_id, hash) VALUES (?, ?, unhex(?))")
    .run(id, tractId, hash);
  // While the commit was there its row named the operation that made it.
  database
    .sql("INSERT INTO operation_uses (hash, operation_key) VALUES (unhex(?), ?) ON CONFLICT DO NOTHING")
    .run(hash, keyOf(tractId, operation));
  database.recentCommits.delete(id);
  removal.commits.push(hash);
  if (content === null) return;
  database.sql("DELETE FROM search_commits WHERE content_id = +? AND commit_id = +?").run(content, id);
  const fewer = (removal.unnamed.get(content) ?? 0) + 1;
  removal.unnamed.set(content, fewer);
  if (fewer === names[content]) removeContent(database, removal, content);
}

function removeContent(database: Database, removal: Removal, id: number): void {
  const row = database
    .sql<[Hash, number]>(
      "SELECT lower(hex(hash)), octet_length(body) + coalesce(octet_length(text), 0) FROM contents WHERE id = +? AND id < (SELECT max(id) FROM contents)",
    )
    .get(id);
  if (row === undefined) return;
  database.sql("DELETE FROM contents WHERE id = +?").run(id);
  // Only what was indexed may be taken out of the index.
  database
    .sql(
      "DELETE FROM search_index WHERE rowid = +? AND EXISTS (SELECT 1 FROM search_progress WHERE contents_to >= +?)",
    )
    .run(id, id);
  removal.contents.push(row[0]);
  removal.bytes += row[1];
}
