/** Judges a summary before it is accepted: what it must contain, what it lost, and what is put back verbatim (spec 3.5, Guard). */
import type { Hash } from "../../storage/records.ts";
import { factFinder } from "./fact-presence.ts";
import { FACT_KINDS, type Fact, type FactKind, factsIn, mentionsIn } from "./facts.ts";
import { searchPatterns } from "./match-pattern.ts";
import { type Piece, saidBy } from "./material.ts";
import type { RetainRule } from "./retain-rules.ts";

export interface SummaryToCheck {
  /** All that the summary replaces: what a group said. */
  readonly source: string;
  readonly summary: string;
  readonly retain: readonly RetainRule[];
  /** Names of pinned and of still open instructions, instructions of retain rules: kept word for word, before all else. */
  readonly mustKeep: readonly string[];
  /** Tokens that the text may have after "Kept verbatim"; nothing is put back beyond it. */
  readonly targetTokens: number;
  readonly count: (text: string) => number;
  /** Given: losses name the commit that has them. */
  readonly pieces?: readonly Piece[] | undefined;
}

/** A retain rule that a summary does not meet. */
export interface MissingRetain {
  readonly commit: Hash;
  readonly pattern: string;
  readonly mode: "substring" | "regex";
  /** What the pattern matched in the commit and the summary lacks; null when the summary has no match at all. */
  readonly match: string | null;
  /** `too-costly`: the pattern could not be judged in time or matches nearly everything; regular expressions after it were not tried. */
  readonly why: "missing" | "too-costly";
}

export interface LostFact extends Fact {
  /** The first commit that has it; null when not known. */
  readonly commit: Hash | null;
}

export type Verdict =
  | { readonly kind: "refused"; readonly missing: readonly MissingRetain[] }
  | {
      readonly kind: "accepted";
      /** The summary, with "Kept verbatim" appended when something was put back. */
      readonly text: string;
      /** Put back, most important first: by kind, then by how often the source has it. */
      readonly kept: readonly Fact[];
      /** What did not fit any more, most important first. */
      readonly lost: readonly LostFact[];
    };

/**
 * Checks a summary against what it replaces. Never throws; a refusal is data for the operation's `summary-refused`. That a summary is longer
 * than its source is judged by the caller, on the text given here (spec 9, 20).
 */
export function checkSummary(check: SummaryToCheck): Verdict {
  const { source, summary, retain, mustKeep, pieces } = check;
  const missing = missingRetain(retain, summary);
  if (missing.length > 0) return { kind: "refused", missing };
  const has = factFinder(summary);
  const wanted = [...new Set(mustKeep)].filter((text) => text.trim() !== "");
  const facts = mentionsIn(source)
    .filter((fact) => !has(fact))
    .toSorted((a, b) => b.mentions - a.mentions);
  const absent = byImportance([
    ...wanted.map((text): Fact => ({ kind: "must-keep", text })).filter((fact) => !has(fact)),
    ...facts.map(({ kind, text }) => ({ kind, text })),
  ]);
  const kept = keepWithin(absent, check);
  const isKept = new Set(kept);
  const lost = absent.filter((fact) => !isKept.has(fact));
  return { kind: "accepted", text: keptVerbatim(summary, kept), kept, lost: locate(lost, pieces ?? []) };
}

/**
 * A substring must be in the summary; a regular expression must match it, and every match that the commit has must be there word for word.
 * Substrings first, then all regular expressions in one run under one time limit.
 */
function missingRetain(rules: readonly RetainRule[], summary: string): readonly MissingRetain[] {
  const missing: MissingRetain[] = [];
  const searches: {
    readonly commit: Hash;
    readonly pattern: string;
    readonly text: string;
    readonly other: string;
  }[] = [];
  for (const { commit, patterns, mode, text } of rules)
    for (const pattern of patterns)
      if (mode === "regex") searches.push({ commit, pattern, text, other: summary });
      else if (!summary.includes(pattern))
        missing.push({ commit, pattern, mode, match: pattern, why: "missing" });
  const findings = searchPatterns(searches);
  for (const [index, { commit, pattern }] of searches.entries()) {
    const about = { commit, pattern, mode: "regex" } as const;
    const finding = findings[index];
    if (finding === undefined) {
      missing.push({ ...about, match: null, why: "too-costly" });
      break;
    }
    const lacking = finding.matches.filter((match) => !summary.includes(match));
    if (lacking.length > 0)
      missing.push(...lacking.map((match): MissingRetain => ({ ...about, match, why: "missing" })));
    else if (!finding.isInOther) missing.push({ ...about, match: null, why: "missing" });
  }
  return missing;
}

/** By kind; those of one kind stay in their order. */
function byImportance(facts: readonly Fact[]): readonly Fact[] {
  return FACT_KINDS.flatMap((kind) => facts.filter((fact) => fact.kind === kind));
}

/** As many of the facts as the target has room for, the important ones first; one that is too long gives way to shorter ones. */
function keepWithin(
  facts: readonly Fact[],
  { summary, targetTokens, count }: SummaryToCheck,
): readonly Fact[] {
  if (facts.length === 0) return [];
  const kept: Fact[] = [];
  const kinds = new Set<FactKind>();
  let room = targetTokens - count(`${summary}${KEPT_HEADING}`);
  for (const fact of facts) {
    if (room <= 0) break;
    const line = kinds.has(fact.kind) && fact.kind !== "must-keep" ? 0 : count(linePrefix(fact.kind));
    const tokens = count(` ${fact.text},`) + line;
    if (tokens > room) continue;
    room -= tokens;
    kept.push(fact);
    kinds.add(fact.kind);
  }
  // Counts of parts add up to the count of the whole but for a few tokens at the seams.
  for (let drop = 1; kept.length > 0 && count(keptVerbatim(summary, kept)) > targetTokens; drop *= 2)
    kept.splice(-drop);
  return kept;
}

/** Begins what was put back; the summary as it was written stands before it. */
export const KEPT_HEADING = "\n\nKept verbatim:";

/** The summary and, under a heading, a line for each kind of fact; texts that must be kept have lines of their own. */
function keptVerbatim(summary: string, facts: readonly Fact[]): string {
  if (facts.length === 0) return summary;
  const lines = FACT_KINDS.flatMap((kind) => {
    const texts = facts.filter((fact) => fact.kind === kind).map(({ text }) => text);
    if (texts.length === 0) return [];
    if (kind === "must-keep")
      return texts.map((text) => `${linePrefix(kind)} ${text.trim().replace(/\n/g, "\n  ")}`);
    return [`${linePrefix(kind)} ${texts.join(", ")}`];
  });
  return `${summary.trimEnd()}${KEPT_HEADING}${lines.join("")}`;
}

const NAMES: Readonly<Record<FactKind, string>> = {
  "must-keep": "",
  path: " paths:",
  url: " addresses:",
  email: " mail:",
  identifier: " identifiers:",
  number: " numbers:",
  error: " errors:",
};

function linePrefix(kind: FactKind): string {
  return `\n-${NAMES[kind]}`;
}

/** Which commit has each fact; commits are scanned once, and only when something is lost. */
function locate(facts: readonly Fact[], pieces: readonly Piece[]): readonly LostFact[] {
  if (facts.length === 0) return [];
  const first = new Map<string, Hash>();
  for (const { hash, entry } of pieces)
    for (const { text } of factsIn(saidBy(entry))) if (!first.has(text)) first.set(text, hash);
  return facts.map((fact) => ({ ...fact, commit: first.get(fact.text) ?? null }));
}
