/** The commits that are not kept, and the contents that would go with them. */
import { readTips } from "./collect-roots.ts";
import { type Collection, keep, type Read } from "./collect-state.ts";
import type { Database } from "./database.ts";
import { type Place, reaches, type Span } from "./reach.ts";

export interface Candidates {
  readonly commits: number;
  readonly contents: number;
  readonly bytes: number;
  /** Milliseconds; null without commits. */
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
  /** Commits kept because kept ones edit them, and because they or their content have the highest id. */
  readonly links: number;
  readonly newest: number;
}

/** Fills in what the collection has to remove. */
export async function findCandidates(step: Read, collection: Collection): Promise<Candidates> {
  let [links, newest] = [0, 0];
  newest += await step((database) => keepLast(database, collection));
  for (;;) {
    links += await keepAllTargets(step, collection);
    const rows = await readRows(step, collection, await readSpans(step, collection));
    const added = await step((database) => keepLastContent(database, collection, rows));
    if (added > 0) {
      newest += added;
      continue;
    }
    collection.candidates = Float64Array.from(rows, ({ id }) => id).sort();
    collection.left = rows.length;
    const contents = rows.length === 0 ? [] : await countNames(step, collection, rows);
    const bytes = await sumBytes(step, contents);
    return { commits: rows.length, contents: contents.length, bytes, ...timesOf(rows), links, newest };
  }
}

/** The highest ids stay, so that they are not given out again: of a commit, */
function keepLast(database: Database, collection: Collection): number {
  const place = database
    .sql<[number, number]>("SELECT lineage_id, generation FROM commits WHERE id = +? AND tract_id = +?")
    .get(collection.seen.commitId, collection.tractId);
  return place === undefined ? 0 : keep(database, collection, { lineage: place[0], generation: place[1] });
}

/** and of a content. */
function keepLastContent(database: Database, collection: Collection, rows: readonly CandidateRow[]): number {
  const last = database.sql<[number | null]>("SELECT max(id) FROM contents").get()?.[0];
  return rows.reduce(
    (sum, row) => (row.content === last && last !== null ? sum + keep(database, collection, row) : sum),
    0,
  );
}

async function keepAllTargets(step: Read, collection: Collection): Promise<number> {
  let links = 0;
  for (let added = 1; added > 0; links += added) {
    added = 0;
    for (const span of await readSpans(step, collection))
      added += await step((database) => keepTargets(database, collection, span));
  }
  return links;
}

function timesOf(rows: readonly CandidateRow[]): Pick<Candidates, "oldestAt" | "newestAt"> {
  let oldestAt: number | null = null;
  let newestAt: number | null = null;
  for (const { createdAt } of rows) {
    oldestAt = Math.min(oldestAt ?? createdAt, createdAt);
    newestAt = Math.max(newestAt ?? createdAt, createdAt);
  }
  return { oldestAt, newestAt };
}

/** What is not kept of each lineage. */
async function readSpans(step: Read, { reach, tractId }: Collection): Promise<readonly Span[]> {
  const spans: Span[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const from: number = after;
    const tips = await step((database) => readTips(database, tractId, from));
    for (const { lineage, start, generation } of tips) {
      const kept = reach.get(lineage);
      const first = kept === undefined ? start : kept + 1;
      if (first <= generation) spans.push({ lineage, from: first, to: generation });
    }
    after = tips.at(-1)?.lineage ?? null;
  }
  return spans;
}

/** Targets of edits are ancestors of them; where one is not, it is kept all the same. */
function keepTargets(database: Database, collection: Collection, { lineage, from, to }: Span): number {
  return database
    .sql<[generation: number, lineage: number, generation: number]>(
      `SELECT d.generation, e.lineage_id, e.generation FROM commits d JOIN commits e ON e.edit_target = d.id
       WHERE d.lineage_id = +? AND d.generation >= +? AND d.generation <= +?`,
    )
    .all(lineage, from, to)
    .reduce(
      (sum, [target, ofLineage, ofGeneration]) =>
        reaches(collection.reach, { lineage: ofLineage, generation: ofGeneration })
          ? sum + keep(database, collection, { lineage, generation: target })
          : sum,
      0,
    );
}

interface CandidateRow extends Pick<Place, "lineage" | "generation"> {
  readonly id: number;
  readonly content: number | null;
  readonly createdAt: number;
}

const ROWS_AT_ONCE = 5_000;

async function readRows(
  step: Read,
  { seen }: Collection,
  spans: readonly Span[],
): Promise<readonly CandidateRow[]> {
  const all: CandidateRow[] = [];
  for (const { lineage, from, to } of spans)
    for (let first = from; first <= to; first += ROWS_AT_ONCE) {
      const last = Math.min(to, first + ROWS_AT_ONCE - 1);
      const rows = await step((database) =>
        database
          .sql<[number, number, number | null, number]>(
            "SELECT id, generation, content_id, created_at FROM commits WHERE lineage_id = +? AND generation >= +? AND generation <= +? AND id <= +?",
          )
          .all(lineage, first, last, seen.commitId),
      );
      for (const [id, generation, content, createdAt] of rows)
        all.push({ id, lineage, generation, content, createdAt });
    }
  return all;
}

/** Counts in all tracts how many commits name each content; gives the contents that only candidates name. */
async function countNames(
  step: Read,
  collection: Collection,
  rows: readonly CandidateRow[],
): Promise<readonly number[]> {
  const { seen } = collection;
  const last = await step(
    (database) => database.sql<[number | null]>("SELECT max(id) FROM contents").get()?.[0] ?? 0,
  );
  const names = new Uint32Array(last + 1);
  for (let after = 0; after < seen.commitId; after += ROWS_AT_ONCE) {
    const to = Math.min(after + ROWS_AT_ONCE, seen.commitId);
    const page = await step((database) =>
      database
        .sql<[number]>("SELECT content_id FROM commits WHERE id > +? AND id <= +? AND content_id IS NOT NULL")
        .all(after, to),
    );
    for (const [content] of page) names[content] = (names[content] ?? 0) + 1;
  }
  collection.names = names;
  const own = new Map<number, number>();
  for (const { content } of rows) if (content !== null) own.set(content, (own.get(content) ?? 0) + 1);
  return [...own].flatMap(([content, count]) => (names[content] === count ? [content] : []));
}

async function sumBytes(step: Read, contents: readonly number[]): Promise<number> {
  let sum = 0;
  for (let start = 0; start < contents.length; start += ROWS_AT_ONCE) {
    const part = JSON.stringify(contents.slice(start, start + ROWS_AT_ONCE));
    sum += await step(
      (database) =>
        database
          .sql<[number | null]>(
            "SELECT sum(octet_length(body) + coalesce(octet_length(text), 0)) FROM contents WHERE id IN (SELECT value FROM json_each(?))",
          )
          .get(part)?.[0] ?? 0,
    );
  }
  return sum;
}
