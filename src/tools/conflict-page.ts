/** What a merge tells, cut to what one result can hold: of conflicts there may be as many as messages, and each tells the texts of three sides. */
import { z } from "zod";
import { decodeCursor, encodeCursor } from "../engine/cursor.ts";
import type { Engine } from "../engine/engine.ts";
import type { Conflict } from "../engine/merge/material.ts";
import type { MergeResult, ResolutionEntry } from "../engine/merge/merge-types.ts";
import { pagedQuery } from "../engine/paged-query.ts";
import type { Hash } from "../storage/records.ts";

/** Conflicts, and resolutions and their commits, told in one result. */
const CONFLICTS_PAGE = 100;

export interface MadeOfConflicts {
  /** The first of them; the commits of all follow the merge commit, and log lists them. */
  readonly resolutions: readonly ResolutionEntry[];
  readonly resolutionCount: number;
  readonly edits: readonly Hash[];
  readonly editCount: number;
}

/** What became of conflicts, as far as one result tells it. */
export function madeOfConflicts({ resolutions, edits }: MergeResult): MadeOfConflicts {
  return {
    resolutions: resolutions.slice(0, CONFLICTS_PAGE),
    resolutionCount: resolutions.length,
    edits: edits.slice(0, CONFLICTS_PAGE),
    editCount: edits.length,
  };
}

export interface ConflictPage {
  readonly conflicts: readonly Conflict[];
  /** On all pages together. */
  readonly conflictCount: number;
  /** null: these are the last, or the merge is done. */
  readonly nextCursor: string | null;
}

/**
 * A page of a result's conflicts.
 *
 * @param request What the merge was asked for, without the cursor: a cursor goes on only there, and while the branch has not moved.
 * @throws TractError `invalid-argument` for a cursor that is none, or of another merge.
 */
export function conflictPage(
  engine: Engine,
  { conflicts, head, operationId }: MergeResult,
  request: object,
  cursor: string | undefined,
): ConflictPage {
  const paged = pagedQuery(engine, "conflicts", { ...request, head });
  const from = cursor === undefined ? 0 : decodeCursor(cursor, paged, z.int().min(0));
  const to = from + CONFLICTS_PAGE;
  const isMore = operationId === null && to < conflicts.length;
  return {
    conflicts: conflicts.slice(from, to),
    conflictCount: conflicts.length,
    nextCursor: isMore ? encodeCursor(paged, to) : null,
  };
}
