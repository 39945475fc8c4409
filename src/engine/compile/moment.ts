/** Reads `as_of`: a time, the id of an operation or `@{n}`, and finds the newest operation of that moment (spec 2.1; spec 9, 16). */
import type { OperationRecord, TractRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { readTimeBounds } from "../history/time-bounds.ts";

export type Moment =
  | { readonly kind: "time"; readonly time: string }
  | { readonly kind: "ago"; readonly operations: number }
  | { readonly kind: "operation"; readonly id: string };

/** A ULID or the first characters of one: its alphabet has no I, L, O and U, and its first digit is at most 7. */
const OPERATION_ID = /^[0-7][0-9A-HJKMNP-TV-Z]{7,25}$/;
const ID_CHARS = 26;

/** @throws TractError `invalid-argument`, naming the three forms. */
export function readMoment(asOf: string): Moment {
  const ago = /^@\{(\d{1,9})\}$/.exec(asOf);
  if (ago) return { kind: "ago", operations: Number(ago[1]) };
  if (/^\d{4}-\d{2}/.test(asOf)) return { kind: "time", time: readTime(asOf) };
  const id = asOf.toUpperCase();
  if (OPERATION_ID.test(id)) return { kind: "operation", id };
  throw invalidMoment();
}

/**
 * The newest operation of that moment; null when the moment is before the first.
 *
 * @throws TractError `not-found`, `ambiguous-ref` with the ids that an operation's first characters fit.
 */
export async function findMoment(
  engine: Engine,
  tract: TractRecord,
  moment: Moment,
): Promise<OperationRecord | null> {
  switch (moment.kind) {
    case "time":
      return await engine.store.findOperationAt(tract.name, moment.time);
    case "ago":
      return await operationsAgo(engine, tract, moment.operations);
    case "operation":
      return (
        (await engine.store.findOperation(tract.name, moment.id)) ??
        (await refuseOperation(engine, tract, moment.id))
      );
  }
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
    hint: "Write it like 2026-03-01T09:30:00Z, 01J9Z3K7Q8 (its id, which status shows) or @{2} for two operations ago.",
    data: { path: "as_of", expected: ["ISO-8601 time", "operation id", "@{n}"] },
  });
}

async function operationsAgo(engine: Engine, tract: TractRecord, n: number): Promise<OperationRecord | null> {
  const sequence = tract.operationSequence - n;
  if (sequence < 0) {
    throw new TractError(
      "not-found",
      `as_of: @{${n}} goes beyond the first of ${tract.operationSequence} operations`,
      {
        hint: "Use a smaller number; status shows what was done last.",
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

async function refuseOperation(engine: Engine, tract: TractRecord, id: string): Promise<never> {
  const candidates = id.length === ID_CHARS ? [] : await idsFrom(engine, tract, id);
  if (candidates.length > 0) {
    throw new TractError("ambiguous-ref", `as_of: ${id} is the start of several operation ids`, {
      hint: "Use more characters of the id.",
      data: { path: "as_of", operation: id, candidates },
    });
  }
  throw new TractError("not-found", `as_of: there is no operation ${id}`, {
    hint: "Take the id from status, or submission_id from query_ledger; at least 8 of its first characters are needed.",
    data: { path: "as_of", operation: id },
  });
}

/** Some ids that begin so, newest first. Ids rise with the log, but for writers that overtook one another by a few operations. */
async function idsFrom(engine: Engine, tract: TractRecord, prefix: string): Promise<readonly string[]> {
  const { store, limits } = engine;
  const found: string[] = [];
  let beforeSequence = tract.operationSequence + 1;
  while (found.length < limits.suggestionsMax) {
    const page = await store.readOperations(tract.name, { beforeSequence, limit: limits.pageMax });
    const fitting = page.flatMap(({ id }) => (id.startsWith(prefix) ? [id] : []));
    found.push(...fitting);
    const last = page.at(-1);
    if (last === undefined || (fitting.length === 0 && last.id < prefix)) break;
    beforeSequence = last.sequence;
  }
  return found.slice(0, limits.suggestionsMax);
}
