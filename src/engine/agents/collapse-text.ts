/** The text of a child's result: its last output, or a summary that has passed the guard (spec 3.6, 3.5). */

import type { ChildWork } from "../compile/child-work.ts";
import { type Entry, textOf } from "../compile/entry.ts";
import { checkSummary, type LostFact } from "../compress/guard.ts";
import { type Group, groupOf } from "../compress/material.ts";
import { type RetainRule, retainedTexts, retainRulesOf } from "../compress/retain-rules.ts";
import { tellingFacts } from "../compress/telling-facts.ts";
import { boundary } from "../cut-text.ts";
import { TractError } from "../errors.ts";
import type { Limits } from "../limits.ts";

/** What a summary of a child's work is held against. */
export interface Material {
  readonly group: Group;
  readonly retain: readonly RetainRule[];
  /** Word for word in the summary, as far as there is room. */
  readonly mustKeep: readonly string[];
  readonly targetTokens: number;
}

export interface ResultText {
  readonly text: string;
  /** Facts of the child's work that the text has no more; `expand` with the result shows the work. */
  readonly lost: readonly LostFact[];
}

/** Of what a child said the share that its result may have before facts are left out of it. */
const RESULT_SHARE = 0.25;
const TARGET_TOKENS_MIN = 64;

export function materialOf({ units, draft }: ChildWork): Material {
  const group = groupOf(units);
  const retain = retainRulesOf(
    group.pieces.map(({ entry }) => entry),
    draft.annotations,
  );
  return {
    group,
    retain,
    mustKeep: [...new Set(retain.flatMap(({ instructions }) => instructions ?? []))],
    targetTokens: Math.max(TARGET_TOKENS_MIN, Math.floor(group.tokens * RESULT_SHARE)),
  };
}

/** What the plan tells whoever writes the summary: must-keep texts, and the most telling facts. */
export function keepListOf({ group, retain, mustKeep }: Material): readonly string[] {
  return [...new Set([...retainedTexts(retain), ...mustKeep, ...tellingFacts(group.said)])];
}

/** The child's work as text; of a long one the end, where results stand. */
export function planText({ group: { text } }: Material, { collapseTextCharsMax }: Limits): string {
  if (text.length <= collapseTextCharsMax) return text;
  return `[the beginning is left out]\n${text.slice(boundary(text, text.length - collapseTextCharsMax))}`;
}

/**
 * The last thing that the child itself said.
 *
 * @throws TractError `nothing-to-do` when it has said nothing.
 */
export function lastOutput({ units }: ChildWork): ResultText {
  const spoken = units
    .flatMap(({ entries }) => entries)
    .filter((entry) => isOutput(entry) && /\S/.test(textOf(entry)))
    .sort((a, b) => a.ordinal - b.ordinal)
    .at(-1);
  if (spoken !== undefined) return { text: textOf(spoken), lost: [] };
  throw new TractError("nothing-to-do", "the child has no message of role assistant and no output yet", {
    hint: "Wait for its result, or give a summary of what it came to.",
  });
}

function isOutput({ type, role }: Entry): boolean {
  return type === "output" || (type === "dialogue" && role === "assistant");
}

/**
 * Holds a summary against what the child did; what it lacks is put back as far as there is room.
 *
 * @throws TractError `summary-refused` when a retain rule is not met, `invalid-argument` when it says nothing.
 */
export function acceptResult(
  { group, retain, mustKeep, targetTokens }: Material,
  summary: string,
  count: (text: string) => number,
): ResultText {
  if (!/\S/.test(summary) || !summary.isWellFormed()) throw noText();
  const verdict = checkSummary({
    source: group.said,
    summary,
    retain,
    mustKeep,
    targetTokens,
    count,
    pieces: group.pieces,
  });
  if (verdict.kind === "accepted") return { text: verdict.text, lost: verdict.lost };
  const { missing } = verdict;
  throw new TractError("summary-refused", `the summary lacks ${missing.length} of what must be retained`, {
    hint: "Write each data.missing[].match into the summary word for word, and where it is null some text that the pattern matches; then call again. Nothing was stored.",
    data: { missing: missing.slice(0, MISSING_NAMED) },
  });
}

const MISSING_NAMED = 20;

function noText(): TractError {
  return new TractError("invalid-argument", "summary: expected a text that says something", {
    hint: "Write what the child came to, and call again; nothing was stored.",
    data: { path: "summary" },
  });
}
