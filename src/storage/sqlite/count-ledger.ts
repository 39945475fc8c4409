/** Counting ledger entries by filters: from indexes, or onwards from what was counted before. */
import { keyOf } from "./codec.ts";
import { type Database, findTractId } from "./database.ts";
import { EVERYDAY_ENTRY } from "./interned.ts";
import { type LedgerFilter, type LedgerPlan, ledgerKindsOf, planLedger } from "./ledger-plan.ts";
import { hasText, pageOfKeys, readEntries, TEXT_STEP } from "./read-ledger.ts";

export function countLedger(database: Database, tract: string, filter: LedgerFilter): number {
  const tractId = findTractId(database, tract);
  if (tractId === null) return 0;
  if (!hasOtherThanKinds(filter)) return countKinds(database, tractId, ledgerKindsOf(database, filter));
  return countOnwards(database, tractId, filter);
}

/** What was counted of a tract's entries by a filter, up to a sequence. */
interface Counted {
  readonly sequence: number;
  readonly count: number;
}

/** Counts remembered for each open store, the ones used last at the end. */
const counted = new WeakMap<Database, Map<string, Counted>>();
const COUNTS_KEPT = 200;

/** Entries are never changed or removed, so what was counted once holds for good: only those that came since are looked at. */
function countOnwards(database: Database, tractId: number, filter: LedgerFilter): number {
  const known = counted.get(database) ?? new Map<string, Counted>();
  counted.set(database, known);
  const key = JSON.stringify([tractId, Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1))]);
  const before = known.get(key) ?? { sequence: 0, count: 0 };
  const sequence = ledgerEnd(database, tractId);
  let { count } = before;
  if (sequence > before.sequence) {
    const planned = planLedger(database, tractId, filter);
    const [from, to] = [keyOf(tractId, before.sequence), keyOf(tractId, sequence) + 1];
    const streams = planned.streams.map((stream) => ({
      ...stream,
      above: Math.max(stream.above, from),
      below: Math.min(stream.below, to),
    }));
    const since = { ...planned, streams };
    count += since.text === null ? countStreams(database, since) : countText(database, since, since.text);
  }
  known.delete(key);
  known.set(key, { sequence, count });
  const [oldest] = known.keys();
  if (known.size > COUNTS_KEPT && oldest !== undefined) known.delete(oldest);
  return count;
}

function ledgerEnd(database: Database, tractId: number): number {
  return database.sql<[number]>("SELECT ledger_sequence FROM tracts WHERE id = +?").get(tractId)?.[0] ?? 0;
}

function hasOtherThanKinds({ eventTypes, decision, ...others }: LedgerFilter): boolean {
  return Object.values(others).some((value) => value !== undefined);
}

/** Entries are numbered without gaps, so all of them and the everyday ones are counted without looking at them. */
function countKinds(database: Database, tractId: number, kinds: readonly number[] | null): number {
  const all = ledgerEnd(database, tractId);
  if (kinds === null) return all;
  const bounds = [keyOf(tractId, 0), keyOf(tractId + 1, 0)] as const;
  const ofKind = database.sql<[number]>(
    `SELECT count(*) FROM ledger WHERE key > +? AND key < +? AND kind_id = +? AND kind_id <> ${EVERYDAY_ENTRY}`,
  );
  const special = database.sql<[number]>(
    `SELECT count(*) FROM ledger INDEXED BY ledger_kind WHERE key > +? AND key < +? AND kind_id <> ${EVERYDAY_ENTRY}`,
  );
  let count = 0;
  for (const kind of kinds)
    count +=
      kind === EVERYDAY_ENTRY
        ? all - (special.get(...bounds)?.[0] ?? 0)
        : (ofKind.get(...bounds, kind)?.[0] ?? 0);
  return count;
}

function countStreams(database: Database, { streams, where, values }: LedgerPlan): number {
  let count = 0;
  for (const stream of streams)
    count +=
      database
        .sql<[number]>(`SELECT count(*) FROM ledger l WHERE l.key > +? AND l.key < +?${where}${stream.where}`)
        .get(stream.above, stream.below, ...values, ...stream.values)?.[0] ?? 0;
  return count;
}

function countText(database: Database, planned: LedgerPlan, text: string): number {
  let count = 0;
  for (let from: number | null = null; ; ) {
    const keys = pageOfKeys(database, planned, { rising: true, from, limit: TEXT_STEP });
    for (const entry of readEntries(database, keys)) if (hasText(entry, text)) count += 1;
    const last = keys.at(-1);
    if (last === undefined) return count;
    from = last;
  }
}
