/** Lists what was done to a tract, newest first (spec 3.9). */
import { z } from "zod";
import type { Author, Hash, JsonObject, OperationRecord, RefMove } from "../../storage/records.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../cursor.ts";
import type { Engine } from "../engine.ts";
import { pagedQuery } from "../paged-query.ts";
import { resolveCommit } from "./revision.ts";
import { readSite } from "./snapshot.ts";

export interface OperationsRequest {
  /** Default 20, at most `limits.pageMax`. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  /** Only of this type: commit, branch, checkout, tag, annotate, import, undo. */
  readonly type?: string | undefined;
  /** Only those that made or used this commit (a ref). */
  readonly commit?: string | undefined;
}

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
 * A page of the operation log of the tract, newest first.
 *
 * @throws TractError `invalid-argument` (limit, or a cursor of another query), `not-found`, `ambiguous-ref` (commit).
 */
export async function operations(engine: Engine, request: OperationsRequest = {}): Promise<OperationsPage> {
  const { store, scope, limits } = engine;
  const limit = pageLimit(limits, request.limit);
  await readSite(engine, {}); // An unknown worktree is refused by every operation.
  const filter = {
    ...(request.type === undefined ? {} : { type: request.type }),
    ...(request.commit === undefined ? {} : { commit: await resolveCommit(engine, { ref: request.commit }) }),
  };
  const paged = pagedQuery(engine, "operations", filter);
  const before = request.cursor === undefined ? null : decodeCursor(request.cursor, paged, POSITION);
  // One more than asked tells whether there is a next page.
  const records = await store.readOperations(scope.tract, {
    ...filter,
    ...(before === null ? {} : { beforeSequence: before }),
    limit: limit + 1,
  });
  const page = records.slice(0, limit);
  const last = page.at(-1);
  return {
    operations: page.map(operationEntry),
    nextCursor: records.length > limit && last !== undefined ? encodeCursor(paged, last.sequence) : null,
  };
}

/** An operation as callers see it. */
export function operationEntry(record: OperationRecord): OperationEntry {
  const { id, type, worktree, author, branch, createdAt, refMoves, sources, results, params, undone } =
    record;
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
    // An undo names its operation by id in its params; `record.undoes` is only its place in the log.
    undoes: record.undoes !== null && typeof params.operation === "string" ? params.operation : null,
    undone,
  };
}

/** Sequence of the last operation shown. */
const POSITION = z.int().min(1);
