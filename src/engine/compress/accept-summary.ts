/** Accepts a summary, or refuses it with what it lacks: the guard, and that nothing gets longer by being summarised (spec 3.5). */

import type { Hash, JsonObject } from "../../storage/records.ts";
import { plainText } from "../content/plain-text.ts";
import { TractError } from "../errors.ts";
import { TOKENS_PER_MESSAGE } from "../tokens/message-overhead.ts";
import type { SummaryGroup } from "./groups.ts";
import { checkSummary, type LostFact, type MissingRetain } from "./guard.ts";

export interface AcceptedSummary {
  readonly group: SummaryGroup;
  readonly strategy: string;
  /** With what was kept verbatim. */
  readonly text: string;
  /** Of the message that compile shows, framing included. */
  readonly tokens: number;
  /** Facts put back. */
  readonly keptCount: number;
  readonly lost: readonly LostFact[];
  /** How an LLM was asked for it; null or absent: none was. */
  readonly generationConfig?: JsonObject | null | undefined;
}

export interface WrittenSummary {
  readonly strategy: string;
  readonly text: string;
  /** Which of the summaries it is, for errors: `summary`, `summaries[1]`. */
  readonly path: string;
  readonly generationConfig?: JsonObject | null | undefined;
}

/** @throws TractError `summary-refused` (a retain rule not met, longer than its source), `invalid-argument` (no text). */
export function acceptSummary(
  group: SummaryGroup,
  written: WrittenSummary,
  count: (text: string) => number,
): AcceptedSummary {
  const judged = judgeSummary(group, written, count);
  if (judged instanceof TractError) throw judged;
  return judged;
}

/** The summary as it will be shown, or the error that says why not. */
export function judgeSummary(
  group: SummaryGroup,
  { strategy, text, path, generationConfig }: WrittenSummary,
  count: (text: string) => number,
): AcceptedSummary | TractError {
  if (!/\S/.test(text) || !text.isWellFormed()) return noText(path);
  const room = group.tokens - costOf(group, "", count);
  const verdict = checkSummary({
    source: group.said,
    summary: text,
    retain: group.retain,
    mustKeep: group.mustKeep,
    // What is put back must not make the summary longer than what it stands for.
    targetTokens: Math.max(0, Math.min(group.targetTokens, room)),
    count,
    pieces: group.pieces,
  });
  if (verdict.kind === "refused") return lacking(path, group, verdict.missing);
  const tokens = costOf(group, verdict.text, count);
  if (tokens > group.tokens) return tooLong(path, group, tokens);
  const { kept, lost } = verdict;
  return { group, strategy, text: verdict.text, tokens, keptCount: kept.length, lost, generationConfig };
}

/** What compile will count for the summary. */
function costOf({ sources }: SummaryGroup, text: string, count: (text: string) => number): number {
  const shown = plainText({
    content_type: "summary",
    sources,
    strategy: "any",
    text: text === "" ? " " : text,
  });
  return TOKENS_PER_MESSAGE + count(shown);
}

function noText(path: string): TractError {
  return new TractError("invalid-argument", `${path}: expected a text that says something`, {
    hint: "Write what the messages came to, and call again; nothing was stored.",
    data: { path },
  });
}

function lacking(path: string, { sources }: SummaryGroup, missing: readonly MissingRetain[]): TractError {
  const costly = missing.filter(({ why }) => why === "too-costly").length;
  const problem =
    costly > 0
      ? `${costly} of the retain patterns could not be matched in time`
      : `the summary lacks ${missing.length} of what its messages must retain`;
  return new TractError("summary-refused", `${path}: ${problem}`, {
    hint:
      costly > 0
        ? "Annotate data.missing[].commit with a simpler pattern (retain), then call again; nothing was stored."
        : "Write each data.missing[].match into the summary word for word, and where it is null some text that the pattern matches; then call again. Nothing was stored.",
    data: {
      path,
      reason: costly > 0 ? "pattern" : "retain",
      ...placeOf(sources),
      missing: missing.slice(0, MISSING_NAMED),
    },
  });
}

function tooLong(path: string, group: SummaryGroup, tokens: number): TractError {
  return new TractError(
    "summary-refused",
    `${path}: the summary has ${tokens} tokens with its framing, what it stands for has ${group.tokens}`,
    {
      hint: `Write it shorter, about ${group.targetTokens} tokens, or select more messages for it; nothing was stored.`,
      data: {
        path,
        reason: "longer",
        ...placeOf(group.sources),
        tokens,
        source_tokens: group.tokens,
        target_tokens: group.targetTokens,
      },
    },
  );
}

/** The ends of what a summary is to stand for: there may be thousands of messages. */
function placeOf(sources: readonly Hash[]): {
  readonly from: Hash | null;
  readonly to: Hash | null;
  readonly messages: number;
} {
  return { from: sources[0] ?? null, to: sources.at(-1) ?? null, messages: sources.length };
}

/** A retain rule may match thousands of times. */
const MISSING_NAMED = 20;
