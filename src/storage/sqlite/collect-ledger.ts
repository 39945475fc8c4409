/** Contents that ledger entries keep from gc: each counts as one more name of the content. */
import type { KeepingEntries } from "../garbage.ts";
import type { JsonObject } from "../records.ts";
import { keyOf, unpackPayload } from "./codec.ts";
import { type Collection, hashesIn, type Read } from "./collect-state.ts";
import type { Database } from "./database.ts";
import { EVERYDAY_ENTRY } from "./interned.ts";
import { ledgerKindsOf } from "./ledger-plan.ts";
import { unpackHashes } from "./pack-hashes.ts";

/** Entries looked at in one read. */
const ENTRIES_AT_ONCE = 2_000;

/** Sequence of the newest ledger entry of every tract, by the tract's id. */
export function ledgerEnds(database: Database): ReadonlyMap<number, number> {
  return new Map(database.sql<[number, number]>("SELECT id, ledger_sequence FROM tracts").all());
}

/** Counts what entries of all tracts keep, up to where the collection has seen them. */
export async function countKept(step: Read, { names, rule, seen }: Collection): Promise<void> {
  for (const [tractId, sequence] of seen.ledger)
    for (let after: number | null = 0; after !== null; ) {
      const from: number = after;
      const page = await step((database) =>
        readKept(database, rule.keepingEntries, { tractId, after: from, upTo: sequence }),
      );
      countNamed(names, page.contents);
      after = page.next;
    }
}

/** Contents that entries kept which came since, and up to where was looked. */
export interface NewlyKept {
  readonly contents: readonly number[];
  readonly seen: ReadonlyMap<number, number>;
  /** False when there is more to look at. */
  readonly isAll: boolean;
}

export function keptSince(database: Database, { rule, seen }: Collection): NewlyKept {
  const contents: number[] = [];
  const ends = new Map(seen.ledger);
  let isAll = true;
  for (const [tractId, sequence] of ledgerEnds(database)) {
    const after = ends.get(tractId) ?? 0;
    if (after === sequence) continue;
    const page = readKept(database, rule.keepingEntries, { tractId, after, upTo: sequence });
    contents.push(...page.contents);
    ends.set(tractId, page.next ?? sequence);
    isAll &&= page.next === null;
  }
  return { contents, seen: ends, isAll };
}

/** One more name for each; contents that nobody wants to remove are none of its business. */
export function countNamed(names: Uint32Array, contents: readonly number[]): void {
  for (const content of contents) if (content < names.length) names[content] = (names[content] ?? 0) + 1;
}

interface Page {
  readonly contents: readonly number[];
  /** Sequence to go on after; null: this was the last page. */
  readonly next: number | null;
}

function readKept(
  database: Database,
  keeping: readonly KeepingEntries[],
  { tractId, after, upTo }: { readonly tractId: number; readonly after: number; readonly upTo: number },
): Page {
  let last = upTo;
  const contents: number[] = [];
  // Each kind has a page of its own; where the shortest of them ends, the next look begins.
  const pages = keeping.flatMap((rule) =>
    (ledgerKindsOf(database, { eventTypes: [rule.eventType] }) ?? []).map((kind) => {
      const rows = database
        .sql<[number, string | Uint8Array]>(
          `SELECT key & 4294967295, metadata FROM ledger
           WHERE key > +? AND key <= +? AND kind_id = +? AND kind_id <> ${EVERYDAY_ENTRY} ORDER BY key LIMIT ${ENTRIES_AT_ONCE}`,
        )
        .all(keyOf(tractId, after), keyOf(tractId, upTo), kind);
      if (rows.length === ENTRIES_AT_ONCE) last = Math.min(last, rows.at(-1)?.[0] ?? upTo);
      return { rule, rows };
    }),
  );
  for (const { rule, rows } of pages)
    for (const [sequence, metadata] of rows)
      if (sequence <= last) contents.push(...keptBy(database, rule, metadata));
  return { contents, next: last < upTo ? last : null };
}

function keptBy(
  database: Database,
  { keys, unless }: KeepingEntries,
  packed: string | Uint8Array,
): readonly number[] {
  // Hashes of the entry's own operation are commits: they need not be told.
  const metadata = JSON.parse(unpackHashes(packed, () => [])) as JsonObject; // Only objects are written.
  const others = unless === null ? null : metadata[unless];
  if (Array.isArray(others) && others.length > 0) return [];
  return keys.flatMap((key) => {
    const hash = metadata[key];
    return typeof hash === "string" ? withNamed(database, hash) : [];
  });
}

/** A content and those whose hashes stand in it. */
function withNamed(database: Database, hash: string): readonly number[] {
  const found = database
    .sql<[number, string | Uint8Array]>("SELECT id, body FROM contents WHERE hash = unhex(?)")
    .get(hash);
  if (found === undefined) return [];
  const idOf = database.sql<[number]>("SELECT id FROM contents WHERE hash = unhex(?)");
  return [found[0], ...hashesIn(unpackPayload(found[1])).flatMap((named) => idOf.get(named)?.[0] ?? [])];
}
