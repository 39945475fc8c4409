/** Makes commits of what a child is given: the parent's compiled context, unit by unit, each with its role, type and judgements (spec 3.6). */
import type { ContentRecord, Hash, Priority } from "../../storage/records.ts";
import type { CompilePoint } from "../compile/cache.ts";
import type { Draft } from "../compile/draft.ts";
import { type Entry, textOf } from "../compile/entry.ts";
import { kitOf } from "../compile/kit.ts";
import { loadDraft } from "../compile/load-draft.ts";
import { type CompileOptions, resolveOptions } from "../compile/options.ts";
import { fitBudget } from "../compile/stages/fit-budget.ts";
import { WRITERS } from "../compile/stages/render.ts";
import type { Unit } from "../compile/unit.ts";
import { unitReader } from "../compile/unit-reader.ts";
import { type ParsedContent, parseContent, storedContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import type { AnnotationState } from "../history/annotation-state.ts";
import { readCommitFilter } from "../history/commit-filter.ts";
import { type ContentItem, PLAIN_ITEM } from "../history/plan-commit.ts";
import { effectiveLabels } from "../history/priority.ts";
import type { TractSettings } from "../history/settings.ts";
import { invariant } from "../invariant.ts";

/** Which commits of the context a child gets; each list that is given must hold. */
export interface InheritFilter {
  readonly types?: readonly string[] | undefined;
  /** Any of these, given at commit time or later. */
  readonly labels?: readonly string[] | undefined;
  /** Any of these is the priority in force. */
  readonly priorities?: readonly Priority[] | undefined;
}

export interface InheritRequest {
  readonly filter: InheritFilter;
  /** Cap of what is copied; default: the branch's compile_budget, else none. */
  readonly budgetTokens: number | undefined;
}

export interface Inheritance {
  /** In linear order. */
  readonly items: readonly ContentItem[];
  /** The commits that they are copies of, in the same order. */
  readonly sources: readonly Hash[];
  /** How many commits the budget left out. */
  readonly leftOut: number;
}

/**
 * Copies the context at a point. Edits are applied and summaries told by a user, so that nothing depends on a commit the child does not have.
 *
 * @throws TractError `budget-too-small`, `invalid-argument` (unknown content type, budget).
 */
export async function readInheritance(
  engine: Engine,
  at: { readonly point: CompilePoint; readonly settings: TractSettings },
  request: InheritRequest,
): Promise<Inheritance> {
  const { point, settings } = at;
  const options = await optionsFor(engine, settings, request);
  const draft = await loadDraft(engine, point, options);
  const wanted = selectUnits(draft, request.filter);
  const kit = kitOf(await engine.tokenCounter(point.encoding));
  const arrangement = fitBudget(
    { ...draft, sealed: null, units: wanted },
    { budgetTokens: options.budgetTokens, writer: WRITERS.messages, kit },
  );
  const kept =
    arrangement.kind === "whole"
      ? wanted
      : arrangement.pieces.filter((piece): piece is Unit => piece.kind !== "gap");
  const entries = entriesOf(kept);
  const contents = await readShown(engine, entries);
  return {
    items: entries.map((entry) => copyOf(engine, draft, entry, contents)),
    sources: entries.map(({ hash }) => hash),
    leftOut: entriesOf(wanted).length - entries.length,
  };
}

/** Every message whole, whatever strategy the branch is read with: an outline would copy messages about messages. */
async function optionsFor(
  engine: Engine,
  settings: TractSettings,
  { filter, budgetTokens }: InheritRequest,
): Promise<CompileOptions> {
  if (filter.types !== undefined) await checkTypes(engine, filter.types);
  return await resolveOptions(
    engine,
    {
      strategy: "full",
      include: filter.types,
      includeReasoning: filter.types?.includes("reasoning"),
      budgetTokens,
    },
    settings,
  );
}

/** The error names the argument that a caller of spawn knows. */
async function checkTypes(engine: Engine, types: readonly string[]): Promise<void> {
  try {
    await readCommitFilter(engine, { contentType: types });
  } catch (error) {
    if (!(error instanceof TractError) || error.code !== "invalid-argument") throw error;
    const { code, message, hint, data } = error;
    throw new TractError(code, message.replace(/^content_type\b/, "filter.types"), {
      hint,
      data: { ...data, path: "filter.types" },
    });
  }
}

/** Types were filtered before units were made; a unit comes whole when labels or priority of one of its commits ask for it. */
function selectUnits(draft: Draft, { labels, priorities }: InheritFilter): readonly Unit[] {
  const { unitAt, count } = unitReader(draft);
  const units = Array.from({ length: count }, (_, index) => unitAt(index));
  const isWanted = (entry: Entry): boolean =>
    (labels === undefined || labelsOf(draft, entry).some((label) => labels.includes(label))) &&
    (priorities === undefined || priorities.includes(entry.priority));
  return units.filter(({ entries }) => entries.some(isWanted));
}

function entriesOf(units: readonly Unit[]): readonly Entry[] {
  return units.flatMap(({ entries }) => entries).sort((a, b) => a.ordinal - b.ordinal);
}

async function readShown(
  { store }: Engine,
  entries: readonly Entry[],
): Promise<ReadonlyMap<Hash, ContentRecord>> {
  const hashes = new Set(entries.flatMap(({ place }) => place.shown.commit.contentHash ?? []));
  return new Map((await store.readContents([...hashes])).map((content) => [content.hash, content]));
}

function copyOf(
  engine: Engine,
  draft: Draft,
  entry: Entry,
  contents: ReadonlyMap<Hash, ContentRecord>,
): ContentItem {
  const { commit, shown } = entry.place;
  const record = contents.get(shown.commit.contentHash ?? commit.hash);
  invariant(record, "the content of a commit is in the store");
  const content = entry.type === "summary" ? spokenSummary(engine, entry) : storedContent(record);
  return {
    ...PLAIN_ITEM,
    content,
    origin: entry.type === "summary" ? "derived" : "copied",
    operation: "append",
    message: entry.type === "summary" ? null : shown.commit.message,
    labels: [...new Set([...commit.labels, ...shown.commit.labels])],
    metadata: shown.commit.metadata ?? commit.metadata,
    generationConfig: entry.generationConfig,
    annotation: judgementOf(draft, entry, content),
    author: shown.commit.author,
  };
}

/** A summary hides commits that the child does not have; what it tells stays, with the line that says so. */
function spokenSummary({ contentTypes, limits }: Engine, entry: Entry): ParsedContent {
  return parseContent(
    { content_type: "dialogue", role: "user", text: textOf(entry) },
    { types: contentTypes, limits, path: "summary" },
  );
}

/** What annotations make of the commit, so that the copy is judged alike. */
function judgementOf(draft: Draft, { place, priority }: Entry, { record }: ParsedContent): AnnotationState {
  const own = draft.annotations.get(place.commit.hash);
  const edit =
    place.shown.commit === place.commit ? undefined : draft.annotations.get(place.shown.commit.hash);
  return {
    priority: priority === record.priority ? null : priority,
    retain: edit?.retain ?? own?.retain ?? null,
    labels: [...new Set([...(own?.labels ?? []), ...(edit?.labels ?? [])])],
  };
}

function labelsOf({ annotations }: Draft, { place }: Entry): readonly string[] {
  const { commit, shown } = place;
  const own = effectiveLabels(commit, annotations.get(commit.hash));
  if (shown.commit === commit) return own;
  return [...own, ...effectiveLabels(shown.commit, annotations.get(shown.commit.hash))];
}
