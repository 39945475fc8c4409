/** Search: the commits of the texts that have the words, best first. */
import type { SearchHit, SearchQuery } from "../store.ts";
import { commitCondition } from "./commit-filter.ts";
import { readCommitsById } from "./commit-rows.ts";
import { type Database, findTractId } from "./database.ts";
import { findPlace, type Reach, reaches, reachOf } from "./reach.ts";
import { type Candidate, readRings } from "./search-candidates.ts";
import { quoteTerms } from "./search-terms.ts";

interface Hit {
  readonly id: number;
  readonly rank: number;
}

export function search(database: Database, tract: string, query: SearchQuery): readonly SearchHit[] {
  const tractId = findTractId(database, tract);
  const words = quoteTerms(query.terms);
  if (tractId === null || words.length === 0 || query.limit <= 0) return [];
  let reach: Reach | null = null;
  if (query.head !== undefined) {
    const head = findPlace(database, tractId, query.head);
    if (head === null) return [];
    reach = reachOf(database, head);
  }
  const wanted = query.offset + query.limit;
  const hitsOf = hitReader(database, tractId, query, reach);
  const hits: Hit[] = [];
  for (const ring of readRings(database, words))
    for (const candidates of bestFirst(ring, wanted)) {
      for (const hit of hitsOf(candidates)) hits.push(hit);
      if (hits.length >= wanted) return describe(database, hits.slice(query.offset, wanted));
    }
  return describe(database, hits.slice(query.offset));
}

/** In parts of `count` or more: those of equal rank are in one, for only their commits tell which is the newer. */
function* bestFirst(
  ring: readonly Candidate[],
  count: number,
): Generator<readonly Candidate[], void, undefined> {
  const sorted = ring.toSorted((a, b) => a.rank - b.rank);
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    to = Math.min(from + count, sorted.length);
    while (sorted[to] !== undefined && sorted[to]?.rank === sorted[to - 1]?.rank) to++;
    yield sorted.slice(from, to);
  }
}

/** Gives the commits of contents that pass, best first; only what decides is read of them. */
function hitReader(
  database: Database,
  tractId: number,
  query: SearchQuery,
  reach: Reach | null,
): (candidates: readonly Candidate[]) => readonly Hit[] {
  const condition = commitCondition(query);
  const statement = database.sql<[content: number, id: number, lineage: number, generation: number]>(
    `SELECT s.content_id, c.id, c.lineage_id, c.generation FROM json_each(?) j
     CROSS JOIN search_commits s ON s.content_id = j.value CROSS JOIN commits c ON c.id = s.commit_id
     WHERE +c.tract_id = +?${condition.sql}`,
  );
  return (candidates) => {
    const ranks = new Map(candidates.map(({ content, rank }) => [content, rank]));
    return statement
      .all(JSON.stringify([...ranks.keys()]), tractId, ...condition.values)
      .filter(([, , lineage, generation]) => reach === null || reaches(reach, { lineage, generation }))
      .map(([content, id]) => ({ id, rank: ranks.get(content) ?? 0 }))
      .sort((a, b) => a.rank - b.rank || b.id - a.id);
  };
}

function describe(database: Database, hits: readonly Hit[]): readonly SearchHit[] {
  const commits = readCommitsById(
    database,
    hits.map(({ id }) => id),
  );
  return hits.flatMap(({ id, rank }) => {
    const commit = commits.get(id);
    return commit === undefined ? [] : [{ commit, score: -rank }];
  });
}
