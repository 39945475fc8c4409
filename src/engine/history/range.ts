/** Ranges of commits as callers write them: `a..b`. */
import { TractError } from "../errors.ts";

export interface RangeExpression {
  /** "HEAD" where nothing stands, as in git. */
  readonly from: string;
  readonly to: string;
}

/**
 * The two ends of `a..b`, or null for an expression without dots. No branch, tag or hash has `..` in its name.
 *
 * @throws TractError `invalid-argument` for anything but two ends.
 */
export function splitRange(expression: string): RangeExpression | null {
  const ends = expression.split("..");
  if (ends.length === 1) return null;
  const [from, to] = ends;
  if (ends.length === 2 && from !== undefined && to !== undefined && !to.startsWith("."))
    return { from: from.trim() || "HEAD", to: to.trim() || "HEAD" };
  throw new TractError("invalid-argument", "ref: expected a commit, or a range of two ends like a..b", {
    hint: "Name one commit on each side of two dots; three dots and chains of ranges are not known here.",
    data: { path: "ref" },
  });
}
