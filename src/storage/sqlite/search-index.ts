/** Full-text search: an index beside the contents that catches up in small steps, never inside a publish. */
import type { ContentRecord } from "../records.ts";
import type { SearchHit, SearchQuery } from "../store.ts";
import { commitCondition } from "./commit-filter.ts";
import { readCommitById } from "./commit-rows.ts";
import { type Database, findTractId, rollback } from "./database.ts";
import { findPlace, type Reach, reaches, reachOf } from "./reach.ts";
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

/** Any of the terms, each as a string: nothing in them is read as query syntax. Null when there is nothing to look for. */
export function matchExpression(terms: readonly string[]): string | null {
  // NUL would end the expression.
  const quoted = terms
    .map((term) => term.replaceAll("\0", " ").trim())
    .filter((term) => /[\p{L}\p{N}\p{Co}]/u.test(term));
  return quoted.length === 0 ? null : quoted.map((term) => `"${term.replaceAll('"', '""')}"`).join(" OR ");
}

/** Contents looked at first; when too few of their commits pass the filters, many more. */
const CANDIDATES_MIN = 200;
const CANDIDATES_GROWTH = 50;

export function search(database: Database, tract: string, query: SearchQuery): readonly SearchHit[] {
  const tractId = findTractId(database, tract);
  const expression = matchExpression(query.terms);
  if (tractId === null || expression === null || query.limit <= 0) return [];
  let reach: Reach | null = null;
  if (query.head !== undefined) {
    const head = findPlace(database, tractId, query.head);
    if (head === null) return [];
    reach = reachOf(database, head);
  }
  const wanted = query.offset + query.limit;
  for (let candidates = Math.max(CANDIDATES_MIN, wanted * 2); ; candidates *= CANDIDATES_GROWTH) {
    const contents = database
      .sql<[id: number, rank: number]>(
        "SELECT rowid, rank FROM search_index WHERE search_index MATCH ? ORDER BY rank LIMIT +?",
      )
      .all(expression, candidates);
    const isAll = contents.length < candidates;
    // The last candidates may have equals beyond the limit, whose commits could be newer.
    const worst = contents.at(-1)?.[1] ?? 0;
    const sure = isAll ? contents : contents.filter(([, rank]) => rank < worst);
    const hits = commitsOf(database, tractId, sure, query, reach);
    if (isAll || hits.length >= wanted)
      return hits.slice(query.offset, wanted).flatMap(({ id, rank }) => {
        const commit = readCommitById(database, id);
        return commit === null ? [] : [{ commit, score: -rank }];
      });
  }
}

interface Hit {
  readonly id: number;
  readonly rank: number;
}

/** Of the candidates only what decides is read. */
function commitsOf(
  database: Database,
  tractId: number,
  contents: readonly (readonly [id: number, rank: number])[],
  query: SearchQuery,
  reach: Reach | null,
): readonly Hit[] {
  const condition = commitCondition(query);
  const statement = database.sql<[id: number, lineage: number, generation: number]>(
    `SELECT c.id, c.lineage_id, c.generation FROM search_commits s CROSS JOIN commits c ON c.id = s.commit_id
     WHERE s.content_id = +? AND +c.tract_id = +?${condition.sql}`,
  );
  const hits: Hit[] = [];
  for (const [content, rank] of contents)
    for (const [id, lineage, generation] of statement.all(content, tractId, ...condition.values))
      if (reach === null || reaches(reach, { lineage, generation })) hits.push({ id, rank });
  return hits.sort((a, b) => a.rank - b.rank || b.id - a.id);
}
