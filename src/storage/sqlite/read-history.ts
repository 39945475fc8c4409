/** Reading history: chains with contents, settings, ancestry. */
import type { CommitRecord, Hash } from "../records.ts";
import type { ChainCommit } from "../store.ts";
import { unpackPayload } from "./codec.ts";
import {
  COMMIT_COLUMNS,
  COMMIT_JOINS,
  COMMIT_WIDTH,
  type CommitRow,
  FIRST_PARENT,
  FIRST_PARENT_JOINS,
  toCommit,
} from "./commit-rows.ts";
import { type Database, findTractId } from "./database.ts";
import {
  findPlace,
  firstParentSpans,
  hasMerges,
  type Place,
  type Reach,
  reaches,
  reachOf,
  type Span,
  spansOf,
} from "./reach.ts";

type Payload = string | Uint8Array | null;
type ChainRow = [...CommitRow, body: Payload, text: Payload];

function place(database: Database, tract: string, hash: Hash): Place | null {
  const tractId = findTractId(database, tract);
  return tractId === null ? null : findPlace(database, tractId, hash);
}

export function readChain(
  database: Database,
  tract: string,
  head: Hash,
  after?: Hash,
): readonly ChainCommit[] | null {
  const headPlace = place(database, tract, head);
  if (headPlace === null) return after === undefined ? [] : null;
  let spans = firstParentSpans(database, headPlace);
  let without: Reach | undefined;
  if (after !== undefined) {
    const afterPlace = place(database, tract, after);
    if (afterPlace === null || !isOn(spans, afterPlace)) return null;
    without = reachOf(database, afterPlace);
    spans = spans.flatMap(({ lineage, from, to }) => {
      const start = Math.max(from, afterPlace.generation + 1);
      return start <= to ? [{ lineage, from: start, to }] : [];
    });
  }
  if (spans.some((span) => hasMerges(database, span))) return readMergedChain(database, headPlace, without);
  const chain: ChainCommit[] = [];
  let previous: Hash | null = after ?? null;
  for (const span of spans)
    for (const row of readSpan(database, span)) {
      chain.push(toChainCommit(database, row, previous));
      previous = row[0];
    }
  return chain;
}

/** Ids rise from parents to children, so sorting by id puts the spans of all lineages into one valid order. */
function readMergedChain(
  database: Database,
  head: Place,
  without: Reach | undefined,
): readonly ChainCommit[] {
  const rows: { readonly row: ChainRow; readonly parent: Hash | null }[] = [];
  for (const span of spansOf(database, reachOf(database, head), without)) {
    let parent: Hash | null = firstParentOf(database, span);
    for (const row of readSpan(database, span)) {
      rows.push({ row, parent });
      parent = row[0];
    }
  }
  rows.sort((a, b) => a.row[1] - b.row[1]);
  return rows.map(({ row, parent }) => toChainCommit(database, row, parent));
}

function isOn(spans: readonly Span[], { lineage, generation }: Place): boolean {
  return spans.some((span) => span.lineage === lineage && span.from <= generation && generation <= span.to);
}

function readSpan(database: Database, { lineage, from, to }: Span): readonly ChainRow[] {
  return database
    .sql<ChainRow>(
      `SELECT ${COMMIT_COLUMNS}, k.body, k.text FROM commits c ${COMMIT_JOINS}
       WHERE c.lineage_id = +? AND c.generation >= +? AND c.generation <= +? ORDER BY c.generation`,
    )
    .all(lineage, from, to);
}

/** First parent of the first commit of a span. */
function firstParentOf(database: Database, { lineage, from }: Span): Hash | null {
  const row = database
    .sql<[Hash]>(
      `SELECT ${FIRST_PARENT} FROM commits c ${FIRST_PARENT_JOINS} WHERE c.lineage_id = +? AND c.generation = +?`,
    )
    .get(lineage, from);
  return row?.[0] || null;
}

function toChainCommit(database: Database, row: ChainRow, firstParent: Hash | null): ChainCommit {
  const body = row[COMMIT_WIDTH] as Payload;
  const text = row[COMMIT_WIDTH + 1] as Payload;
  return {
    commit: toCommit(database, row as unknown as CommitRow, firstParent),
    body: body === null ? null : unpackPayload(body),
    text: text === null ? null : unpackPayload(text),
  };
}

export function readConfigCommits(database: Database, tract: string, head: Hash): readonly ChainCommit[] {
  const headPlace = place(database, tract, head);
  if (headPlace === null) return [];
  const rows: [...ChainRow, Hash | null][] = [];
  for (const [lineage, to] of reachOf(database, headPlace))
    rows.push(
      ...database
        .sql<[...ChainRow, Hash | null]>(
          `SELECT ${COMMIT_COLUMNS}, k.body, k.text, ${FIRST_PARENT}
           FROM config_commits s JOIN commits c ON c.lineage_id = s.lineage_id AND c.generation = s.generation ${COMMIT_JOINS} ${FIRST_PARENT_JOINS}
           WHERE s.lineage_id = +? AND s.generation <= +?`,
        )
        .all(lineage, to),
    );
  rows.sort((a, b) => b[1] - a[1]);
  return rows.map((row) =>
    toChainCommit(database, row as unknown as ChainRow, row[COMMIT_WIDTH + 2] as Hash | null),
  );
}

export function isReachable(database: Database, tract: string, ancestor: Hash, descendant: Hash): boolean {
  const from = place(database, tract, descendant);
  const to = place(database, tract, ancestor);
  if (from === null || to === null) return false;
  if (from.lineage === to.lineage && to.generation <= from.generation) return true;
  // A child is always stored after its parents.
  return to.id <= from.id && reaches(reachOf(database, from), to);
}

export function countReachable(database: Database, tract: string, head: Hash, without?: Hash): number {
  const headPlace = place(database, tract, head);
  if (headPlace === null) return 0;
  const withoutPlace = without === undefined ? null : place(database, tract, without);
  const spans = spansOf(
    database,
    reachOf(database, headPlace),
    withoutPlace === null ? undefined : reachOf(database, withoutPlace),
  );
  return spans.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

export function readAncestor(database: Database, tract: string, commit: Hash, n: number): Hash | null {
  const start = place(database, tract, commit);
  if (start === null || n < 0) return null;
  const generation = start.generation - n;
  const span = firstParentSpans(database, start).find(
    ({ from, to }) => from <= generation && generation <= to,
  );
  if (span === undefined) return null;
  const row = database
    .sql<[Hash]>("SELECT lower(hex(hash)) FROM commits WHERE lineage_id = +? AND generation = +?")
    .get(span.lineage, generation);
  return row?.[0] ?? null;
}

export function readEdits(
  database: Database,
  tract: string,
  target: Hash,
  head: Hash,
): readonly CommitRecord[] {
  const targetPlace = place(database, tract, target);
  const headPlace = place(database, tract, head);
  if (targetPlace === null || headPlace === null) return [];
  const rows = database
    .sql<[...CommitRow, Hash | null]>(
      `SELECT ${COMMIT_COLUMNS}, ${FIRST_PARENT} FROM commits c ${COMMIT_JOINS} ${FIRST_PARENT_JOINS} WHERE c.edit_target = +? ORDER BY c.id`,
    )
    .all(targetPlace.id);
  if (rows.length === 0) return [];
  const reach = reachOf(database, headPlace);
  return rows
    .filter((row) => reaches(reach, { lineage: row[2], generation: row[3] }))
    .map((row) => toCommit(database, row as unknown as CommitRow, row[COMMIT_WIDTH] as Hash | null));
}
