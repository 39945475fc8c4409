/** How large a context is by what an API reported: from a report on, it is counted again only where more than appends followed (spec 1.7; spec 9, 27). */
import type { Hash, UsageRecord } from "../../storage/records.ts";
import {
  type ContextSize,
  type MeasuredPoint,
  measureContext,
  measurePlanned,
  type PlannedChange,
} from "../compile/measure.ts";
import type { Engine } from "../engine.ts";
import type { SizeChange } from "./budget.ts";
import { readSettings } from "./settings.ts";

/** Size of a stored head: what was reported and the counted tokens of what came later, else all of it counted. */
export async function reportedSize(engine: Engine, at: MeasuredPoint): Promise<ContextSize> {
  const report = await findReport(engine, at);
  const counted = await measureContext(engine, at);
  return report === null ? counted : withReport(report, counted);
}

/** True unless it was counted. */
export function isReported({ tokenSource }: Pick<ContextSize, "tokenSource">): boolean {
  return tokenSource.startsWith(REPORTED);
}

const REPORTED = "api:";

/** How a size that rests on a report says so. */
export function reportedSource({
  promptTokens,
  completionTokens,
}: Pick<UsageRecord, "promptTokens" | "completionTokens">): string {
  return `${REPORTED}${promptTokens}+${completionTokens}`;
}

/** Sizes before and after a planned write, found in the same way, so that they can be held against each other. */
export async function reportedSizes(
  engine: Engine,
  input: {
    readonly before: MeasuredPoint;
    /** What the plan stands on, with the settings of afterwards. */
    readonly after: MeasuredPoint;
    readonly planned: PlannedChange;
  },
): Promise<SizeChange> {
  const { before: from, after: on, planned } = input;
  const report = await findReport(engine, from);
  const before = await measureContext(engine, from);
  const after = await measurePlanned(engine, on, planned);
  const stands =
    report !== null &&
    from.head === on.head &&
    isSameView(from.settings, on.settings) &&
    (await isPlain(engine, report, planned));
  return stands
    ? { before: withReport(report, before).tokens, after: withReport(report, after).tokens }
    : { before: before.tokens, after: after.tokens };
}

interface Report {
  readonly usage: UsageRecord;
  /** What is counted at the commit that the report is for. */
  readonly countedThere: number;
}

function withReport({ usage, countedThere }: Report, counted: ContextSize): ContextSize {
  const { promptTokens, completionTokens } = usage;
  const tokens = promptTokens + completionTokens + counted.tokens - countedThere;
  // An instruction that takes the place of an older one may take away more than was reported.
  return { ...counted, tokens: Math.max(0, tokens), tokenSource: reportedSource(usage) };
}

/** null when none stands at the head. */
async function findReport(engine: Engine, at: MeasuredPoint): Promise<Report | null> {
  const { tract, head, annotationSequence, ledgerSequence } = at;
  if (head === null || isUnreported(engine, at)) return null;
  const usage = await engine.store.findUsage(tract, head);
  if (usage === null && ledgerSequence !== undefined)
    engine.compileCache.unreported.set(tract, { head, ledgerSequence }, 1);
  if (usage === null || annotationSequence < usage.annotationSequence) return null;
  if (!isSameView(at.settings, await readSettings(engine, tract, usage.commit))) return null;
  if (await isJudgedSince(engine, usage, at)) return null;
  const there = { ...at, head: usage.commit };
  return { usage, countedThere: (await measureContext(engine, there)).tokens };
}

type ReadPoint = Pick<MeasuredPoint, "tract" | "head" | "ledgerSequence">;

/** A report is never written without a ledger entry: what was found at one state of the ledger holds as long as that stands. */
function isUnreported({ compileCache }: Engine, { tract, head, ledgerSequence }: ReadPoint): boolean {
  const known = compileCache.unreported.get(tract);
  return known !== undefined && known.head === head && known.ledgerSequence === ledgerSequence;
}

/** Commits on a head without a report have none either; with this the next commit need not look for one. */
export function noteUnreported(
  engine: Engine,
  on: ReadPoint,
  made: {
    readonly head: Hash;
    /** Those of the commits themselves. */
    readonly entryCount: number;
    readonly ledgerSequence: number;
  },
): void {
  const { head, entryCount, ledgerSequence } = made;
  const isAlone = on.ledgerSequence !== undefined && on.ledgerSequence + entryCount === ledgerSequence;
  if (isAlone && isUnreported(engine, on))
    engine.compileCache.unreported.set(on.tract, { head, ledgerSequence }, 1);
}

/** True when something that the report covers was annotated since. */
async function isJudgedSince(engine: Engine, usage: UsageRecord, at: MeasuredPoint): Promise<boolean> {
  const { tract, annotationSequence: upTo } = at;
  const { quietReports } = engine.compileCache;
  const key = JSON.stringify([tract, usage]);
  const after = quietReports.get(key) ?? usage.annotationSequence;
  if (after >= upTo) return false;
  for (const { commit } of await engine.store.readAnnotations(tract, { after, upTo }))
    if (await engine.store.isReachable(tract, commit, usage.commit)) return true;
  quietReports.set(key, upTo, 1);
  return false;
}

/** True when the plan only appends, and judges nothing that the report covers. */
async function isPlain(engine: Engine, { usage }: Report, planned: PlannedChange): Promise<boolean> {
  const made = new Set(planned.chain.map(({ commit }) => commit.hash));
  if (planned.chain.some(({ commit }) => commit.operation !== "append" || commit.parents.length > 1))
    return false;
  for (const { commit } of planned.annotations)
    if (!made.has(commit) && (await engine.store.isReachable(engine.scope.tract, commit, usage.commit)))
      return false;
  return true;
}

function isSameView(a: MeasuredPoint["settings"], b: MeasuredPoint["settings"]): boolean {
  return a.strategy === b.strategy && a.recent === b.recent;
}
