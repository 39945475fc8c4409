/** Verifies what gc removed: every commit that is noted as removed is one that the ledger tells of, and the other way round. */
import type { Hash, LedgerRecord } from "../../../storage/records.ts";
import type { Verification } from "../verify.ts";
import { orDamage, type ReadPage, readPages } from "./damaged-rows.ts";

export async function verifyCollected(verification: Verification): Promise<void> {
  const { report, tract } = verification;
  if (tract === null) return;
  // Notes first: gc may go on meanwhile, and writes each note with its entry.
  const noted = new Multiset();
  for await (const hashes of notePages(verification)) noted.add(hashes);
  const told = new Multiset();
  for await (const hashes of tellingPages(verification)) {
    told.add(hashes);
    const found = new Set(await orDamage(verification.engine.store.findCollected(tract.name, hashes)));
    for (const hash of hashes) {
      if (found.has(hash)) continue;
      const detail = "gc removed it, but the store no longer says so";
      report({ kind: "commit", what: "missing", field: "collected", hash, detail });
    }
  }
  if (!noted.equals(told)) await reportStrayNotes(verification);
}

/** Takes memory for all hashes, which is why it is only done when something is wrong, or gc is at work. */
async function reportStrayNotes(verification: Verification): Promise<void> {
  const notes: Hash[] = [];
  for await (const hashes of notePages(verification)) notes.push(...hashes);
  const told = new Map<Hash, number>();
  for await (const hashes of tellingPages(verification))
    for (const hash of hashes) told.set(hash, (told.get(hash) ?? 0) + 1);
  for (const hash of notes) {
    const left = told.get(hash) ?? 0;
    told.set(hash, left - 1);
    if (left > 0) continue;
    const detail = "it is noted as removed by gc, but no ledger entry tells of that";
    verification.report({ kind: "commit", what: "unlinked", field: "collected", hash, detail });
  }
}

/** The hashes that the store notes as removed. */
async function* notePages({
  advance,
  engine,
  report,
}: Verification): AsyncGenerator<readonly Hash[], void, undefined> {
  const { limits, scope, store } = engine;
  const read: ReadPage<Hash> = async (after, limit) => await store.scanCollected(scope.tract, after, limit);
  const unreadable = (place: number): void =>
    report({
      kind: "commit",
      what: "unreadable",
      field: "collected",
      detail: `note ${place} of a removed commit`,
    });
  for await (const hashes of readPages(read, 0, limits.verifyPage, unreadable)) {
    await advance("commits", 0);
    yield hashes;
  }
}

/** The hashes that entries of gc name, entry by entry. What is wrong with the ledger itself is found elsewhere. */
async function* tellingPages({
  advance,
  engine,
}: Verification): AsyncGenerator<readonly Hash[], void, undefined> {
  const { scope, store } = engine;
  for (let after = 0; ; ) {
    const query = { eventTypes: ["GC"], order: "asc", afterSequence: after, limit: ENTRIES_AT_ONCE } as const;
    const entries = (await orDamage(store.readLedger(scope.tract, query))) ?? [];
    for (const entry of entries) yield hashesOf(entry);
    await advance("ledger", 0);
    const last = entries.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}

/** Each may name hundreds of commits. */
const ENTRIES_AT_ONCE = 50;

function hashesOf({ metadata }: LedgerRecord): readonly Hash[] {
  const { commits } = metadata;
  if (!Array.isArray(commits)) return [];
  return commits.filter((hash): hash is Hash => typeof hash === "string");
}

/** How often each hash came, in a number of fixed size: two are equal when the same hashes came equally often, in any order. */
class Multiset {
  #count = 0;
  #sum = 0n;

  add(hashes: readonly Hash[]): void {
    this.#count += hashes.length;
    for (const hash of hashes) this.#sum = BigInt.asUintN(256, this.#sum + numberOf(hash));
  }

  equals(other: Multiset): boolean {
    return this.#count === other.#count && this.#sum === other.#sum;
  }
}

/** A changed row may hold anything. */
function numberOf(hash: Hash): bigint {
  return /^[0-9a-f]+$/.test(hash) ? BigInt(`0x${hash}`) : 0n;
}
