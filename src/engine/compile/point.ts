/** Finds the point in history that a compile is of: the head, and the annotations that were in force then (spec 2.1; spec 9, 16). */
import type { Hash, OperationRecord, TractRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { resolveRef } from "../history/revision.ts";
import { readTimeBounds } from "../history/time-bounds.ts";

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
 * @throws TractError `not-found` or `ambiguous-ref` for the ref, `not-found` or `invalid-argument` for `asOf`.
 */
export async function resolvePoint(
  engine: Engine,
  request: {
    readonly ref?: string | undefined;
    readonly branch?: string | undefined;
    readonly asOf?: string | undefined;
  },
): Promise<Point> {
  // The ref first: annotations read after it then include those of the operation that moved it.
  const now = await resolveRef(engine, { ref: request.ref, branch: request.branch });
  const tract = await engine.store.findTract(engine.scope.tract);
  if (request.asOf === undefined || tract === null) {
    if (request.asOf !== undefined) readMoment(request.asOf);
    return {
      tract,
      head: now.commit,
      branch: now.branch,
      annotationSequence: tract?.annotationSequence ?? 0,
    };
  }
  const operation = await findOperation(engine, tract, request.asOf);
  if (operation === null) return { tract, head: null, branch: now.branch, annotationSequence: 0 };
  const head = now.branch === null ? now.commit : await headAsOf(engine, now.branch, operation.sequence);
  return { tract, head, branch: now.branch, annotationSequence: operation.annotationsTo };
}

async function headAsOf(engine: Engine, branch: string, sequence: number): Promise<Hash | null> {
  const value = await engine.store.readRefAsOf(engine.scope.tract, "branch", branch, sequence);
  return value !== null && "commit" in value ? value.commit : null;
}

type Moment =
  | { readonly kind: "time"; readonly time: string }
  | { readonly kind: "ago"; readonly operations: number }
  | { readonly kind: "operation"; readonly id: string };

function readMoment(asOf: string): Moment {
  const ago = /^@\{(\d{1,9})\}$/.exec(asOf);
  if (ago) return { kind: "ago", operations: Number(ago[1]) };
  if (/^\d{4}-\d{2}/.test(asOf)) return { kind: "time", time: readTime(asOf) };
  if (/^[0-9A-Za-z]{8,26}$/.test(asOf)) return { kind: "operation", id: asOf };
  throw invalidMoment();
}

/** A date alone means its end. */
function readTime(text: string): string {
  try {
    return readTimeBounds({ until: text }).until ?? text;
  } catch {
    throw invalidMoment(); // The reader's own error names another argument.
  }
}

function invalidMoment(): TractError {
  return new TractError("invalid-argument", "as_of: expected a time, an operation id or @{n}", {
    hint: "Write it like 2026-03-01T09:30:00Z, 01J9Z3K7Q8 (see operations) or @{2} for two operations ago.",
    data: { path: "as_of" },
  });
}

/** The newest operation of that moment; null when the moment is before the first. */
async function findOperation(
  engine: Engine,
  tract: TractRecord,
  asOf: string,
): Promise<OperationRecord | null> {
  const moment = readMoment(asOf);
  switch (moment.kind) {
    case "time":
      return await engine.store.findOperationAt(tract.name, moment.time);
    case "ago":
      return await operationsAgo(engine, tract, moment.operations);
    case "operation": {
      const operation = await engine.store.findOperation(tract.name, moment.id);
      if (operation !== null) return operation;
      throw new TractError("not-found", `as_of: there is no operation ${JSON.stringify(moment.id)}`, {
        hint: "See operations for the ids; at least 8 of their first characters are needed.",
        data: { path: "as_of", operation: moment.id },
      });
    }
  }
}

async function operationsAgo(engine: Engine, tract: TractRecord, n: number): Promise<OperationRecord | null> {
  const sequence = tract.operationSequence - n;
  if (sequence < 0) {
    throw new TractError(
      "not-found",
      `as_of: @{${n}} goes beyond the first of ${tract.operationSequence} operations`,
      {
        hint: "Use a smaller number, or look at operations.",
        data: { path: "as_of", operations: tract.operationSequence },
      },
    );
  }
  const [operation] = await engine.store.readOperations(tract.name, {
    beforeSequence: sequence + 1,
    limit: 1,
  });
  return operation ?? null;
}
