/** Collects what annotations say that a summary must still contain (spec 1.6), and which commits no strategy may touch. */
import type { AnnotationRecord, Hash, JsonObject } from "../../storage/records.ts";
import { type Entry, textOf } from "../compile/entry.ts";
import { searchPatterns } from "./match-pattern.ts";

/** A rule of `annotate`, with the commit it is about. */
export interface RetainRule {
  readonly commit: Hash;
  /** For whoever writes the summary; belongs into the must-keep list and the prompt (spec 9, 28). */
  readonly instructions: string | null;
  readonly patterns: readonly string[];
  readonly mode: "substring" | "regex";
  /** What the commit says: the matches of the patterns in it must survive. */
  readonly text: string;
}

/** The newest annotation of each commit that has one; a draft's `annotations`. */
export interface Annotations {
  readonly get: (commit: Hash) => AnnotationRecord | undefined;
}

/** The rules of entries in their order; of an edited commit both its own and that of the edit that speaks for it. */
export function retainRulesOf(entries: readonly Entry[], annotations: Annotations): readonly RetainRule[] {
  return entries.flatMap((entry) =>
    rulesAbout(entry, annotations).map((rule) => ({
      ...readRule(rule),
      commit: entry.hash,
      text: textOf(entry),
    })),
  );
}

/** What the patterns of the rules match in their commits, distinct: with these word for word in it, a summary meets the rules that can be met. */
export function retainedTexts(rules: readonly RetainRule[]): readonly string[] {
  const literal = rules.flatMap(({ mode, patterns }) => (mode === "substring" ? patterns : []));
  const searches = rules.flatMap(({ mode, patterns, text }) =>
    mode === "regex" ? patterns.map((pattern) => ({ pattern, text, other: "" })) : [],
  );
  return [...new Set([...literal, ...searchPatterns(searches).flatMap(({ matches }) => matches)])];
}

/** For `mask` and `dedupe`: true for what is pinned or important, and for what has a retain rule. */
export function protectionBy(annotations: Annotations): (entry: Entry) => boolean {
  return (entry) =>
    entry.priority === "pinned" ||
    entry.priority === "important" ||
    rulesAbout(entry, annotations).length > 0;
}

function rulesAbout({ place }: Entry, annotations: Annotations): readonly JsonObject[] {
  const commits = new Set([place.commit.hash, place.shown.commit.hash]);
  return [...commits].flatMap((commit) => {
    const retain = annotations.get(commit)?.retain ?? null;
    return retain === null ? [] : [retain];
  });
}

/** `annotate` stored it checked, so that other fields than these are not there. */
function readRule(rule: JsonObject): Pick<RetainRule, "instructions" | "patterns" | "mode"> {
  const { instructions, patterns, mode } = rule;
  return {
    instructions: typeof instructions === "string" ? instructions : null,
    patterns: Array.isArray(patterns) ? patterns.filter((pattern) => typeof pattern === "string") : [],
    mode: mode === "regex" ? "regex" : "substring",
  };
}
