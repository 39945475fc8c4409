/** Makes a branch name out of any text: what a name may not have becomes a dash (spec 3.2). */
import { brokenNameRule } from "../history/ref-name.ts";

/**
 * @param text a file name, a task id, anything.
 * @param fallback a valid name, for a text of which nothing can stand in one.
 * @returns a name of at most `BRANCH_NAME_CHARS_MAX` characters; the same text gives the same name.
 */
export function toBranchName(text: string, fallback: string): string {
  const name = text
    .slice(0, BRANCH_NAME_CHARS_MAX)
    .toWellFormed() // The cut may have split a pair.
    .replace(REFUSED, "-")
    .replaceAll("@{", "-")
    .replace(/\.{2,}/g, ".")
    .replace(/-{2,}/g, "-")
    .replace(/^[-.]+/, "")
    .replace(/(?:[-.]|\.lock)+$/, "");
  return brokenNameRule(name, BRANCH_NAME_CHARS_MAX) === null ? name : fallback;
}

/** Leaves room for a numeric suffix below `limits.refNameCharsMax`. */
const BRANCH_NAME_CHARS_MAX = 100;

/** Controls, spaces and what git gives a meaning; a slash would make folders out of one transcript. */
const REFUSED = /[\p{Cc}\p{Z}\ufffd~^:?*[\\/]/gu;
