/** Finds commits by their words, best first, with snippets and the messages around them (spec 3.1, 7.2). */
import { z } from "zod";
import type { Hash, Role } from "../../storage/records.ts";
import type { SearchHit, SearchQuery } from "../../storage/store.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../cursor.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { type CommitFilterRequest, readCommitFilter } from "../history/commit-filter.ts";
import { resolveRef } from "../history/revision.ts";
import { pagedQuery } from "../paged-query.ts";
import { catchUpSearchIndex } from "./catch-up.ts";
import { gatherHits, readBudget } from "./gather-hits.ts";
import { rankTogether } from "./rank.ts";
import { searchTerms } from "./terms.ts";

export interface SearchRequest extends CommitFilterRequest {
  /** Any text: its words are looked for, a commit needs only one of them. Operators, quotes and the like mean nothing. */
  readonly query: string;
  /** Only commits reachable from here. Default: the whole tract, every branch. */
  readonly ref?: string | undefined;
  /** What HEAD means in `ref`. */
  readonly branch?: string | undefined;
  /** Hits of a page. Default: 10; with `budgetTokens` as many as fit. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  /** Messages to show before and after each hit: 0 to 5, default 1. */
  readonly neighbours?: number | undefined;
  /** Most tokens that the texts of a page may have; hits are left for the next page from the end. */
  readonly budgetTokens?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Neighbour {
  readonly hash: Hash;
  readonly role: Role | null;
  /** -1 is the message directly before the hit, 1 directly after it. */
  readonly position: number;
  /** The beginning of what it shows now. */
  readonly snippet: string;
}

export interface FoundCommit {
  readonly hash: Hash;
  /** Higher is better; comparable within one answer only. */
  readonly score: number;
  /** The part of the text around the words, which stand between « and ». */
  readonly snippet: string;
  readonly contentType: string | null;
  readonly role: Role | null;
  readonly branch: string;
  readonly createdAt: string;
  /** For an edit: the commit that shows this text. */
  readonly editTarget: Hash | null;
  /** The edit that compile shows in place of this text; null when the text is what shows. */
  readonly supersededBy: Hash | null;
  /** Oldest first. A page shows each message once: one that is a hit too stands there. */
  readonly neighbours: readonly Neighbour[];
}

export interface SearchResult {
  readonly hits: readonly FoundCommit[];
  readonly nextCursor: string | null;
  /** The words that were looked for. */
  readonly terms: readonly string[];
  /** What the caller should know about an answer that is not whole; else null. */
  readonly note: string | null;
}

/**
 * Searches the tract. What was committed a moment ago is found: the index catches up first.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` (limits, times, content type, a cursor of another query),
 *   `budget-too-small` (the first hit alone is larger; data says how large), `cancelled`.
 */
export async function search(engine: Engine, request: SearchRequest): Promise<SearchResult> {
  const { limits } = engine;
  const { cursor, limit: _, signal, ...query } = request;
  const neighbours = readNeighbours(request.neighbours);
  const budgetTokens = readBudget(request.budgetTokens);
  const limit = pageLimit(
    limits,
    request.limit ?? (request.budgetTokens === undefined ? HITS_DEFAULT : limits.pageMax),
  );
  const filter = await readCommitFilter(engine, request);
  const paged = pagedQuery(engine, "search", {
    ...query,
    query: query.query.slice(0, limits.searchQueryCharsMax),
  });
  const offset = cursor === undefined ? 0 : decodeCursor(cursor, paged, POSITION);
  const terms = searchTerms(request.query, limits);
  const head = request.ref === undefined ? undefined : (await resolveRef(engine, request)).commit;
  if (terms.length === 0) return nothing("the query has no words to look for");
  if (head === null) return nothing("this branch has no commits yet");
  await catchUpSearchIndex(engine, { signal });
  const found = await readRanked(engine, { ...filter, terms, ...(head && { head }) }, { offset, limit });
  const hits = await gatherHits(engine, found.hits, {
    terms,
    neighbours,
    head: head ?? null,
    budgetTokens,
  });
  return {
    hits,
    nextCursor:
      found.hasMore || found.hits.length > hits.length ? encodeCursor(paged, offset + hits.length) : null,
    terms,
    note: readNote(engine, request.query),
  };
}

const HITS_DEFAULT = 10;
const NEIGHBOURS_DEFAULT = 1;
const NEIGHBOURS_MAX = 5;
const POSITION: z.ZodType<number> = z.int().min(0);

interface RankedPage {
  readonly hits: readonly SearchHit[];
  readonly hasMore: boolean;
}

/** The first `pageMax` hits are ranked together; who pages on beyond them gets the rest as the store ranks it. */
async function readRanked(
  { limits, scope, store }: Engine,
  query: Omit<SearchQuery, "offset" | "limit">,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<RankedPage> {
  const { pageMax } = limits;
  if (offset >= pageMax) {
    const hits = await store.search(scope.tract, { ...query, offset, limit: limit + 1 });
    return { hits: hits.slice(0, limit), hasMore: hits.length > limit };
  }
  const best = await store.search(scope.tract, { ...query, offset: 0, limit: pageMax + 1 });
  const end = Math.min(offset + limit, pageMax);
  return { hits: rankTogether(best.slice(0, pageMax)).slice(offset, end), hasMore: best.length > end };
}

function nothing(note: string): SearchResult {
  return { hits: [], nextCursor: null, terms: [], note };
}

function readNote({ limits, store }: Engine, query: string): string | null {
  if (query.length > limits.searchQueryCharsMax)
    return `only the first ${limits.searchQueryCharsMax} characters of the query were looked for`;
  return store.isReadonly
    ? "the store is read-only: what was committed since it was last searched is not found"
    : null;
}

function readNeighbours(neighbours = NEIGHBOURS_DEFAULT): number {
  if (Number.isSafeInteger(neighbours) && neighbours >= 0 && neighbours <= NEIGHBOURS_MAX) return neighbours;
  throw new TractError(
    "invalid-argument",
    `neighbours: expected a whole number from 0 to ${NEIGHBOURS_MAX}`,
    {
      hint: "Show more of the history around a hit with show and a range.",
      data: { path: "neighbours", expected: `0 to ${NEIGHBOURS_MAX}` },
    },
  );
}
