/** The compiled size of a history as a few numbers that grow with it: what a commit needs to know, without any message (spec 1.7, 2.8). */
import type { AnnotationRecord, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { type Coverage, coverageOf, NO_COVERAGE } from "../history/coverage.ts";
import { linearize } from "../history/linearize.ts";
import { TOKENS_PER_MESSAGE } from "../tokens/message-overhead.ts";
import { changesCoverage } from "./draft.ts";
import type { Entry } from "./entry.ts";
import { costOfEntry } from "./formats/plain.ts";
import type { Kit } from "./kit.ts";
import type { CompileOptions } from "./options.ts";
import { type Annotations, applyAnnotations, NO_ANNOTATIONS } from "./stages/apply-annotations.ts";
import { applyEdits } from "./stages/apply-edits.ts";
import { outlineTextOf } from "./stages/apply-strategy.ts";
import { applySummaries } from "./stages/apply-summaries.ts";

export interface Tally {
  readonly head: Hash | null;
  readonly annotationSequence: number;
  /** Without the framing of the prompt. */
  readonly tokens: number;
  readonly messages: number;
  /** Cost of each named instruction in force, by name. */
  readonly named: ReadonlyMap<string, number>;
  readonly annotations: Annotations;
  readonly coverage: Coverage;
}

export const EMPTY_TALLY: Tally = {
  head: null,
  annotationSequence: 0,
  tokens: 0,
  messages: 0,
  named: new Map(),
  annotations: NO_ANNOTATIONS,
  coverage: NO_COVERAGE,
};

/** What came after a tally; annotations of commits that were counted already must not change what they cost. */
export interface TallyNews {
  readonly head: Hash | null;
  readonly chain: readonly ChainCommit[];
  readonly annotationSequence: number;
  readonly annotations: readonly AnnotationRecord[];
  /** All annotations at the new moment, these among them. */
  readonly newest: Annotations;
}

/**
 * Format `messages` has one message per commit whatever is paired with what, so the size is a sum. Not for strategy `adaptive`, where a
 * message's size changes with its age.
 *
 * @returns null when an edit or a summary speaks for a commit that was counted already.
 */
export function growTally(tally: Tally, news: TallyNews, options: CompileOptions, kit: Kit): Tally | null {
  const order = news.head === null ? [] : linearize(news.chain, news.head);
  const isCold = tally.head === null;
  if (!isCold && changesCoverage(tally.coverage, order)) return null;
  const { places: edited, isComplete } = applyEdits(order, [], 0);
  if (!isComplete && !isCold) return null;
  const coverage = isCold ? coverageOf(order) : tally.coverage;
  const places = isCold ? applySummaries(edited, coverage) : edited;
  const { newest: annotations } = news;
  let { tokens, messages } = tally;
  const named = new Map<string, number>();
  for (const entry of applyAnnotations(places, annotations, options.selection)) {
    const cost = entry.out === null ? costIn(entry, options, kit) : 0;
    if (cost > 0) messages += 1;
    tokens += cost;
    if (entry.out !== null || entry.type !== "instruction" || entry.head.name === null) continue;
    const before = tally.named.get(entry.head.name) ?? 0;
    if (before > 0) messages -= 1;
    tokens -= before;
    named.set(entry.head.name, cost);
  }
  return {
    head: news.head,
    annotationSequence: news.annotationSequence,
    tokens,
    messages,
    named: named.size === 0 ? tally.named : new Map([...tally.named, ...named]),
    annotations,
    coverage,
  };
}

/** 0 for a commit that an outline has no line for. */
function costIn(entry: Entry, options: CompileOptions, kit: Kit): number {
  if (options.strategy !== "outline") return costOfEntry(entry);
  const line = outlineTextOf(entry);
  return line === "" ? 0 : TOKENS_PER_MESSAGE + kit.count(line);
}
