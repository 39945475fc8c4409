/** Reads the times that callers bound a query with: since and until, both inclusive. */
import { TractError } from "../errors.ts";

export interface TimeBoundsRequest {
  /** ISO-8601; without a zone it is UTC; a date alone means its first moment. */
  readonly since?: string | undefined;
  /** As `since`, but a date alone means its last moment. */
  readonly until?: string | undefined;
}

/** ISO-8601 UTC with milliseconds, as rows have them; what was not given is left out. */
export interface TimeBounds {
  readonly since?: string;
  readonly until?: string;
}

/**
 * The bounds in the form of stored times.
 *
 * @throws TractError `invalid-argument` for what is no time, or bounds that nothing can lie between.
 */
export function readTimeBounds({ since, until }: TimeBoundsRequest): TimeBounds {
  const bounds = {
    ...(since === undefined ? {} : { since: readTime("since", since, "00:00:00.000") }),
    ...(until === undefined ? {} : { until: readTime("until", until, "23:59:59.999") }),
  };
  if (bounds.since !== undefined && bounds.until !== undefined && bounds.since > bounds.until) {
    throw new TractError("invalid-argument", `since: expected a time before until (${bounds.until})`, {
      hint: "Swap the two times, or leave one of them out.",
      data: { path: "since", ...bounds },
    });
  }
  return bounds;
}

const TIME = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|z|[+-]\d{2}:\d{2})?)?$/;

/** Written out instead of left to Date, which takes a missing zone for the machine's own and rolls 30 February over into March. */
function readTime(name: string, text: string, timeOfDate: string): string {
  const [, date, time, zone] = TIME.exec(text) ?? [];
  const day = date === undefined ? Number.NaN : Date.parse(`${date}T00:00:00.000Z`);
  const exists = !Number.isNaN(day) && new Date(day).toISOString().startsWith(`${date}`);
  const moment = exists
    ? Date.parse(`${date}T${time ?? timeOfDate}${zone?.toUpperCase() ?? "Z"}`)
    : Number.NaN;
  if (!Number.isNaN(moment)) return new Date(moment).toISOString();
  throw new TractError("invalid-argument", `${name}: expected a time in ISO-8601`, {
    hint: "Write it like 2026-03-01 or 2026-03-01T09:30:00Z; without a zone it is UTC.",
    data: { path: name, expected: "ISO-8601" },
  });
}
