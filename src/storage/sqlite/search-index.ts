/** Full-text search: an index beside the contents that catches up in small steps, never inside a publish. */
import type { ContentRecord } from "../records.ts";
import { type Database, rollback } from "./database.ts";
import { CONTENT_COLUMNS, type ContentRow, toContent } from "./read-commits.ts";

/** What waits to be indexed, with its place in the queue. */
interface Batch {
  readonly from: Progress;
  readonly to: Progress;
  readonly texts: readonly { readonly id: number; readonly text: string }[];
}

/** Contents and commits up to these ids are in the index. */
interface Progress {
  readonly contents: number;
  readonly commits: number;
}

/** Commits take much less work than contents, and there may be many of one content. */
const COMMITS_PER_CONTENT = 20;

export function readBatch(
  database: Database,
  limit: number,
  textOf: (content: ContentRecord) => string,
): Batch {
  const from = readProgress(database);
  const rows = database
    .sql<[...ContentRow, id: number]>(
      `SELECT ${CONTENT_COLUMNS}, k.id FROM contents k WHERE k.id > +? ORDER BY k.id LIMIT +?`,
    )
    .all(from.contents, limit);
  const commits = database
    .sql<[number | null]>("SELECT max(id) FROM (SELECT id FROM commits WHERE id > +? ORDER BY id LIMIT +?)")
    .get(from.commits, limit * COMMITS_PER_CONTENT)?.[0];
  return {
    from,
    to: { contents: rows.at(-1)?.[4] ?? from.contents, commits: commits ?? from.commits },
    texts: rows.map((row) => ({
      id: row[4],
      text: textOf(toContent(database, row as unknown as ContentRow)),
    })),
  };
}

/** Adds a batch unless another process has added it meanwhile; says how many contents are left. */
export function writeBatch(database: Database, batch: Batch): number {
  const { from, to } = batch;
  if (to.contents > from.contents || to.commits > from.commits) {
    database.sql("BEGIN IMMEDIATE").run();
    try {
      const now = readProgress(database);
      if (now.contents === from.contents && now.commits === from.commits) addBatch(database, batch);
      database.sql("COMMIT").run();
    } catch (error) {
      rollback(database);
      throw error;
    }
  }
  return leftOver(database);
}

/** From the ids given out: counting the rows would cost more than indexing some of them. */
function leftOver(database: Database): number {
  const { contents, commits } = readProgress(database);
  const newest = database
    .sql<[number | null, number | null]>(
      "SELECT (SELECT max(id) FROM contents), (SELECT max(id) FROM commits)",
    )
    .get();
  const contentsLeft = Math.max(0, (newest?.[0] ?? 0) - contents);
  return contentsLeft > 0 || (newest?.[1] ?? 0) <= commits ? contentsLeft : 1;
}

function addBatch(database: Database, { from, to, texts }: Batch): void {
  // A content may have been removed since it was read.
  const insert = database.sql(
    "INSERT INTO search_index (rowid, text) SELECT ?, ? WHERE EXISTS (SELECT 1 FROM contents WHERE id = +?)",
  );
  for (const { id, text } of texts) insert.run(id, text, id);
  database
    .sql(
      `INSERT INTO search_commits (content_id, commit_id)
       SELECT content_id, id FROM commits WHERE id > +? AND id <= +? AND content_id IS NOT NULL`,
    )
    .run(from.commits, to.commits);
  database
    .sql("UPDATE search_progress SET contents_to = ?, commits_to = ? WHERE id = 1")
    .run(to.contents, to.commits);
}

function readProgress(database: Database): Progress {
  const row = database
    .sql<[number, number]>("SELECT contents_to, commits_to FROM search_progress WHERE id = 1")
    .get();
  return { contents: row?.[0] ?? 0, commits: row?.[1] ?? 0 };
}

/** The index is made anew rather than emptied: that works on a damaged one too. */
export function resetSearchIndex(database: Database): void {
  database.sql("BEGIN IMMEDIATE").run();
  try {
    database.exec(`DROP TABLE search_index;
      CREATE VIRTUAL TABLE search_index USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'porter unicode61');
      DELETE FROM search_commits;
      UPDATE search_progress SET contents_to = 0, commits_to = 0 WHERE id = 1;`);
    database.sql("COMMIT").run();
  } catch (error) {
    rollback(database);
    throw error;
  }
}
