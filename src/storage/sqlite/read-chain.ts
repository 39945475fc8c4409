/** Reading chains: commits with their contents, as compile wants them. */
import type { Hash } from "../records.ts";
import type { ChainCommit } from "../store.ts";
import { unpackPayload } from "./codec.ts";
import {
  COMMIT_COLUMNS,
  COMMIT_JOINS,
  type CommitRow,
  PLACE_COLUMNS,
  PLACE_JOINS,
  type PlaceRow,
  parentsOf,
  readExtraParents,
  toCommit,
} from "./commit-rows.ts";
import type { Database } from "./database.ts";
import { notAsMade } from "./failures.ts";
import {
  findPlaceIn,
  firstParentSpans,
  hasMerges,
  type Place,
  type Reach,
  reachOf,
  type Span,
  spansOf,
} from "./reach.ts";

type Payload = string | Uint8Array | null;
/** First the content, then the commit. */
type ChainRow = [body: Payload, text: Payload, ...CommitRow];
const CHAIN_COLUMNS = `k.body, k.text, ${COMMIT_COLUMNS}`;
const CHAIN_WIDTH = 2;
const IN_SPAN = "c.lineage_id = +? AND c.generation >= +? AND c.generation <= +?";

export function readChain(
  database: Database,
  tract: string,
  head: Hash,
  after?: Hash,
): readonly ChainCommit[] | null {
  const headPlace = findPlaceIn(database, tract, head);
  if (headPlace === null) return after === undefined ? [] : null;
  let spans = firstParentSpans(database, headPlace);
  let without: Reach | undefined;
  if (after !== undefined) {
    const afterPlace = findPlaceIn(database, tract, after);
    if (afterPlace === null || !spans.some((span) => isIn(span, afterPlace))) return null;
    without = reachOf(database, afterPlace);
    spans = spans.flatMap(({ lineage, from, to }) => {
      const start = Math.max(from, afterPlace.generation + 1);
      return start <= to ? [{ lineage, from: start, to }] : [];
    });
  }
  return spans.some((span) => hasMerges(database, span))
    ? readMergedChain(database, spansOf(database, reachOf(database, headPlace), without))
    : readPlainChain(database, spans, after ?? null);
}

function isIn(span: Span, { lineage, generation }: Place): boolean {
  return span.lineage === lineage && span.from <= generation && generation <= span.to;
}

/** Without merges each commit is the parent of the next, so nothing but the rows themselves has to be read. */
function readPlainChain(
  database: Database,
  spans: readonly Span[],
  before: Hash | null,
): readonly ChainCommit[] {
  const statement = database.sql<ChainRow>(
    `SELECT ${CHAIN_COLUMNS} FROM commits c ${COMMIT_JOINS} WHERE ${IN_SPAN} ORDER BY c.generation`,
  );
  const chain: ChainCommit[] = [];
  let parents: readonly Hash[] = before === null ? [] : [before];
  for (const { lineage, from, to } of spans) {
    const rows = statement.all(lineage, from, to);
    if (rows.length !== to - from + 1) throw notAsMade();
    for (const row of rows) {
      const read = toChainCommit(database, row, 0, parents);
      chain.push(read);
      parents = [read.commit.hash];
    }
  }
  return chain;
}

type MergedRow = [id: number, generation: number, extraParents: number, ...ChainRow];
const MERGED_WIDTH = 3;

/** Ids rise from parents to children, so sorting by id puts the spans of all lineages into one valid order. */
function readMergedChain(database: Database, spans: readonly Span[]): readonly ChainCommit[] {
  const statement = database.sql<MergedRow>(
    `SELECT c.id, c.generation, c.extra_parents, ${CHAIN_COLUMNS} FROM commits c ${COMMIT_JOINS} WHERE ${IN_SPAN} ORDER BY c.generation`,
  );
  const chain: { readonly id: number; readonly read: ChainCommit }[] = [];
  for (const { lineage, from, to } of spans) {
    let parents = parentsAt(database, lineage, from);
    for (const row of statement.all(lineage, from, to)) {
      const [id, generation, extraParents] = row;
      const isFirst = generation === from;
      if (extraParents > 0 && !isFirst)
        parents = [...parents, ...readExtraParents(database, lineage, generation)];
      const read = toChainCommit(database, row, MERGED_WIDTH, parents);
      chain.push({ id, read });
      parents = [read.commit.hash];
    }
  }
  return chain.sort((a, b) => a.id - b.id).map(({ read }) => read);
}

/** All parents of the commit at the start of a span. */
function parentsAt(database: Database, lineage: number, generation: number): readonly Hash[] {
  const row = database
    .sql<PlaceRow>(
      `SELECT ${PLACE_COLUMNS} FROM commits c ${PLACE_JOINS} WHERE c.lineage_id = +? AND c.generation = +?`,
    )
    .get(lineage, generation);
  return row === undefined ? [] : parentsOf(database, row);
}

function toChainCommit(
  database: Database,
  row: readonly unknown[],
  at: number,
  parents: readonly Hash[],
): ChainCommit {
  const body = row[at] as Payload;
  const text = row[at + 1] as Payload;
  return {
    commit: toCommit(database, row, at + CHAIN_WIDTH, parents),
    body: body === null ? null : unpackPayload(body),
    text: text === null ? null : unpackPayload(text),
  };
}

/** Both may be anywhere: the rows are read span by span, as in a chain with merges. */
export function readSide(
  database: Database,
  tract: string,
  head: Hash,
  without: Hash | null,
): readonly ChainCommit[] {
  const headPlace = findPlaceIn(database, tract, head);
  if (headPlace === null) return [];
  const withoutPlace = without === null ? null : findPlaceIn(database, tract, without);
  const excluded = withoutPlace === null ? undefined : reachOf(database, withoutPlace);
  return readMergedChain(database, spansOf(database, reachOf(database, headPlace), excluded));
}

type FoundRow = [...PlaceRow, ...ChainRow];
const PLACE_WIDTH = 5;

export function readConfigCommits(database: Database, tract: string, head: Hash): readonly ChainCommit[] {
  const rows = readFound(
    database,
    findPlaceIn(database, tract, head),
    "config_commits s CROSS JOIN commits c ON c.lineage_id = s.lineage_id AND c.generation = s.generation",
    "s.lineage_id = +? AND s.generation <= +?",
  );
  return rows.reverse();
}

export function readSummaries(database: Database, tract: string, head: Hash): readonly ChainCommit[] {
  // As in the index commits_summary.
  const where = "c.lineage_id = +? AND c.generation <= +? AND c.operation IN (3, 4)";
  return readFound(database, findPlaceIn(database, tract, head), "commits c", where);
}

/** Commits behind a head that an index of places gives, in the order of storing. */
function readFound(database: Database, head: Place | null, from: string, where: string): ChainCommit[] {
  if (head === null) return [];
  const statement = database.sql<FoundRow>(
    `SELECT ${PLACE_COLUMNS}, ${CHAIN_COLUMNS} FROM ${from} ${COMMIT_JOINS} ${PLACE_JOINS} WHERE ${where}`,
  );
  return [...reachOf(database, head)]
    .flatMap(([lineage, to]) => statement.all(lineage, to))
    .sort((a, b) => a[0] - b[0])
    .map((row) => toChainCommit(database, row, PLACE_WIDTH, parentsOf(database, row as unknown as PlaceRow)));
}
