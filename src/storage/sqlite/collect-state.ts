/** What a gc run knows of a store between its steps: what is kept so far, what is left to remove, and up to where it has looked. */

import type { Garbage, GarbageRule } from "../garbage.ts";
import type { Hash } from "../records.ts";
import { boundToMilliseconds, unpackPayload } from "./codec.ts";
import type { Database } from "./database.ts";
import { EVERYDAY_ENTRY } from "./interned.ts";
import { ledgerKindsOf } from "./ledger-plan.ts";
import { extendReach, findPlace, type Place, type Reach, type Span } from "./reach.ts";

/** A GarbageRule with its times in milliseconds. */
export interface CollectRule extends Pick<GarbageRule, "keepingEntries" | "relatingTypes" | "plainTypes"> {
  readonly commitsSince: number;
  readonly operationsSince: number;
  readonly relatingSince: number | null;
}

export function collectRule(rule: GarbageRule): CollectRule {
  const { commitsSince, operationsSince, relatingSince } = rule;
  return {
    ...rule,
    commitsSince: boundToMilliseconds(commitsSince),
    operationsSince: boundToMilliseconds(operationsSince),
    relatingSince: relatingSince === null ? null : boundToMilliseconds(relatingSince),
  };
}

/** One read that sees one state; between two of them others write, which the sweep looks after. */
export type Read = <Result>(work: (database: Database) => Result) => Promise<Result>;

/** What has been looked at: rows beyond came later, and whatever they name is kept. */
export interface Watermarks {
  readonly commitId: number;
  /** Sequence of the newest operation of every tract, by the tract's id: other tracts may name commits of this one. */
  readonly operations: ReadonlyMap<number, number>;
  readonly recordKey: number;
  /** Sequence of the newest ledger entry of every tract, by the tract's id: entries keep contents. */
  readonly ledger: ReadonlyMap<number, number>;
}

export interface Collection {
  readonly tract: string;
  readonly tractId: number;
  readonly rule: CollectRule;
  /** Everything that is kept; grows while others write. */
  readonly reach: Reach;
  seen: Watermarks;
  /** Transactions of gc in the whole store when this began, and those of its own since: another number means that others remove, too. */
  sweeps: number;
  /** Ids of commits to remove, the lowest first; taken from the end, so that children go before parents. */
  candidates: Float64Array;
  /** How many of them are left. */
  left: number;
  /** How many commits of the store name a content, by the content's id. */
  names: Uint32Array;
}

/** The collection behind a Garbage: what a caller holds is plain numbers. */
export const collections: WeakMap<Garbage, Collection> = new WeakMap();

/** Keeps a commit, what is behind it, and what summaries there stand for; gives how many commits that adds. */
export function keep(
  database: Database,
  { reach, tractId }: Pick<Collection, "reach" | "tractId">,
  root: Pick<Place, "lineage" | "generation">,
): number {
  let added = 0;
  const roots = [root];
  for (let next = roots.pop(); next !== undefined; next = roots.pop())
    for (const span of extendReach(database, reach, next)) {
      added += span.to - span.from + 1;
      for (const source of readSources(database, span)) {
        const place = findPlace(database, tractId, source);
        if (place !== null) roots.push(place);
      }
    }
  return added;
}

/** Hashes that the summaries of a span name: their sources, and whatever else looks like one. */
function readSources(database: Database, { lineage, from, to }: Span): readonly Hash[] {
  return database
    .sql<[string | Uint8Array]>(
      `SELECT k.body FROM commits c JOIN contents k ON k.id = c.content_id
       WHERE c.lineage_id = +? AND c.generation >= +? AND c.generation <= +? AND c.operation IN (3, 4)`,
    )
    .all(lineage, from, to)
    .flatMap(([body]) => hashesIn(unpackPayload(body)));
}

/** Every quoted hash of a JSON text. */
export function hashesIn(json: string): readonly Hash[] {
  return [...new Set(json.match(QUOTED_HASH))].map((quoted) => quoted.slice(1, -1) as Hash);
}
const QUOTED_HASH = /"[0-9a-f]{64}"/g;

/** How many transactions of gc the ledgers of the store tell of. */
export function countSweeps(database: Database): number {
  const count = database.sql<[number]>(
    `SELECT count(*) FROM ledger WHERE kind_id = +? AND kind_id <> ${EVERYDAY_ENTRY}`,
  );
  const kinds = ledgerKindsOf(database, { eventTypes: ["GC"] }) ?? [];
  return kinds.reduce((sum, kind) => sum + (count.get(kind)?.[0] ?? 0), 0);
}
