/** Writing commits: each takes its place in a lineage, or starts one where history forks. */
import type { ChangeSet } from "../change-set.ts";
import { StoreConflict } from "../errors.ts";
import type { CommitRecord, Hash } from "../records.ts";
import { jsonOrNull, listOrNull, toMilliseconds } from "./codec.ts";
import { findCollectedIn } from "./collect-reads.ts";
import { COMMIT_OPERATIONS } from "./commit-rows.ts";
import { indexConfig } from "./config-values.ts";
import type { Database } from "./database.ts";
import type { Writing } from "./publish.ts";
import { findPlace as findStoredPlace, type Place } from "./reach.ts";
import { ROWS_PER_STEP } from "./steps.ts";
import { requireContent } from "./write-contents.ts";

/** Where a commit stands in history. */
export interface CommitPlace extends Place {
  /** True for a commit that this publish wrote. */
  readonly isNew: boolean;
}
export type CommitPlaces = Map<Hash, CommitPlace>;

export interface NewTip {
  readonly id: number;
  readonly commit: CommitRecord;
}

type NewCommit = ChangeSet["commits"][number];

export function* writeCommits(writing: Writing): Generator<void, void, void> {
  const { change } = writing;
  if (change.commits.length > 0 && change.operation === null)
    throw new Error("commits need an operation that makes them");
  for (const [index, commit] of change.commits.entries()) {
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield;
    writeCommit(writing, commit);
  }
}

/** The new commits that branches now point to, as they would be read: the next write starts from them. */
export function newTips({ change, contents, database, places }: Writing): readonly NewTip[] {
  return change.refMoves.flatMap(({ after }) => {
    const hash = after !== null && "commit" in after ? after.commit : null;
    const place = hash === null ? undefined : places.get(hash);
    const commit = place?.isNew ? change.commits.findLast((made) => made.hash === hash) : undefined;
    // Objects may read back in another shape than they were given in.
    if (
      place === undefined ||
      commit === undefined ||
      commit.metadata !== null ||
      commit.generationConfig !== null
    )
      return [];
    const content = commit.contentHash === null ? undefined : contents.get(commit.contentHash);
    const kind = content === undefined ? undefined : database.interned.contentKinds.find(content.kind);
    const { role = null, priority = "normal", type = null } = kind ?? {};
    const operationId = change.operation?.id ?? "";
    return { id: place.id, commit: { ...commit, contentType: type, role, priority, operationId } };
  });
}

/** The place of a commit; undefined when the tract has no such commit. */
export function findPlace({ database, tract, places }: Writing, hash: Hash): CommitPlace | undefined {
  let place = places.get(hash);
  if (place !== undefined) return place;
  place = readPlace(database, tract.id, hash);
  if (place !== undefined) places.set(hash, place);
  return place;
}

export function requirePlace(writing: Writing, hash: Hash): CommitPlace {
  const place = findPlace(writing, hash);
  if (place !== undefined) return place;
  if (findCollectedIn(writing.database, writing.tract.id, [hash]).length > 0)
    throw new StoreConflict({ what: "commit", hash });
  throw new Error("a change set names a commit that is neither in the tract nor in the change set");
}

function readPlace(database: Database, tractId: number, hash: Hash): CommitPlace | undefined {
  const place = findStoredPlace(database, tractId, hash);
  return place === null ? undefined : { ...place, isNew: false };
}

/**
 * A commit on the tip of a lineage extends it; one made elsewhere starts a new lineage. Which is the case the unique index on
 * (lineage, generation) decides by itself: the place is free or it is taken.
 */
function writeCommit(writing: Writing, commit: NewCommit): void {
  const { database, places, tract } = writing;
  const [firstParent, ...others] = commit.parents;
  const parent = firstParent === undefined ? null : requirePlace(writing, firstParent);
  const extraPlaces = others.map((hash) => requirePlace(writing, hash));
  const generation = parent === null ? 0 : parent.generation + 1;
  const insert = insertCommit(writing, commit, generation);

  let lineage = parent === null ? startLineage(writing, 0, null) : parent.lineage;
  let id = insert(lineage);
  if (id === null) {
    const existing = readPlace(database, tract.id, commit.hash);
    if (existing !== undefined) {
      places.set(commit.hash, existing);
      return;
    }
    lineage = startLineage(writing, generation, parent === null ? null : parent.lineage);
    id = insert(lineage);
    if (id === null) throw new Error("a new lineage has room for its first commit");
  }
  places.set(commit.hash, { id, lineage, generation, isNew: true });
  for (const [index, { lineage: parentLineage, generation: parentGeneration }] of extraPlaces.entries())
    database
      .sql(
        "INSERT INTO commit_parents (lineage_id, generation, position, parent_lineage_id, parent_generation) VALUES (?, ?, ?, ?, ?)",
      )
      .run(lineage, generation, index + 1, parentLineage, parentGeneration);
  if (commit.contentType === "config")
    database
      .sql("INSERT INTO config_commits (lineage_id, generation) VALUES (?, ?)")
      .run(lineage, generation);
  if (commit.generationConfig !== null) indexConfig(database, id);
}

function startLineage({ database, tract }: Writing, start: number, parentLineage: number | null): number {
  const { lastInsertRowid } = database
    .sql("INSERT INTO lineages (tract_id, start, parent_lineage_id) VALUES (?, ?, ?)")
    .run(tract.id, start, parentLineage);
  return Number(lastInsertRowid);
}

/** Gives a function that tries to put the commit into a lineage: its id, or null when the place or the hash is taken. */
function insertCommit(
  writing: Writing,
  commit: NewCommit,
  generation: number,
): (lineage: number) => number | null {
  const { database, tract } = writing;
  const { interned } = database;
  const content =
    commit.contentHash === null ? null : requireContent(database, writing.contents, commit.contentHash);
  const editTarget = commit.editTarget === null ? null : requirePlace(writing, commit.editTarget).id;
  const author = interned.authors.idOf(commit.author);
  const branch = interned.branches.idOf(commit.branch);
  const statement = database.sql(
    `INSERT INTO commits (tract_id, hash, lineage_id, generation, extra_parents, content_id, kind_id, operation, edit_target, tokens, author_id,
       branch_id, created_at, operation_sequence, message, metadata, generation_config, labels)
     VALUES (?, unhex(?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  return (lineage) => {
    const { changes, lastInsertRowid } = statement.run(
      tract.id,
      commit.hash,
      lineage,
      generation,
      Math.max(0, commit.parents.length - 1),
      content === null ? null : content.id,
      content === null ? null : content.kind,
      COMMIT_OPERATIONS.indexOf(commit.operation),
      editTarget,
      commit.tokens,
      author,
      branch,
      toMilliseconds(commit.createdAt),
      tract.operationSequence + 1,
      commit.message,
      jsonOrNull(commit.metadata),
      jsonOrNull(commit.generationConfig),
      listOrNull(commit.labels),
    );
    return Number(changes) === 0 ? null : Number(lastInsertRowid);
  };
}
