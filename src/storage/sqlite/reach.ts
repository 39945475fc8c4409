/** Reachability from lineages and merges alone: what is behind a commit, without reading the commits. */
import type { Hash } from "../records.ts";
import { type Database, findTractId } from "./database.ts";

export interface Place {
  readonly id: number;
  readonly lineage: number;
  readonly generation: number;
}

/**
 * A set of commits closed under "parent of", by lineage: everything from the lineage's start up to and with the generation named. (Who
 * reaches a commit reaches all before it on its lineage.)
 */
export type Reach = Map<number, number>;

/** A run of commits of one lineage, both ends included. */
export interface Span {
  readonly lineage: number;
  readonly from: number;
  readonly to: number;
}

export function findPlace(database: Database, tractId: number, hash: Hash): Place | null {
  const row = database
    .sql<[number, number, number]>(
      "SELECT id, lineage_id, generation FROM commits WHERE tract_id = +? AND hash = unhex(?)",
    )
    .get(tractId, hash);
  return row === undefined ? null : { id: row[0], lineage: row[1], generation: row[2] };
}

export function findPlaceIn(database: Database, tract: string, hash: Hash): Place | null {
  const tractId = findTractId(database, tract);
  return tractId === null ? null : findPlace(database, tractId, hash);
}

interface Lineage {
  readonly start: number;
  readonly parent: number | null;
}

function readLineage(database: Database, id: number): Lineage {
  const row = database
    .sql<[number, number | null]>("SELECT start, parent_lineage_id FROM lineages WHERE id = +?")
    .get(id);
  // A damaged store may lack the row; then history ends here, and verify says so.
  return row === undefined ? { start: 0, parent: null } : { start: row[0], parent: row[1] };
}

/** The first-parent chain of a commit as spans, oldest first. */
export function firstParentSpans(database: Database, head: Place): readonly Span[] {
  const spans: Span[] = [];
  let lineage: number | null = head.lineage;
  let to = head.generation;
  while (lineage !== null) {
    const { start, parent } = readLineage(database, lineage);
    spans.push({ lineage, from: start, to });
    to = start - 1;
    lineage = parent;
  }
  return spans.reverse();
}

/** Everything reachable from a commit over any parents. */
export function reachOf(database: Database, head: Place): Reach {
  const reach: Reach = new Map();
  extendReach(database, reach, head);
  return reach;
}

/** Adds everything reachable from a commit to a reach; gives what was not in it before. */
export function extendReach(
  database: Database,
  reach: Reach,
  { lineage, generation }: Pick<Place, "lineage" | "generation">,
): readonly Span[] {
  const added: Span[] = [];
  const waiting: { lineage: number; to: number }[] = [{ lineage, to: generation }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const known = reach.get(next.lineage);
    if (known !== undefined && known >= next.to) continue;
    reach.set(next.lineage, next.to);
    let from = (known ?? -1) + 1;
    if (known === undefined) {
      const { start, parent } = readLineage(database, next.lineage);
      if (parent !== null) waiting.push({ lineage: parent, to: start - 1 });
      from = start;
    }
    const span = { lineage: next.lineage, from, to: next.to };
    added.push(span);
    for (const [merged, to] of readMerges(database, span)) waiting.push({ lineage: merged, to });
  }
  return added;
}

export function reaches(
  reach: Reach,
  { lineage, generation }: Pick<Place, "lineage" | "generation">,
): boolean {
  const to = reach.get(lineage);
  return to !== undefined && generation <= to;
}

/** What two commits both reach. */
export function commonReach(a: Reach, b: Reach): Reach {
  const common: Reach = new Map();
  for (const [lineage, to] of a) {
    const other = b.get(lineage);
    if (other !== undefined) common.set(lineage, Math.min(to, other));
  }
  return common;
}

/**
 * The commits of a reach that are no ancestor of another one in it. Only the last of each lineage can be one, and such a commit is an
 * ancestor of another exactly when a lineage of the reach forks from it, or a merge in the reach takes it in: the child on the way to any
 * descendant is in the reach too.
 */
export function tipsOf(database: Database, reach: Reach): readonly Pick<Place, "lineage" | "generation">[] {
  const tips = new Map(reach);
  const passBy = (lineage: number, generation: number): void => {
    if (reach.get(lineage) === generation) tips.delete(lineage);
  };
  for (const [lineage, to] of reach) {
    const { start, parent } = readLineage(database, lineage);
    if (parent !== null) passBy(parent, start - 1);
    for (const [merged, generation] of readMerges(database, { lineage, from: start, to }))
      passBy(merged, generation);
  }
  return [...tips].map(([lineage, generation]) => ({ lineage, generation }));
}

/** The further parents of the merges in a span. */
function readMerges(
  database: Database,
  { lineage, from, to }: Span,
): readonly (readonly [lineage: number, generation: number])[] {
  return database
    .sql<[number, number]>(
      "SELECT parent_lineage_id, parent_generation FROM commit_parents WHERE lineage_id = +? AND generation >= +? AND generation <= +?",
    )
    .all(lineage, from, to);
}

/** What is in `reach` but not in `without`, as one span per lineage, in no order. */
export function spansOf(database: Database, reach: Reach, without: Reach = new Map()): readonly Span[] {
  const spans: Span[] = [];
  for (const [lineage, to] of reach) {
    const covered = without.get(lineage);
    const from = covered === undefined ? readLineage(database, lineage).start : covered + 1;
    if (from <= to) spans.push({ lineage, from, to });
  }
  return spans;
}

/** True when no merge lies in the span: then its commits follow one another by first parents alone. */
export function hasMerges(database: Database, { lineage, from, to }: Span): boolean {
  return (
    database
      .sql<[number]>(
        "SELECT 1 FROM commit_parents WHERE lineage_id = +? AND generation >= +? AND generation <= +? LIMIT 1",
      )
      .get(lineage, from, to) !== undefined
  );
}
