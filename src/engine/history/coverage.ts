/** Which commits summaries stand for at a point in history, and which summaries are in effect (spec 3.5; spec 9, 4). Pure but for one read. */
import type { Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { RESTORE_STRATEGY, type SummaryContent } from "../content/content-types.ts";
import { readContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { invariant } from "../invariant.ts";

/** The summary that stands for a commit. */
export interface Cover {
  /** Hash of the summary's commit. */
  readonly by: Hash;
  /** True: a pinned commit is hidden too (restore). */
  readonly isFirm: boolean;
}

export interface SummaryInEffect {
  readonly hash: Hash;
  readonly content: SummaryContent;
}

export interface Coverage {
  /** By the commit that is hidden; sources of hidden summaries, too. */
  readonly covers: ReadonlyMap<Hash, Cover>;
  /** In the order given: those that no reveal has ended, hidden ones among them. */
  readonly summaries: readonly SummaryInEffect[];
  /** Of all summaries, ended ones too. */
  readonly contents: ReadonlyMap<Hash, SummaryContent>;
}

export const NO_COVERAGE: Coverage = { covers: new Map(), summaries: [], contents: new Map() };

/** True for the commits that coverage is made from. */
export function isSummaryRow({ commit }: ChainCommit): boolean {
  return commit.operation === "summary" || commit.operation === "reveal";
}

/** @param rows the summaries and reveals of a history, in any order that has parents before children; other commits are passed over. */
export function coverageOf(rows: readonly ChainCommit[]): Coverage {
  const contents = new Map<Hash, SummaryContent>();
  const revealed = new Set<Hash>();
  for (const row of rows) {
    const { commit } = row;
    if (commit.operation === "summary") contents.set(commit.hash, summaryContentOf(row));
    else if (commit.operation === "reveal" && commit.editTarget !== null) revealed.add(commit.editTarget);
  }
  if (contents.size === 0) return NO_COVERAGE;
  const summaries = [...contents].flatMap(([hash, content]) =>
    revealed.has(hash) ? [] : [{ hash, content }],
  );
  return { covers: coversOf(contents, summaries), summaries, contents };
}

/** Reads what is covered at a head; costs what there are of summaries. */
export async function readCoverage({ store, scope }: Engine, head: Hash | null): Promise<Coverage> {
  return head === null ? NO_COVERAGE : coverageOf(await store.readSummaries(scope.tract, head));
}

/** Content of a commit of operation summary. */
export function summaryContentOf({ body }: ChainCommit): SummaryContent {
  invariant(body !== null, "a summary has a content");
  const content = readContent({ body });
  invariant(content.content_type === "summary", "a summary holds a summary");
  return content as SummaryContent; // Custom types cannot have a built-in name.
}

/**
 * A summary stands for its sources and for what those stood for, even where a source was ended on another branch: else the same would be told
 * twice. What `restore` hides is the sources alone: it ends the summaries among them itself. Of several the last one stands for a commit,
 * those of `restore` before others. Takes time in proportion to all sources: what a later summary has gone through stays its own.
 */
function coversOf(
  contents: ReadonlyMap<Hash, SummaryContent>,
  summaries: readonly SummaryInEffect[],
): ReadonlyMap<Hash, Cover> {
  const covers = new Map<Hash, Cover>();
  const lastFirst = summaries.toReversed();
  for (const { hash, content } of lastFirst)
    if (isRestore(content))
      for (const source of sourcesOf(content))
        if (!covers.has(source)) covers.set(source, { by: hash, isFirm: true });
  const seen = new Set<Hash>();
  for (const { hash, content } of lastFirst) {
    if (isRestore(content)) continue;
    const waiting = [...sourcesOf(content)];
    for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
      if (seen.has(source)) continue;
      seen.add(source);
      if (!covers.has(source)) covers.set(source, { by: hash, isFirm: false });
      const inner = contents.get(source);
      if (inner !== undefined) waiting.push(...sourcesOf(inner));
    }
  }
  return covers;
}

function isRestore({ strategy }: SummaryContent): boolean {
  return strategy === RESTORE_STRATEGY;
}

function sourcesOf({ sources }: SummaryContent): readonly Hash[] {
  return sources as readonly Hash[]; // The schema of the content type says so.
}
