/** Adds up the ledger entries of a query by event type, model, operation, session or day (spec 4.3). */
import type { LedgerRecord } from "../../storage/records.ts";
import type { LedgerQuery } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { createRest } from "../long-work.ts";
import { addUsage, NO_USAGE, type UsageSum } from "./usage.ts";

export const AGGREGATES = ["event_type", "model", "operation", "session", "day"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** Sums over the entries of one group. */
export interface LedgerTotal extends UsageSum {
  /** The event type, model, operation (of an LLM call, else type of operation), session id, or day in UTC. */
  readonly group: string;
  readonly entries: number;
}

export interface LedgerTotals {
  /** Days newest first; others by tokens, then by entries, largest first. */
  readonly groups: readonly LedgerTotal[];
  readonly groupsOmitted: number;
  /** Over all groups; entries that belong to none are not in it. */
  readonly all: UsageSum & { readonly entries: number };
}

export interface TotalsRequest {
  readonly by: Aggregate;
  readonly filter: Omit<LedgerQuery, "order" | "limit" | "afterSequence">;
  readonly groupsMax: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads every entry that the filter lets through, in pages. Models are told by calls and turns alone, operations by calls and operations.
 *
 * @throws TractError `cancelled`.
 */
export async function ledgerTotals(
  engine: Engine,
  { by, filter, groupsMax, signal }: TotalsRequest,
): Promise<LedgerTotals> {
  const { limits, scope, store } = engine;
  const rest = createRest(engine, signal);
  const query = { ...narrowed(by, filter), order: "asc", limit: limits.verifyPage } as const;
  const groups = new Map<string, LedgerTotal>();
  let all = { ...NO_USAGE, entries: 0 };
  for (let afterSequence = 0; ; ) {
    const page: readonly LedgerRecord[] = await store.readLedger(scope.tract, { ...query, afterSequence });
    for (const entry of page) {
      const group = groupOf(by, entry);
      if (group === null) continue;
      const sum = groups.get(group) ?? { ...NO_USAGE, group, entries: 0 };
      groups.set(group, { group, entries: sum.entries + 1, ...addUsage(usageOf(sum), entry) });
      all = { entries: all.entries + 1, ...addUsage(usageOf(all), entry) };
    }
    const last = page.at(-1);
    if (last === undefined) break;
    afterSequence = last.sequence;
    await rest();
  }
  const sorted = [...groups.values()].sort(by === "day" ? newestDayFirst : largestFirst);
  return { groups: sorted.slice(0, groupsMax), groupsOmitted: Math.max(0, sorted.length - groupsMax), all };
}

/** Event types that a grouping is about, when all others have no group. */
function narrowed<Filter extends Pick<LedgerQuery, "eventTypes">>(by: Aggregate, filter: Filter): Filter {
  if (by !== "model" || filter.eventTypes !== undefined) return filter;
  return { ...filter, eventTypes: ["LLM_CALL", "TURN_RECORDED"] };
}

function groupOf(
  by: Aggregate,
  { eventType, decision, metadata, provenance, timestamp }: LedgerRecord,
): string | null {
  switch (by) {
    case "event_type":
      return eventType;
    case "model":
      return textOrNull(metadata.model_id);
    case "operation":
      if (eventType === "LLM_CALL") return textOrNull(metadata.operation);
      return eventType === "OPERATION" || eventType === "IMPORTED" ? decision : null;
    case "session":
      return textOrNull(provenance.session_id);
    case "day":
      return timestamp.slice(0, "2026-03-01".length);
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function usageOf({ calls, inputTokens, outputTokens, totalTokens, latencyMs, cost }: UsageSum): UsageSum {
  return { calls, inputTokens, outputTokens, totalTokens, latencyMs, cost };
}

function newestDayFirst(a: LedgerTotal, b: LedgerTotal): number {
  return a.group < b.group ? 1 : -1;
}

function largestFirst(a: LedgerTotal, b: LedgerTotal): number {
  return b.totalTokens - a.totalTokens || b.entries - a.entries || (a.group < b.group ? -1 : 1);
}
