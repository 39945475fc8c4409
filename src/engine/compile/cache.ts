/** What a process remembers of compiles, by what the database says: head, annotation sequence, options, compiler version (spec 2.8). */
import type { Encoding, Hash } from "../../storage/records.ts";
import type { Limits } from "../limits.ts";
import { COMPILER_VERSION } from "../versions.ts";
import type { AnnotationLog } from "./annotation-log.ts";
import type { Draft } from "./draft.ts";
import { LruCache } from "./lru.ts";
import { type CompileOptions, unitsKey } from "./options.ts";
import type { Tally } from "./tally.ts";

/** Never stale: a key names immutable history and an append-only log up to a sequence, so an entry is right for good. */
export interface CompileCache {
  readonly drafts: LruCache<Draft>;
  readonly tallies: LruCache<Tally>;
  /** By tract; drafts and tallies hold views of them, for each would be as large as the tract's whole log. */
  readonly annotationLogs: LruCache<AnnotationLog>;
  /** Usage reports, with the annotation up to which nothing that they cover was annotated (history/reported-size.ts). */
  readonly quietReports: LruCache<number>;
  /** By tract: a head at which no usage report stood, with the newest ledger entry of then (history/reported-size.ts). */
  readonly unreported: LruCache<{ readonly head: Hash; readonly ledgerSequence: number }>;
}

/** A tally is a few numbers and what summaries cover, so many more of them are kept than drafts. */
const TALLIES_PER_DRAFT = 16;
/** Covered commits of a tally, on average: what it knows of them is most of what it weighs. */
const COVERED_PER_TALLY = 512;
/** Of a history with very many of them a few tallies stay all the same: each commit needs the one before it. */
const TALLY_WEIGHT_MAX = 32_768;
/** Annotations of all logs together. */
export const ANNOTATIONS_MAX = 1_000_000;

export function createCompileCache(
  limits: Pick<Limits, "compileCacheEntriesMax" | "compileCacheTokensMax">,
): CompileCache {
  const { compileCacheEntriesMax: entriesMax, compileCacheTokensMax: weightMax } = limits;
  const talliesMax = entriesMax * TALLIES_PER_DRAFT;
  return {
    drafts: new LruCache({ entriesMax, weightMax }),
    tallies: new LruCache({ entriesMax: talliesMax, weightMax: talliesMax * COVERED_PER_TALLY }),
    annotationLogs: new LruCache({ entriesMax: talliesMax, weightMax: ANNOTATIONS_MAX }),
    quietReports: new LruCache({ entriesMax: talliesMax, weightMax: talliesMax }),
    unreported: new LruCache({ entriesMax: talliesMax, weightMax: talliesMax }),
  };
}

export function weightOfTally({ coverage }: Tally): number {
  return Math.min(1 + coverage.covers.size, TALLY_WEIGHT_MAX);
}

/** Where in history a compile is. */
export interface CompilePoint {
  readonly tract: string;
  readonly encoding: Encoding;
  readonly head: Hash | null;
  readonly annotationSequence: number;
}

/** Common beginning of the keys of all points that one can grow into the other. */
export function lineageKey(point: CompilePoint, options: CompileOptions): string {
  return `${JSON.stringify(point.tract)} ${point.encoding} v${COMPILER_VERSION} ${unitsKey(options)} @`;
}

export function pointKey(point: CompilePoint, options: CompileOptions): string {
  return `${lineageKey(point, options)}${point.head} ${point.annotationSequence}`;
}
