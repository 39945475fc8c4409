/** Finds the point in history that a compile is of: the head, and the annotations that were in force then (spec 2.1; spec 9, 16). */
import type { Hash, TractRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { resolveRef } from "../history/revision.ts";
import { findMoment, readMoment } from "./moment.ts";

export interface Point {
  /** null: the tract has not been written to. */
  readonly tract: TractRecord | null;
  /** null: unborn, then or now. */
  readonly head: Hash | null;
  /** null when the ref names no branch. */
  readonly branch: string | null;
  readonly annotationSequence: number;
}

/**
 * With `asOf` everything is what it was then: what HEAD, branches and tags meant, which commits there were, what was annotated.
 *
 * @throws TractError `not-found` or `ambiguous-ref` for the ref or `asOf`, `invalid-argument` for `asOf`.
 */
export async function resolvePoint(
  engine: Engine,
  request: {
    readonly ref?: string | undefined;
    readonly branch?: string | undefined;
    readonly asOf?: string | undefined;
  },
): Promise<Point> {
  const { ref, branch } = request;
  const moment = request.asOf === undefined ? null : readMoment(request.asOf);
  if (moment !== null) {
    const tract = await engine.store.findTract(engine.scope.tract);
    const operation = tract === null ? null : await findMoment(engine, tract, moment);
    const then = await resolveRef(engine, { ref, branch, asOf: operation?.sequence ?? 0 });
    const annotationSequence = operation?.annotationsTo ?? 0;
    return { tract, head: then.commit, branch: then.branch, annotationSequence };
  }
  // The ref first: annotations read after it then include those of the operation that moved it.
  const now = await resolveRef(engine, { ref, branch });
  const tract = await engine.store.findTract(engine.scope.tract);
  const annotationSequence = tract?.annotationSequence ?? 0;
  return { tract, head: now.commit, branch: now.branch, annotationSequence };
}
