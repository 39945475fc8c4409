/** Works out the commits that make a history show what it showed at an earlier commit (spec 3.7). Pure. */
import type { Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { RESTORE_STRATEGY } from "../content/content-types.ts";
import { type ParsedContent, storedContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { summaryContentOf } from "../history/coverage.ts";
import { revealItem, summaryItem } from "../history/internal-items.ts";
import { type CommitItem, PLAIN_ITEM } from "../history/plan-commit.ts";
import { invariant } from "../invariant.ts";
import type { EarlierState } from "./earlier-state.ts";

export interface PlannedReturn {
  readonly items: readonly CommitItem[];
  /** Commits that came since and would be compiled. */
  readonly setAside: readonly Hash[];
}

/** Sources of one covering commit: far below what a content may hold. */
const SOURCES_MAX = 20_000;

/** Summaries made since end, those ended since are made again, edits since are taken back, and what was added since is covered. */
export function planReturn(engine: Engine, state: EarlierState): PlannedReturn {
  const setAside = state.since.flatMap(({ commit }) =>
    commit.operation === "append" && commit.role !== null ? commit.hash : [],
  );
  const covers = parts(setAside).map((sources) =>
    summaryItem(
      engine,
      { sources, strategy: RESTORE_STRATEGY, text: "" },
      `Set aside ${sources.length} ${sources.length === 1 ? "message" : "messages"} to restore ${state.ref.slice(0, 12)}`,
    ),
  );
  return {
    items: [...endSummaries(state), ...remakeSummaries(engine, state), ...takeBackEdits(state), ...covers],
    setAside,
  };
}

function endSummaries({ since, coverageNow }: EarlierState): readonly CommitItem[] {
  const inEffect = new Set(coverageNow.summaries.map(({ hash }) => hash));
  return since.flatMap(({ commit }) => (inEffect.has(commit.hash) ? revealItem(commit.hash) : []));
}

/** An ended summary cannot be in effect again itself: a new one of the same content stands where it stood. */
function remakeSummaries(engine: Engine, state: EarlierState): readonly CommitItem[] {
  const inEffect = new Set(state.coverageNow.summaries.map(({ hash }) => hash));
  return state.coverageThen.summaries.flatMap(({ hash, content }) => {
    if (inEffect.has(hash)) return [];
    const edit = state.shownThen.get(hash);
    const { sources, strategy, text } = edit === undefined ? content : summaryContentOf(edit);
    // The schema of the content type says that sources are hashes.
    return {
      ...summaryItem(engine, { sources: sources as Hash[], strategy, text }),
      ...judgementOf(state, hash, edit),
    };
  });
}

/** For every commit of the earlier state that shows something else now: an edit with what it showed then. */
function takeBackEdits(state: EarlierState): readonly CommitItem[] {
  const inEffect = new Set(state.coverageNow.summaries.map(({ hash }) => hash));
  return state.order.flatMap((row): readonly CommitItem[] => {
    const { hash, operation } = row.commit;
    const now = state.shownNow.get(hash);
    if (now === undefined || (operation === "summary" && !inEffect.has(hash))) return [];
    const then = state.shownThen.get(hash);
    const wanted = then ?? row;
    const isSame =
      now === then ||
      (now.commit.contentHash === wanted.commit.contentHash &&
        JSON.stringify(now.commit.generationConfig) === JSON.stringify(wanted.commit.generationConfig));
    if (isSame) return [];
    const { message, generationConfig, metadata } = wanted.commit;
    return [
      {
        ...PLAIN_ITEM,
        content: contentOf(wanted),
        origin: "copied",
        operation: "edit",
        editTarget: hash,
        message,
        metadata,
        generationConfig,
        ...judgementOf(state, hash, then),
      },
    ];
  });
}

/** Labels and annotation of the edit that was shown then: the new commit speaks in its place. */
function judgementOf(
  { annotationsNow }: EarlierState,
  target: Hash,
  edit: ChainCommit | undefined,
): Pick<CommitItem, "labels" | "annotation"> {
  if (edit === undefined) return { labels: [], annotation: null };
  const own = annotationsNow.get(edit.commit.hash);
  const annotation = own === undefined || edit.commit.hash === target ? null : own;
  return {
    labels: edit.commit.labels,
    annotation:
      annotation === null
        ? null
        : { priority: annotation.priority, retain: annotation.retain, labels: annotation.labels },
  };
}

function contentOf({ commit, body, text }: ChainCommit): ParsedContent {
  const { contentHash: hash, contentType: type, role, priority } = commit;
  invariant(hash !== null && type !== null && body !== null, "what a place shows has a content");
  return storedContent({ hash, type, role, priority, body, text });
}

function parts(sources: readonly Hash[]): readonly (readonly Hash[])[] {
  const all: (readonly Hash[])[] = [];
  for (let start = 0; start < sources.length; start += SOURCES_MAX)
    all.push(sources.slice(start, start + SOURCES_MAX));
  return all;
}
