/** The commits that are not kept, and the contents that would go with them. */
import { countKept } from "./collect-ledger.ts";
import { readTips } from "./collect-roots.ts";
import { type Collection, keep, type Read } from "./collect-state.ts";
import type { Database } from "./database.ts";
import { reaches, type Span } from "./reach.ts";

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
    const spans = await readSpans(step, collection);
    const rows = await readRows(step, collection, spans);
    const added = await step((database) => keepLastContent(database, collection, rows));
    newest += added;
    if (added > 0) continue;
    const amounts = await sumRuns(step, await countNames(step, collection, rows.contents));
    collection.candidates = rows.ids.sort();
    collection.left = rows.ids.length;
    return { commits: rows.ids.length, ...amounts, ...rows.times, links, newest };
  }
}

/** The highest ids stay, so that they are not given out again: of a commit, */
function keepLast(database: Database, collection: Collection): number {
  return keepById(database, collection, collection.seen.commitId);
}

/** and of a content. */
function keepLastContent(database: Database, collection: Collection, { ids, contents }: Rows): number {
  const last = database.sql<[number | null]>("SELECT max(id) FROM contents").get()?.[0] ?? 0;
  let added = 0;
  for (let at = contents.indexOf(last); last > 0 && at >= 0; at = contents.indexOf(last, at + 1))
    added += keepById(database, collection, ids[at] ?? 0);
  return added;
}

function keepById(database: Database, collection: Collection, id: number): number {
  const place = database
    .sql<[number, number]>("SELECT lineage_id, generation FROM commits WHERE id = +? AND tract_id = +?")
    .get(id, collection.tractId);
  return place === undefined ? 0 : keep(database, collection, { lineage: place[0], generation: place[1] });
}

async function keepAllTargets(step: Read, collection: Collection): Promise<number> {
  let links = 0;
  for (let added = 1; added > 0; links += added) {
    added = 0;
    for (let after: EditPlace | null = { target: 0, id: 0 }; after !== null; ) {
      const from: EditPlace = after;
      const page = await step((database) => keepTargets(database, collection, from));
      added += page.added;
      after = page.next;
    }
  }
  return links;
}

interface EditPlace {
  readonly target: number;
  readonly id: number;
}
type EditRow = [
  target: number,
  id: number,
  lineage: number,
  generation: number,
  byLineage: number,
  byGeneration: number,
];

/** Targets of edits are ancestors of them; where one is not, it is kept all the same. */
function keepTargets(
  database: Database,
  collection: Collection,
  after: EditPlace,
): { readonly added: number; readonly next: EditPlace | null } {
  const { reach, tractId } = collection;
  const rows = database
    .sql<EditRow>(
      `SELECT e.edit_target, e.id, d.lineage_id, d.generation, e.lineage_id, e.generation FROM commits e CROSS JOIN commits d ON d.id = e.edit_target
       WHERE e.edit_target >= +? AND (e.edit_target > +? OR e.id > +?) AND +e.tract_id = +?
       ORDER BY e.edit_target, e.id LIMIT ${ROWS_AT_ONCE}`,
    )
    .all(after.target, after.target, after.id, tractId);
  let added = 0;
  for (const [, , lineage, generation, byLineage, byGeneration] of rows)
    if (
      !reaches(reach, { lineage, generation }) &&
      reaches(reach, { lineage: byLineage, generation: byGeneration })
    )
      added += keep(database, collection, { lineage, generation });
  const last = rows.at(-1);
  const next = last === undefined || rows.length < ROWS_AT_ONCE ? null : { target: last[0], id: last[1] };
  return { added, next };
}

interface DatedSpan extends Span {
  readonly newestAt: number;
}

/** What is not kept of each lineage. */
async function readSpans(step: Read, { reach, tractId }: Collection): Promise<readonly DatedSpan[]> {
  const spans: DatedSpan[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const from: number = after;
    const tips = await step((database) => readTips(database, tractId, from));
    for (const { lineage, start, generation, createdAt } of tips) {
      const kept = reach.get(lineage);
      const first = kept === undefined ? start : kept + 1;
      if (first <= generation) spans.push({ lineage, from: first, to: generation, newestAt: createdAt });
    }
    after = tips.at(-1)?.lineage ?? null;
  }
  return spans;
}

/** Commits by id, the lowest first, with the ids of their contents (0: none). There may be millions. */
interface Rows {
  readonly ids: Float64Array;
  readonly contents: Uint32Array;
  readonly times: Pick<Candidates, "oldestAt" | "newestAt">;
}

const ROWS_AT_ONCE = 5_000;

async function readRows(step: Read, { seen }: Collection, spans: readonly DatedSpan[]): Promise<Rows> {
  const size = spans.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const ids = new Float64Array(size);
  const contents = new Uint32Array(size);
  let [count, oldestAt, newestAt] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { lineage, from, to, newestAt: last } of spans) {
    newestAt = Math.max(newestAt, last);
    for (let first = from; first <= to; first += ROWS_AT_ONCE) {
      const page = await step((database) => {
        if (first === from) oldestAt = Math.min(oldestAt, timeAt(database, lineage, from));
        return database
          .sql<[number, number | null]>(
            "SELECT id, content_id FROM commits WHERE lineage_id = +? AND generation >= +? AND generation <= +? AND id <= +?",
          )
          .all(lineage, first, Math.min(to, first + ROWS_AT_ONCE - 1), seen.commitId);
      });
      for (const [id, content] of page) {
        ids[count] = id;
        contents[count] = content ?? 0;
        count += 1;
      }
    }
  }
  const times = count === 0 ? { oldestAt: null, newestAt: null } : { oldestAt, newestAt };
  return { ids: ids.subarray(0, count), contents: contents.subarray(0, count), times };
}

function timeAt(database: Database, lineage: number, generation: number): number {
  const row = database
    .sql<[number]>("SELECT created_at FROM commits WHERE lineage_id = +? AND generation = +?")
    .get(lineage, generation);
  return row?.[0] ?? Number.POSITIVE_INFINITY;
}

/** Counts in all tracts how many commits, and entries that keep it, name each content; gives the contents that only candidates name, in order. */
async function countNames(
  step: Read,
  collection: Collection,
  contents: Uint32Array,
): Promise<readonly number[]> {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const content of contents) {
    if (content > 0 && content < least) least = content;
    if (content > most) most = content;
  }
  const names = new Uint32Array(most + 1);
  collection.names = names;
  if (most === 0) return [];
  const { commitId } = collection.seen;
  // Contents outside the range are nobody's business here.
  for (let after = 0; after < commitId; after += IDS_AT_ONCE) {
    const to = Math.min(after + IDS_AT_ONCE, commitId);
    const page = await step((database) =>
      database
        .sql<[number]>(
          "SELECT content_id FROM commits WHERE id > +? AND id <= +? AND content_id >= +? AND content_id <= +?",
        )
        .all(after, to, least, most),
    );
    for (const [content] of page) names[content] = (names[content] ?? 0) + 1;
  }
  await countKept(step, collection);
  return ownedBy(contents, names);
}

const IDS_AT_ONCE = 20_000;

/** Contents that are named by the given commits as often as by all. */
function ownedBy(contents: Uint32Array, names: Uint32Array): readonly number[] {
  const own = new Uint32Array(names.length);
  for (const content of contents) own[content] = (own[content] ?? 0) + 1;
  const owned: number[] = [];
  for (let content = 1; content < own.length; content++)
    if (own[content] !== 0 && own[content] === names[content]) owned.push(content);
  return owned;
}

/** Contents of commits that were made together stand together: they are added up by runs of ids. */
async function sumRuns(
  step: Read,
  contents: readonly number[],
): Promise<{ readonly contents: number; readonly bytes: number }> {
  let bytes = 0;
  for (let at = 0; at < contents.length; ) {
    const from = at;
    const part = await step((database) => sumPart(database, contents, from));
    bytes += part.bytes;
    at = part.next;
  }
  return { contents: contents.length, bytes };
}

function sumPart(
  database: Database,
  contents: readonly number[],
  from: number,
): { readonly bytes: number; readonly next: number } {
  const sum = database.sql<[number | null]>(
    "SELECT sum(octet_length(body) + coalesce(octet_length(text), 0)) FROM contents WHERE id >= +? AND id <= +?",
  );
  const until = Math.min(contents.length, from + ROWS_AT_ONCE);
  let bytes = 0;
  for (let at = from; at < until; at++) {
    const first = contents[at] ?? 0;
    while (at + 1 < until && contents[at + 1] === (contents[at] ?? 0) + 1) at += 1;
    bytes += sum.get(first, contents[at] ?? 0)?.[0] ?? 0;
  }
  return { bytes, next: until };
}
