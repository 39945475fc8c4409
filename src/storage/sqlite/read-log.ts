/** Reading the log: pages of commits, newest first, at the same cost however deep in history. */
import type { CommitRecord } from "../records.ts";
import type { LogQuery } from "../store.ts";
import { type Condition, commitCondition } from "./commit-filter.ts";
import { PLACED_COLUMNS, PLACED_JOINS, type PlacedRow, toPlacedCommit } from "./commit-rows.ts";
import { type Database, findTractId } from "./database.ts";
import { findPlace, firstParentSpans, type Place, type Reach, reachOf, type Span, spansOf } from "./reach.ts";

/** Newest first is by id: commits in the order in which the store got them, children before their parents. */
export function readLog(database: Database, tract: string, query: LogQuery): readonly CommitRecord[] {
  const tractId = findTractId(database, tract);
  const head = tractId === null ? null : findPlace(database, tractId, query.head);
  if (tractId === null || head === null || query.limit <= 0) return [];
  const after = query.after === undefined ? undefined : findPlace(database, tractId, query.after);
  if (after === null) return [];
  const excluded = query.exclude === undefined ? null : findPlace(database, tractId, query.exclude);

  const wanted = wantedReach(database, query, head);
  const without = excluded === null ? undefined : reachOf(database, excluded);
  const spans = pageSpans(database, spansOf(database, wanted, without), after);
  const condition = commitCondition(query);
  let page: PlacedRow[] = [];
  for (const { span, tip } of spans) {
    // No commit of this span or of those that follow is new enough for the page.
    const oldest = page[query.limit - 1];
    if (oldest !== undefined && tip < oldest[0]) break;
    const from = oldest === undefined ? span.from : lastBefore(database, span, oldest[0]) + 1;
    const rows = readSpan(database, { ...span, from }, query.limit, condition);
    page = page.length === 0 ? rows : [...page, ...rows].sort((a, b) => b[0] - a[0]).slice(0, query.limit);
  }
  return page.map((row) => toPlacedCommit(database, row));
}

/** What is behind a head, by first parents alone if asked for. */
export function wantedReach(
  database: Database,
  { firstParent = false }: { readonly firstParent?: boolean },
  head: Place,
): Reach {
  return firstParent
    ? new Map(firstParentSpans(database, head).map(({ lineage, to }) => [lineage, to]))
    : reachOf(database, head);
}

/** The spans cut to what is older than `after`, each with the id of its newest commit, those with the newest first. */
export function pageSpans(
  database: Database,
  spans: readonly Span[],
  after: Place | undefined,
): readonly { readonly span: Span; readonly tip: number }[] {
  const cut: { span: Span; tip: number }[] = [];
  for (const span of spans) {
    const to = after === undefined ? span.to : cutBelow(database, span, after);
    const tip = to < span.from ? null : idAt(database, span.lineage, to);
    if (tip !== null) cut.push({ span: { ...span, to }, tip });
  }
  return cut.sort((a, b) => b.tip - a.tip);
}

function cutBelow(database: Database, span: Span, after: Place): number {
  return span.lineage === after.lineage
    ? Math.min(span.to, after.generation - 1)
    : lastBefore(database, span, after.id);
}

/** The newest generation of a span whose commit has a lower id; one below the span when there is none. */
function lastBefore(database: Database, { lineage, from, to }: Span, id: number): number {
  // Along a lineage ids rise with generations, so the place is found by halving.
  let low = from - 1;
  let high = to;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((idAt(database, lineage, middle) ?? 0) < id) low = middle;
    else high = middle - 1;
  }
  return low;
}

function idAt(database: Database, lineage: number, generation: number): number | null {
  return (
    database
      .sql<[number]>("SELECT id FROM commits WHERE lineage_id = +? AND generation = +?")
      .get(lineage, generation)?.[0] ?? null
  );
}

function readSpan(
  database: Database,
  { lineage, from, to }: Span,
  limit: number,
  condition: Condition,
): PlacedRow[] {
  return database
    .sql<PlacedRow>(
      `SELECT ${PLACED_COLUMNS} FROM commits c ${PLACED_JOINS}
       WHERE c.lineage_id = +? AND c.generation >= +? AND c.generation <= +?${condition.sql} ORDER BY c.generation DESC LIMIT +?`,
    )
    .all(lineage, from, to, ...condition.values, limit);
}
