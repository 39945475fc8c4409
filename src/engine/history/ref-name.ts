/** Which names branches and tags may have: git's check-ref-format rules, and none that our refs mean otherwise (spec 3.2). */
import { TractError } from "../errors.ts";
import type { Limits } from "../limits.ts";

/**
 * Holds a new name against the rules.
 *
 * @throws TractError `invalid-name`; the message says which rule.
 */
export function checkRefName(limits: Limits, name: string, kind: "branch" | "tag"): void {
  const rule = brokenNameRule(name, limits.refNameCharsMax);
  if (rule === null) return;
  throw new TractError("invalid-name", `${JSON.stringify(shown(name))} cannot name a ${kind}: ${rule}`, {
    hint: "Choose another name, for example letters and digits joined by - or /.",
    data: { name: shown(name), rule },
  });
}

/** The rule that a name breaks, in words; null when it may be used. */
export function brokenNameRule(name: string, charsMax: number): string | null {
  if (name.length > charsMax) return `a name has at most ${charsMax} characters`;
  return RULES.find(({ isBroken }) => isBroken(name))?.rule ?? null;
}

/** What a name may become a warning for: it is allowed, and hides something else that could be meant. */
export function nameWarnings(name: string): readonly string[] {
  return /^[0-9a-f]{4,63}$/i.test(name)
    ? [`${JSON.stringify(name)} can also be the start of a commit hash; as a ref it means the name`]
    : [];
}

interface NameRule {
  readonly rule: string;
  readonly isBroken: (name: string) => boolean;
}

/** In the order in which they are told. */
const RULES: readonly NameRule[] = [
  { rule: "a name is not empty", isBroken: (name) => name === "" },
  { rule: "a name is well-formed Unicode", isBroken: (name) => !name.isWellFormed() },
  {
    rule: "a name has no control characters",
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    isBroken: (name) => /[\u0000-\u001f\u007f]/.test(name),
  },
  { rule: "a name has no spaces", isBroken: (name) => name.includes(" ") },
  { rule: "a name has none of ~ ^ : ? * [ and \\", isBroken: (name) => /[~^:?*[\\]/.test(name) },
  { rule: "a name has no two dots in a row", isBroken: (name) => name.includes("..") },
  { rule: "a name has no @{", isBroken: (name) => name.includes("@{") },
  { rule: "@ alone means HEAD", isBroken: (name) => name === "@" },
  { rule: "a name does not begin with -", isBroken: (name) => name.startsWith("-") },
  {
    rule: "a name does not begin or end with / and has no two of them in a row",
    isBroken: (name) => name.startsWith("/") || name.endsWith("/") || name.includes("//"),
  },
  { rule: "a name does not end with a dot", isBroken: (name) => name.endsWith(".") },
  { rule: "no part of a name begins with a dot", isBroken: (name) => /(?:^|\/)\./.test(name) },
  { rule: "no part of a name ends with .lock", isBroken: (name) => /\.lock(?:\/|$)/.test(name) },
  {
    rule: "HEAD and ORIG_HEAD have a meaning of their own",
    isBroken: (name) => /^(?:ORIG_)?HEAD$/.test(name),
  },
  { rule: "64 hex digits mean a commit", isBroken: (name) => /^[0-9a-f]{64}$/i.test(name) },
];

const NAME_CHARS_SHOWN = 100;

function shown(name: string): string {
  return name.slice(0, NAME_CHARS_SHOWN).toWellFormed();
}
