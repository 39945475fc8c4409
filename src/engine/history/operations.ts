/** Lists what was done to a tract, newest first or by tokens (spec 3.9; spec 9, 18). */
import { z } from "zod";
import type { Author, Hash, JsonObject, OperationRecord, RefMove } from "../../storage/records.ts";
import { decodeCursor, encodeCursor, type PagedQuery, pageLimit } from "../cursor.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { pagedQuery } from "../paged-query.ts";
import { resolveCommit } from "./revision.ts";
import { readSite } from "./snapshot.ts";

export interface OperationsRequest {
  /** Default 20, at most `limits.pageMax`. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  /** Only of this type: commit, branch, checkout, tag, annotate, undo and so on. */
  readonly type?: string | undefined;
  /** Only those that moved this branch; when it was made and renamed, too. */
  readonly branch?: string | undefined;
  /** Only those that made or used this commit (a ref). */
  readonly commit?: string | undefined;
  /** Only operations that replaced something, largest first; `ratio` is how many tokens there were for each that is left. */
  readonly sort?: OperationSort | undefined;
  /** Only those that replaced at least so many tokens. */
  readonly originalTokensMin?: number | undefined;
}
export type OperationSort = "original_tokens" | "compressed_tokens" | "ratio";

export interface OperationEntry {
  readonly id: string;
  readonly type: string;
  readonly worktree: string;
  readonly author: Author;
  readonly branch: string | null;
  readonly createdAt: string;
  readonly refMoves: readonly RefMove[];
  /** How many annotation rows it wrote. */
  readonly annotations: number;
  readonly sources: readonly Hash[];
  readonly results: readonly Hash[];
  readonly params: JsonObject;
  /** Of what it replaced, and of what stands there now; only on operations that replace something. */
  readonly originalTokens?: number;
  readonly compressedTokens?: number;
  /** Of an undo: the operation that it undid. */
  readonly undoes: string | null;
  /** True while an undo of it stands. */
  readonly undone: boolean;
}

export interface OperationsPage {
  readonly operations: readonly OperationEntry[];
  /** null: this was the last page. */
  readonly nextCursor: string | null;
}

/**
 * A page of the operation log of the tract.
 *
 * @throws TractError `invalid-argument` (limit, original_tokens_min, or a cursor of another query), `not-found` (branch, commit), `ambiguous-ref`.
 */
export async function operations(engine: Engine, request: OperationsRequest = {}): Promise<OperationsPage> {
  const { store, scope, limits } = engine;
  const limit = pageLimit(limits, request.limit);
  const { branch } = request;
  const { tract } = await readSite(engine, { branch }); // An unknown worktree is refused by every operation.
  const filter = {
    ...(request.type === undefined ? {} : { type: request.type }),
    ...(branch === undefined ? {} : { ref: { kind: "branch" as const, name: branch } }),
    ...(request.commit === undefined ? {} : { commit: await resolveCommit(engine, { ref: request.commit }) }),
    ...(request.sort === undefined ? {} : { sort: request.sort }),
    ...readLeast(request.originalTokensMin),
  };
  const paged = pagedQuery(engine, "operations", filter);
  const position =
    request.cursor === undefined
      ? { before: (tract?.operationSequence ?? 0) + 1, offset: 0 }
      : toPosition(request.cursor, paged, request.sort);
  // One more than asked tells whether there is a next page.
  const records = await store.readOperations(scope.tract, {
    ...filter,
    beforeSequence: position.before,
    offset: position.offset,
    limit: limit + 1,
  });
  const page = records.slice(0, limit);
  const last = page.at(-1);
  if (records.length <= limit || last === undefined)
    return { operations: page.map(operationEntry), nextCursor: null };
  const next = request.sort === undefined ? last.sequence : [position.before, position.offset + limit];
  return { operations: page.map(operationEntry), nextCursor: encodeCursor(paged, next) };
}

/** @throws TractError `invalid-argument`. */
function readLeast(least: number | undefined): { readonly originalTokensMin?: number } {
  if (least === undefined) return {};
  if (Number.isSafeInteger(least) && least >= 0) return { originalTokensMin: least };
  throw new TractError("invalid-argument", "original_tokens_min: expected a whole number of tokens", {
    hint: "Give a number from 0 on, or leave it out to list all operations.",
    data: { path: "original_tokens_min", expected: "0 or more" },
  });
}

interface Position {
  /** Sequence below which the page is looked for. */
  readonly before: number;
  /** How many of them to pass over. */
  readonly offset: number;
}

/** Pages go on from the last operation shown; sorted ones from a place among the operations that there were at the first page. */
function toPosition(cursor: string, paged: PagedQuery, sort: OperationSort | undefined): Position {
  if (sort === undefined) return { before: decodeCursor(cursor, paged, SEQUENCE), offset: 0 };
  const [before, offset] = decodeCursor(cursor, paged, SORTED_POSITION);
  return { before, offset };
}

const SEQUENCE = z.int().min(1);
const SORTED_POSITION = z.tuple([z.int().min(1), z.int().min(0)]);

/** An operation as callers see it. */
export function operationEntry(record: OperationRecord): OperationEntry {
  const { id, type, worktree, author, branch, createdAt, refMoves, sources, results, params, undone } =
    record;
  const { originalTokens, compressedTokens } = record;
  return {
    id,
    type,
    worktree,
    author,
    branch,
    createdAt,
    refMoves,
    annotations: record.annotationsTo - record.annotationsFrom,
    sources,
    results,
    params,
    ...(originalTokens === null ? {} : { originalTokens }),
    ...(compressedTokens === null ? {} : { compressedTokens }),
    // An undo names its operation by id in its params; `record.undoes` is only its place in the log.
    undoes: record.undoes !== null && typeof params.operation === "string" ? params.operation : null,
    undone,
  };
}
