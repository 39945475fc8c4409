/** Which names tracts and worktrees may have: any that a person can read and a file can hold without loss. */
import { TractError } from "./errors.ts";

const NAME_CHARS_MAX = 200;

/**
 * Holds the name of a tract or worktree against the rules.
 *
 * @throws TractError `invalid-name`; the message says which rule.
 */
export function checkScopeName(kind: "tract" | "worktree", name: string): void {
  const rule = brokenRule(name);
  if (rule === null) return;
  throw new TractError("invalid-name", `this cannot name a ${kind}: ${rule}`, {
    hint: `Choose another name for the ${kind}, for example letters and digits joined by -.`,
    data: { kind, rule },
  });
}

function brokenRule(name: unknown): string | null {
  if (typeof name !== "string") return "a name is a text";
  if (name.trim() === "") return "a name is not empty";
  if (name !== name.trim()) return "a name does not begin or end with white space";
  if (name.length > NAME_CHARS_MAX) return `a name has at most ${NAME_CHARS_MAX} characters`;
  if (!name.isWellFormed()) return "a name is well-formed Unicode";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return /[\u0000-\u001f\u007f]/.test(name) ? "a name has no control characters" : null;
}
