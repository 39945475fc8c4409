/** How large the compiled context of a branch is, or will be after a planned write: asked for by every commit, so it is quick (spec 1.7). */
import type { NewAnnotation } from "../../storage/change-set.ts";
import type { AnnotationRecord, Encoding, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { invariant } from "../invariant.ts";
import { type CompilePoint, lineageKey, pointKey, weightOfTally } from "./cache.ts";
import { contextTokens } from "./canvas.ts";
import { type Draft, EMPTY_DRAFT, growDraft, messageCountOf } from "./draft.ts";
import { costOfUnit } from "./formats/plain.ts";
import { KIT_WITHOUT_COUNTER, type Kit, kitOf } from "./kit.ts";
import { loadAnnotations } from "./load-annotations.ts";
import { loadDraft } from "./load-draft.ts";
import { type CompileOptions, type CompileSettings, measuringOptions } from "./options.ts";
import { withAnnotations } from "./stages/apply-annotations.ts";
import { EMPTY_TALLY, growTally, type Tally, type TallyNews } from "./tally.ts";

export interface ContextSize {
  readonly tokens: number;
  readonly messages: number;
  /** `counted:<encoding>` */
  readonly tokenSource: string;
}

/** A point in history and the settings in force there. */
export interface MeasuredPoint {
  readonly tract: string;
  readonly encoding: Encoding;
  readonly head: Hash | null;
  readonly annotationSequence: number;
  /** The newest entry of the ledger when the point was read; left out: not known. */
  readonly ledgerSequence?: number | undefined;
  readonly settings: Pick<CompileSettings, "strategy" | "recent">;
}

/** Not stored yet. */
export interface PlannedChange {
  /** In order, on top of the head. */
  readonly chain: readonly ChainCommit[];
  readonly annotations: readonly NewAnnotation[];
}

/** Compiled size in format `messages` with the branch's strategy and no budget: equal to the token count of such a compile. */
export async function measureContext(engine: Engine, at: MeasuredPoint): Promise<ContextSize> {
  const options = measuringOptions(at.settings);
  if (options.strategy === "adaptive") return sizeOfDraft(at, await loadDraft(engine, at, options));
  return sizeOf(at, await loadTally(engine, at, options));
}

/**
 * Size as it would be once the planned commits and annotations are stored. The head of `at` must be on the first-parent chain of the new one: what
 * is planned comes after it in linear order. The state with the commits is kept, so that measuring the new
 * head afterwards costs what is new.
 */
export async function measurePlanned(
  engine: Engine,
  at: MeasuredPoint,
  planned: PlannedChange,
): Promise<ContextSize> {
  const options = measuringOptions(at.settings);
  const kit = await kitFor(engine, at, options);
  if (options.strategy === "adaptive")
    return sizeOfDraft(at, await plannedDraft(engine, at, planned, options));
  const news = await newsOf(engine, at, planned);
  const { head, annotations } = news;
  const base = await loadTally(engine, at, options);
  const withCommits = growTally(base, { ...news, annotations: [], newest: base.annotations }, options, kit);
  if (withCommits !== null)
    engine.compileCache.tallies.set(
      pointKey({ ...at, head }, options),
      withCommits,
      weightOfTally(withCommits),
    );
  if (withCommits !== null && annotations.length === 0) return sizeOf(at, withCommits);
  const whole =
    (await growFrom(engine, base, news, options, kit)) ?? (await buildTally(engine, at, news, options));
  return sizeOf(at, whole);
}

async function newsOf(engine: Engine, at: CompilePoint, planned: PlannedChange): Promise<TallyNews> {
  const { annotationSequence } = at;
  const annotations = planned.annotations.map((row, index) => ({
    ...row,
    sequence: annotationSequence + 1 + index,
  }));
  const head = planned.chain.at(-1)?.commit.hash ?? at.head;
  const stored = (await loadAnnotations(engine, at)).at(annotationSequence);
  const newest = withAnnotations(stored, annotations);
  return { head, chain: planned.chain, annotationSequence, annotations, newest };
}

async function loadTally(engine: Engine, at: CompilePoint, options: CompileOptions): Promise<Tally> {
  const { tallies } = engine.compileCache;
  const key = pointKey(at, options);
  const known = tallies.get(key);
  if (known !== undefined) return known;
  const tally =
    (await growKnown(engine, at, options)) ??
    (await buildTally(engine, at, await newsOf(engine, at, NOTHING_PLANNED), options));
  tallies.set(key, tally, weightOfTally(tally));
  return tally;
}

const NOTHING_PLANNED: PlannedChange = { chain: [], annotations: [] };

/** Only outlines have texts that are not counted yet. */
async function kitFor(engine: Engine, at: CompilePoint, { strategy }: CompileOptions): Promise<Kit> {
  return strategy === "full" ? KIT_WITHOUT_COUNTER : kitOf(await engine.tokenCounter(at.encoding));
}

const BASES_TRIED_MAX = 4;

async function growKnown(engine: Engine, at: CompilePoint, options: CompileOptions): Promise<Tally | null> {
  const { tract, head, annotationSequence } = at;
  if (head === null) return null;
  let tried = 0;
  for (const base of engine.compileCache.tallies.startingWith(lineageKey(at, options))) {
    if (base.head === null || base.annotationSequence > annotationSequence) continue;
    if (tried === BASES_TRIED_MAX) return null;
    tried += 1;
    const chain = base.head === head ? [] : await engine.store.readChain(tract, head, base.head);
    if (chain === null) continue;
    const log = await loadAnnotations(engine, at);
    const annotations = log.between(base.annotationSequence, annotationSequence);
    const kit = await kitFor(engine, at, options);
    const news = { head, chain, annotationSequence, annotations, newest: log.at(annotationSequence) };
    return await growFrom(engine, base, news, options, kit);
  }
  return null;
}

/** null when the news change what was counted. */
async function growFrom(
  engine: Engine,
  base: Tally,
  news: TallyNews,
  options: CompileOptions,
  kit: Kit,
): Promise<Tally | null> {
  const added = new Set(news.chain.map(({ commit }) => commit.hash));
  for (const row of news.annotations)
    if (!added.has(row.commit) && (await changesCost(engine, base, row))) return null;
  return growTally(base, news, options, kit);
}

/** True unless it is sure that an annotation leaves the size as it is: another branch's commit, or in before and after. */
async function changesCost(engine: Engine, base: Tally, row: AnnotationRecord): Promise<boolean> {
  const { tract } = engine.scope;
  if (base.head === null) return false;
  if (!(await engine.store.isReachable(tract, row.commit, base.head))) return false;
  if (row.priority === "skip" || base.coverage.covers.has(row.commit)) return true;
  const before = base.annotations.get(row.commit)?.priority ?? null;
  if (before === row.priority) return false;
  const [commit] = await engine.store.readCommits(tract, [row.commit]);
  const isPlain = commit?.operation === "append" && commit.priority !== "skip";
  return !isPlain || before === "skip";
}

/** Cold: the whole chain, and the news on top of it. */
async function buildTally(
  engine: Engine,
  at: CompilePoint,
  news: TallyNews,
  options: CompileOptions,
): Promise<Tally> {
  const kit = await kitFor(engine, at, options);
  const tally = growTally(EMPTY_TALLY, await wholeNews(engine, at, news), options, kit);
  invariant(tally !== null, "from nothing a tally always grows");
  return tally;
}

/** The units as they would be once the planned commits and annotations are stored. */
export async function plannedDraft(
  engine: Engine,
  at: CompilePoint,
  planned: PlannedChange,
  options: CompileOptions,
): Promise<Draft> {
  const news = await newsOf(engine, at, planned);
  const kit = await kitFor(engine, at, options);
  const base = await loadDraft(engine, at, options);
  const grown =
    growDraft(base, news, options, kit) ??
    growDraft(EMPTY_DRAFT, await wholeNews(engine, at, news), options, kit);
  invariant(grown !== null, "from nothing a draft always grows");
  return grown;
}

async function wholeNews(engine: Engine, at: CompilePoint, news: TallyNews): Promise<TallyNews> {
  const { tract, head, annotationSequence: upTo } = at;
  const stored = head === null ? [] : await engine.store.readChain(tract, head);
  invariant(stored !== null, "the whole chain of a head can be read");
  const annotations = (await loadAnnotations(engine, at)).between(0, upTo);
  return { ...news, chain: [...stored, ...news.chain], annotations: [...annotations, ...news.annotations] };
}

function sizeOf(at: MeasuredPoint, { tokens, messages }: Tally): ContextSize {
  return { tokens: contextTokens(tokens), messages, tokenSource: `counted:${at.encoding}` };
}

function sizeOfDraft(at: MeasuredPoint, draft: Draft): ContextSize {
  const tokens = draft.units.reduce((sum, unit) => sum + costOfUnit(unit), draft.sealed?.tokenCount ?? 0);
  return {
    tokens: contextTokens(tokens),
    messages: messageCountOf(draft),
    tokenSource: `counted:${at.encoding}`,
  };
}
