/** Runs regular expressions that callers wrote, all of one check under one time limit (spec 1.6). */
import { type Context, createContext, Script } from "node:vm";

/** A pattern of JavaScript (flag u) and the text to search. */
export interface PatternSearch {
  readonly pattern: string;
  readonly text: string;
  /** A second text, of which only is asked whether the pattern matches it. */
  readonly other: string;
}

export interface PatternFinding {
  /** Distinct matches in `text` that are not empty, in order. */
  readonly matches: readonly string[];
  readonly isInOther: boolean;
}

/** For all patterns of one check together; milliseconds. An honest pattern needs less than one of them. */
const SEARCH_TIME_MS_MAX = 1_000;
/** A pattern with more distinct matches in one commit says nothing about what matters. */
const MATCHES_MAX = 2_000;

/**
 * Searches one after the other, all of them within `timeMsMax` milliseconds.
 *
 * @returns one finding per search; fewer when a pattern cost too much: it is the one after the last finding, and those behind it were not run.
 */
export function searchPatterns(
  searches: readonly PatternSearch[],
  timeMsMax: number = SEARCH_TIME_MS_MAX,
): readonly PatternFinding[] {
  const findings: PatternFinding[] = [];
  if (searches.length === 0) return findings;
  // V8 can stop a regular expression in the middle, but only for code that is run with a time limit: this fixed text is all that is.
  const work = (): void => {
    for (const search of searches) {
      const finding = find(search);
      if (finding === null) return;
      findings.push(finding);
    }
  };
  place ??= createContext({});
  place.work = work;
  try {
    WORK.runInContext(place, { timeout: timeMsMax });
  } catch (error) {
    if (!isOutOfBounds(error)) throw error;
  } finally {
    // It outlives the call, and must not keep its texts.
    place.work = null;
  }
  return findings;
}

const WORK = new Script("work()");
/** Making one takes longer than most searches; nothing but `work` is ever put into it, and no two searches run at a time. */
let place: Context | null = null;

function find({ pattern, text, other }: PatternSearch): PatternFinding | null {
  const matches = new Set<string>();
  for (const [match] of text.matchAll(new RegExp(pattern, "gu"))) {
    if (match !== "") matches.add(match);
    if (matches.size > MATCHES_MAX) return null;
  }
  return { matches: [...matches], isInOther: new RegExp(pattern, "u").test(other) };
}

/** The time is up, or the pattern needs more stack than there is. The first error is made in the other context, whose Error is not ours. */
function isOutOfBounds(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  if (typeof error !== "object" || error === null) return false;
  return "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
