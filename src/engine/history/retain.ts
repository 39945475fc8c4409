/** Checks what a summary of a commit must still contain, as an annotation states it (spec 1.6). */
import { z } from "zod";
import type { JsonObject } from "../../storage/records.ts";
import { TractError } from "../errors.ts";
import type { Limits } from "../limits.ts";

/** What must survive when a commit is summarised. */
export interface Retain {
  /** In words, for whoever writes the summary. */
  readonly instructions?: string | undefined;
  /** Texts or regular expressions that the summary must match. */
  readonly patterns?: readonly string[] | undefined;
  /** How patterns are matched. Default: substring. */
  readonly mode?: "substring" | "regex" | undefined;
}

/**
 * The rule as it is stored: the mode filled in, nothing empty.
 *
 * @throws TractError `invalid-argument` for an unknown or wrong field, an empty rule, or a pattern that is no regular expression.
 */
export function readRetain(limits: Limits, retain: unknown): JsonObject {
  const parsed = schemaOf(limits).safeParse(retain);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(["retain", ...(issue?.path.map(String) ?? [])].join("."), issue?.message ?? "not valid");
  }
  const { instructions, patterns, mode } = parsed.data;
  if (instructions === undefined && patterns === undefined)
    throw invalid("retain", "expected instructions, patterns, or both");
  if (mode === "regex")
    for (const [i, pattern] of (patterns ?? []).entries()) checkRegex(pattern, `retain.patterns.${i}`);
  return {
    ...(instructions === undefined ? {} : { instructions }),
    ...(patterns === undefined ? {} : { patterns }),
    mode,
  };
}

/** A longer pattern is hardly one that a person wrote. */
const PATTERN_CHARS_MAX = 1_000;

function schemaOf(limits: Limits): z.ZodType<Omit<Retain, "mode"> & { mode: "substring" | "regex" }> {
  const text = z.string().refine((value) => value.isWellFormed(), "expected well-formed Unicode");
  return z.strictObject({
    instructions: text.min(1).max(limits.messageCharsMax).optional(),
    patterns: z.array(text.min(1).max(PATTERN_CHARS_MAX)).min(1).max(limits.labelsMax).optional(),
    mode: z.enum(["substring", "regex"]).default("substring"),
  });
}

/** Compiling is safe; matching needs a time limit, and is not done here. */
function checkRegex(pattern: string, path: string): void {
  try {
    new RegExp(pattern, "u");
  } catch {
    throw invalid(path, "expected a regular expression of JavaScript (flag u)");
  }
}

function invalid(path: string, message: string): TractError {
  return new TractError("invalid-argument", `${path}: ${message}`, {
    hint: "retain is { instructions?, patterns?: string[], mode: substring | regex }; nothing was stored.",
    data: { path },
  });
}
