/** Finding commits by generation config: from the index where a condition is rare, else from the newest on (spec 4.5). */
import { type ConfigPage, meetsConditions } from "../config-conditions.ts";
import type { JsonObject } from "../records.ts";
import type { ConfigQuery } from "../store.ts";
import { type Condition, commitCondition } from "./commit-filter.ts";
import { readCommitById, readCommitsById } from "./commit-rows.ts";
import { type IndexRange, indexRangeOf } from "./config-values.ts";
import { type Database, findTractId } from "./database.ts";
import { findPlace, type Place, type Reach, reaches, reachOf, spansOf } from "./reach.ts";
import { pageSpans, wantedReach } from "./read-log.ts";

/** A commit with a generation config, as far as deciding about it takes. */
type GeneratedRow = [id: number, lineage: number, generation: number, config: string, passes: number];
const GENERATED = "c.id, c.lineage_id, c.generation, c.generation_config";
const IS_GENERATED = "c.generation_config IS NOT NULL";

/** The next commits below a place, newest first; fewer than asked for: these are the last. */
type Source = (after: Place | undefined, limit: number) => readonly GeneratedRow[];

/** Mostly a page is found in few rows; each further read takes twice as many. */
const ROWS_AT_FIRST = 50;
const ROWS_AT_ONCE = 800;

export function readByConfig(database: Database, tract: string, query: ConfigQuery): ConfigPage {
  const nothing = { commits: [], next: null };
  const tractId = findTractId(database, tract);
  if (tractId === null || query.limit <= 0) return nothing;
  let after = query.after === undefined ? undefined : findPlace(database, tractId, query.after);
  const scope = readScope(database, tractId, query);
  if (after === null || scope === null) return nothing;
  const source = sourceOf(database, tractId, query, scope);
  const found: number[] = [];
  let wanted = ROWS_AT_FIRST;
  for (let looked = 0; looked < query.scanMax; looked += wanted) {
    wanted = Math.min(looked === 0 ? ROWS_AT_FIRST : wanted * 2, ROWS_AT_ONCE, query.scanMax - looked);
    const rows: readonly GeneratedRow[] = source(after ?? undefined, wanted);
    for (const [id, lineage, generation, config, passes] of rows) {
      after = { id, lineage, generation };
      if (passes === 0 || !isIn(scope, after) || !meetsConditions(parse(config), query.conditions)) continue;
      found.push(id);
      if (found.length === query.limit) return pageOf(database, found, after);
    }
    if (rows.length < wanted) return pageOf(database, found, null);
  }
  return pageOf(database, found, after ?? null);
}

function parse(config: string): JsonObject {
  return JSON.parse(config) as JsonObject; // What writeCommits stored.
}

function pageOf(database: Database, ids: readonly number[], after: Place | null): ConfigPage {
  const next = after === null ? null : readCommitById(database, after.id);
  const commits = readCommitsById(database, ids);
  return {
    commits: ids.flatMap((id) => commits.get(id) ?? []),
    next: next?.hash ?? null,
  };
}

/** What is behind a head; null: the whole tract. */
interface Scope {
  readonly reach: Reach | null;
  readonly without: Reach;
}

/** null when there is nothing behind the head. */
function readScope(database: Database, tractId: number, query: ConfigQuery): Scope | null {
  if (query.head === undefined) return { reach: null, without: new Map() };
  const head = findPlace(database, tractId, query.head);
  const excluded = query.exclude === undefined ? null : findPlace(database, tractId, query.exclude);
  if (head === null) return null;
  return {
    reach: wantedReach(database, query, head),
    without: excluded === null ? new Map() : reachOf(database, excluded),
  };
}

function isIn({ reach, without }: Scope, place: Place): boolean {
  return reach === null || (reaches(reach, place) && !reaches(without, place));
}

/** Of a condition that fewer commits meet the commits are all looked at; they are counted to here. */
const RARE_MAX = 2_000;

function sourceOf(
  database: Database,
  tractId: number,
  query: ConfigQuery,
  { reach, without }: Scope,
): Source {
  const filter = commitCondition(query);
  const rarest = query.conditions
    .flatMap((condition) => indexRangeOf(condition) ?? [])
    .map((range) => ({ range, count: countRare(database, tractId, range) }))
    // Of equally common ones the one whose commits need no sorting.
    .sort((a, b) => a.count - b.count || Number(b.range.isOrdered) - Number(a.range.isOrdered))[0];
  if (rarest !== undefined && (rarest.count < RARE_MAX || (rarest.range.isOrdered && reach === null)))
    return fromIndex(database, tractId, rarest.range, filter);
  return reach === null
    ? fromTract(database, tractId, filter)
    : fromSpans(database, { reach, without }, filter);
}

function countRare(database: Database, tractId: number, { sql, values }: IndexRange): number {
  const row = database
    .sql<[number]>(
      `SELECT count(*) FROM (SELECT 1 FROM config_values v WHERE v.tract_id = +? AND ${sql} LIMIT ${RARE_MAX})`,
    )
    .get(tractId, ...values);
  return row?.[0] ?? 0;
}

const NEWEST = Number.MAX_SAFE_INTEGER;

/** The ids alone are sorted: commits are read for those that are looked at. */
function fromIndex(database: Database, tractId: number, range: IndexRange, filter: Condition): Source {
  const ids = database.sql<[number]>(
    `SELECT v.commit_id FROM config_values v
     WHERE v.tract_id = +? AND ${range.sql} AND v.commit_id < +? ORDER BY v.commit_id DESC LIMIT +?`,
  );
  const row = database.sql<GeneratedRow>(
    `SELECT ${GENERATED}, 1${filter.sql} FROM commits c WHERE c.id = +? AND ${IS_GENERATED}`,
  );
  return (after, limit) =>
    ids
      .all(tractId, ...range.values, after?.id ?? NEWEST, limit)
      .flatMap(([id]) => row.all(...filter.values, id));
}

function fromTract(database: Database, tractId: number, filter: Condition): Source {
  const statement = database.sql<GeneratedRow>(
    `SELECT ${GENERATED}, 1 FROM commits c INDEXED BY commits_generated
     WHERE c.tract_id = +? AND ${IS_GENERATED} AND c.id < +?${filter.sql} ORDER BY c.id DESC LIMIT +?`,
  );
  return (after, limit) => statement.all(tractId, after?.id ?? NEWEST, ...filter.values, limit);
}

function fromSpans(
  database: Database,
  { reach, without }: { readonly reach: Reach; readonly without: Reach },
  filter: Condition,
): Source {
  const wanted = spansOf(database, reach, without);
  const statement = database.sql<GeneratedRow>(
    `SELECT ${GENERATED}, 1 FROM commits c INDEXED BY commits_generated_place
     WHERE c.lineage_id = +? AND c.generation >= +? AND c.generation <= +? AND ${IS_GENERATED}${filter.sql}
     ORDER BY c.generation DESC LIMIT +?`,
  );
  return (after, limit) => {
    let page: GeneratedRow[] = [];
    for (const { span, tip } of pageSpans(database, wanted, after)) {
      const oldest = page[limit - 1];
      if (oldest !== undefined && tip < oldest[0]) break;
      const rows = statement.all(span.lineage, span.from, span.to, ...filter.values, limit);
      page = page.length === 0 ? rows : [...page, ...rows].sort((a, b) => b[0] - a[0]).slice(0, limit);
    }
    return page;
  };
}
