/** Finds the two points in history that a diff is between (spec 3.1). */
import type { Encoding, Hash } from "../../storage/records.ts";
import { resolvePoint } from "../compile/point.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { splitRange } from "../history/range.ts";
import { resolveRef } from "../history/revision.ts";

export interface EndsRequest {
  /** Default: b's first parent; for an edit that is what its target showed before. A range `a..b` names both ends. */
  readonly a?: string | undefined;
  /** Default: HEAD. */
  readonly b?: string | undefined;
  /** What HEAD means; default: the worktree's branch. */
  readonly branch?: string | undefined;
}

/** Both are looked at with the annotations of one moment, so that only history differs. */
export interface Ends {
  /** null: before the first commit. */
  readonly a: Hash | null;
  /** null: unborn. */
  readonly b: Hash | null;
  readonly encoding: Encoding;
  readonly annotationSequence: number;
}

/** @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` (a range beside `b`). */
export async function readEnds(engine: Engine, request: EndsRequest): Promise<Ends> {
  const { branch } = request;
  const range = request.a === undefined ? null : splitRange(request.a);
  if (range !== null && request.b !== undefined) throw rangeAndEnd();
  const from = range?.from ?? request.a;
  const to = range?.to ?? request.b;
  const point = await resolvePoint(engine, { ref: to, branch });
  const a =
    from === undefined
      ? await readBefore(engine, point.head)
      : (await resolveRef(engine, { ref: from, branch })).commit;
  const encoding = point.tract?.encoding ?? engine.settings.encoding;
  return { a, b: point.head, encoding, annotationSequence: point.annotationSequence };
}

/** Just before an edit its target still showed what it showed, and all else is the same: so the first parent serves edits, too. */
async function readBefore({ scope, store }: Engine, commit: Hash | null): Promise<Hash | null> {
  if (commit === null) return null;
  const [row] = await store.readCommits(scope.tract, [commit]);
  return row?.parents[0] ?? null;
}

function rangeAndEnd(): TractError {
  return new TractError("invalid-argument", "a: a range a..b names both ends, but b is given too", {
    hint: "Give a range alone, or one commit each as a and b.",
    data: { path: "a" },
  });
}
