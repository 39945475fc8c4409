/** Verifies the ledger: no entry missing, none changed, none moved, and its end where the tract says it is (spec 4.1). */
import type { Hash, LedgerRecord, TractRecord } from "../../../storage/records.ts";
import { hashLedgerBody, hashLedgerEntry } from "../entry.ts";
import type { ProblemReport } from "../findings.ts";
import type { Verification } from "../verify.ts";
import { orDamage, type ReadPage, readPages } from "./damaged-rows.ts";
import { verifyKeptTexts } from "./kept-texts.ts";
import { verifySessionEntry } from "./session-entries.ts";

/** The chain after an entry. */
interface Link {
  readonly sequence: number;
  /**
   * What the next entry may be sealed upon: the stored hash and, where that is wrong, the one it should be. One changed hash is then one
   * problem, not two. null: the entry before is not there, so nothing can be said of the seal of the next.
   */
  readonly hashes: readonly string[] | null;
}

const START: Link = { sequence: 0, hashes: [""] };

/** Verifies the ledger page by page and hands on what it has read, so that operations are held against it without a second reading. */
export async function* verifyLedger(
  verification: Verification,
): AsyncGenerator<readonly LedgerRecord[], void, undefined> {
  const { advance, engine, report, tract } = verification;
  if (tract === null) return;
  let link = await readStart(verification);
  const unreadable = (sequence: number): void => {
    const detail = "its row cannot be read";
    report({ kind: "ledger", what: "unreadable", sequence, detail });
    link = { sequence, hashes: null };
  };
  const pages = readPages(ledgerPages(verification), link.sequence, engine.limits.verifyPage, unreadable);
  for await (const entries of pages) {
    for (const entry of entries) {
      reportGap(verification, link.sequence, entry.sequence);
      link = verifyEntry(verification, link, entry);
      if (entry.sequence === 1) verifyGenesis(verification, tract, entry);
      await verifySessionEntry(verification, entry);
      await verifyKeptTexts(verification, entry);
    }
    await advance("ledger", entries.length);
    yield entries;
  }
  await verifyEnd(verification, tract, link);
}

/** What the tract had at the start: entries that others write meanwhile are not looked at. */
function ledgerPages({ engine, tract }: Verification): ReadPage<LedgerRecord> {
  const { scope, store } = engine;
  const last = tract?.ledgerSequence ?? 0;
  return async (after, limit) => {
    if (after >= last) return { rows: [], next: after };
    const entries = await store.readLedger(scope.tract, { order: "asc", afterSequence: after, limit });
    const rows = entries.filter(({ sequence }) => sequence <= last);
    return { rows, next: rows.at(-1)?.sequence ?? after };
  };
}

/** Before the first entry, or with `since` at the entry before the first that is looked at. */
async function readStart({ engine, since }: Verification): Promise<Link> {
  if (since === null) return START;
  const { scope, store } = engine;
  const [first] = (await orDamage(store.readLedger(scope.tract, { since, order: "asc", limit: 1 }))) ?? [];
  const before = { order: "desc", limit: 1, ...(first && { afterSequence: first.sequence }) } as const;
  const [last] = (await orDamage(store.readLedger(scope.tract, before))) ?? [];
  return last === undefined ? START : { sequence: last.sequence, hashes: [last.entryHash] };
}

function reportGap({ report }: Verification, before: number, sequence: number): void {
  const from = before + 1;
  if (from === sequence) return;
  const detail = from === sequence - 1 ? "it is gone" : `entries ${from} to ${sequence - 1} are gone`;
  report({ kind: "ledger", what: "missing", sequence: from, detail });
}

function verifyEntry({ report }: Verification, before: Link, entry: LedgerRecord): Link {
  const { sequence, bodyHash, entryHash } = entry;
  const hashes = sequence === before.sequence + 1 ? before.hashes : null;
  const body = bodyHashOrNull(entry);
  const isSealed = hashes === null || sealsOf(hashes, sequence, bodyHash).includes(entryHash);
  if (body === bodyHash && isSealed) return { sequence, hashes: [entryHash] };
  const isBodySealed =
    hashes !== null && body !== null && sealsOf(hashes, sequence, body).includes(entryHash);
  const problem = body === bodyHash ? SEAL : isBodySealed ? BODY_HASH : BODY;
  report({ kind: "ledger", what: "changed", sequence, ...problem });
  return { sequence, hashes: [...new Set([entryHash, ...sealsOf(hashes ?? [], sequence, bodyHash)])] };
}

function sealsOf(hashes: readonly string[], sequence: number, bodyHash: Hash): readonly Hash[] {
  return hashes.map((previousHash) => hashLedgerEntry({ previousHash, sequence, bodyHash }));
}

type Said = Pick<ProblemReport, "field" | "detail">;
const BODY: Said = {
  field: "body",
  detail:
    "one of id, event type, submission, decision, reason, prompts, metadata, provenance and timestamp was changed",
};
const BODY_HASH: Said = { field: "body_hash", detail: "the hash of its body was changed, not the body" };
const SEAL: Said = {
  field: "entry_hash",
  detail:
    "it is not sealed upon the entry before it: its hash was changed, it was moved, or the one before was replaced",
};

/** null for what cannot be hashed at all. */
function bodyHashOrNull(entry: LedgerRecord): Hash | null {
  try {
    return hashLedgerBody(entry);
  } catch {
    return null;
  }
}

/** What the tract row holds and the first entry knows too. */
function verifyGenesis({ report }: Verification, tract: TractRecord, entry: LedgerRecord): void {
  const { name } = tract;
  if (entry.eventType !== "GENESIS") {
    const detail = "the first entry is not GENESIS";
    report({ kind: "ledger", what: "changed", field: "event_type", sequence: 1, detail });
  } else if (entry.submissionId !== name) {
    report({ kind: "tract", what: "changed", field: "name", name, detail: "GENESIS names another tract" });
  } else if (entry.metadata.encoding !== tract.encoding) {
    const detail = "GENESIS names another encoding";
    report({ kind: "tract", what: "changed", field: "encoding", name, detail });
  } else if (entry.timestamp !== tract.createdAt) {
    const detail = "GENESIS has another time";
    report({ kind: "tract", what: "changed", field: "created_at", name, detail });
  }
}

/** A tail that was cut off leaves a chain that is whole in itself: the tract's row tells (spec 9, 23). */
async function verifyEnd(verification: Verification, tract: TractRecord, link: Link): Promise<void> {
  const { engine, report } = verification;
  const { name, ledgerHead, ledgerSequence } = tract;
  if (link.sequence < ledgerSequence) {
    const detail = `the last ${ledgerSequence - link.sequence} of ${ledgerSequence} entries are gone`;
    report({ kind: "ledger", what: "missing", sequence: link.sequence + 1, detail });
  } else if (link.hashes !== null && !link.hashes.includes(ledgerHead)) {
    const detail = "the hash of the newest entry is another";
    report({ kind: "tract", what: "changed", field: "ledger_head", name, detail });
  }
  const { scope, store } = engine;
  const newest = await orDamage(store.readLedger(scope.tract, { order: "desc", limit: 1 }));
  const counted = (await store.findTract(scope.tract))?.ledgerSequence ?? 0;
  const last = newest?.[0]?.sequence ?? 0;
  if (last <= counted) return;
  const detail = `there are entries up to ${last}, the tract counts ${counted}`;
  report({ kind: "tract", what: "changed", field: "ledger_sequence", name, detail });
}
