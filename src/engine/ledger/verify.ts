/** Proves that what is stored is what was written: recomputes every hash and follows every link (spec 4.6). */

import { emptyChange } from "../../storage/change-set.ts";
import { StoreError } from "../../storage/errors.ts";
import type { JsonObject, TractRecord } from "../../storage/records.ts";
import { storedText } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isoNow, publish } from "../history/publish.ts";
import { readTimeBounds } from "../history/time-bounds.ts";
import { createRest, type Rest } from "../long-work.ts";
import { ledgerEntry } from "./entry.ts";
import { createFindings, type Problem, type Report } from "./findings.ts";
import { verifyLedger } from "./verify/chain.ts";
import { verifyCollected } from "./verify/collected.ts";
import { verifyCommits } from "./verify/commits.ts";
import { verifyContents } from "./verify/contents.ts";
import { orDamage } from "./verify/damaged-rows.ts";
import { verifyOperations } from "./verify/operations.ts";
import { verifyRefs } from "./verify/refs.ts";

export interface VerifyRequest {
  /** Looks only at commits, operations and ledger entries from this time on, with the contents of those commits. */
  readonly since?: string | undefined;
  /**
   * Also builds anew what is derived: the search index always, and what the store names as damaged (indexes and triggers of the database,
   * tables that repeat what others say). Everything else is only named, whatever its state.
   */
  readonly repair?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told between pages how many rows have been checked, and of what. */
  readonly progress?: ((done: number, total: number | null, message: string) => void) | undefined;
}

export interface VerifyResult {
  /** Whether all was sound; with `repair`, before anything was built anew. */
  readonly ok: boolean;
  readonly checked: {
    readonly contents: number;
    readonly commits: number;
    readonly operations: number;
    readonly ledger: number;
  };
  /** At most `limits.verifyProblemsMax`. */
  readonly problems: readonly Problem[];
  /** Problems beyond those. */
  readonly problemsOmitted: number;
  /** What `repair` built anew. */
  readonly repaired: readonly string[];
}

/** What the parts of a verify share. */
export interface Verification {
  readonly engine: Engine;
  /** The tract as it was at the start: what others write meanwhile is not looked at. null: nobody has written to it. */
  readonly tract: TractRecord | null;
  /** ISO time; null: everything. */
  readonly since: string | null;
  readonly report: Report;
  /** Between pages: `count` rows of a kind have been checked. */
  readonly advance: (kind: keyof VerifyResult["checked"], count: number) => Promise<void>;
}

/**
 * Verifies the tract of the scope, every content of the store (contents are shared by its tracts) and the database itself. To verify a whole
 * store, verify each of its tracts. Reads in pages, so memory stays bounded, and lets others work in between.
 *
 * It writes nothing: looking at a store must not change it, and a damaged one least of all. Only `repair` does, and notes so in the ledger
 * (VERIFIED) when the tract is otherwise sound.
 *
 * @throws TractError `invalid-argument` (since), `store-readonly` (repair), `cancelled`.
 */
export async function verify(engine: Engine, request: VerifyRequest = {}): Promise<VerifyResult> {
  const { limits, scope, store } = engine;
  const since = readTimeBounds({ since: request.since }).since ?? null;
  if (request.repair === true && store.isReadonly) throw readOnly();
  const rest = createRest(engine, request.signal);
  const { findings, report } = createFindings(limits.verifyProblemsMax);
  const checked = { contents: 0, commits: 0, operations: 0, ledger: 0 };
  let done = 0;
  const verification: Verification = {
    engine,
    tract: await store.findTract(scope.tract),
    since,
    report,
    advance: async (kind, count) => {
      checked[kind] += count;
      done += count;
      request.progress?.(done, null, kind);
      await rest();
    },
  };
  const found = (await orDamage(store.checkIntegrity())) ?? ["the database's own check cannot be run"];
  for (const detail of found) report({ kind: "database", what: "changed", detail });
  const derived = (await orDamage(store.checkDerived())) ?? [];
  for (const detail of derived) report({ kind: "database", what: "changed", field: "derived", detail });
  await verifyRows(verification);
  const problemCount = findings.problems.length + findings.omitted;
  const repaired = request.repair === true ? await repair(engine, rest) : [];
  // What was derived is sound again: the ledger of a tract that is damaged otherwise is not touched.
  if (request.repair === true && problemCount === derived.length && verification.tract !== null)
    await recordRepair(engine, { ...checked, repaired });
  return {
    ok: problemCount === 0,
    checked,
    problems: findings.problems,
    problemsOmitted: findings.omitted,
    repaired,
  };
}

/** What is damaged in one place is named and read past; only a store whose tables are gone ends this early. */
async function verifyRows(verification: Verification): Promise<void> {
  try {
    await verifyContents(verification);
    const commits = verifyCommits(verification);
    const ledger = verifyLedger(verification);
    await verifyRefs(verification, await verifyOperations(verification, { commits, ledger }));
    await verifyCollected(verification);
  } catch (error) {
    if (!(error instanceof StoreError && error.failure === "store-corrupt")) throw error;
    const detail = "the store cannot be read on from here";
    verification.report({ kind: "database", what: "unreadable", detail });
  }
}

async function repair(engine: Engine, rest: Rest): Promise<readonly string[]> {
  const repaired = (await orDamage(engine.store.repairDerived())) ?? [];
  await rebuildSearchIndex(engine, rest);
  return ["search index", ...repaired];
}

async function rebuildSearchIndex({ limits, store }: Engine, rest: Rest): Promise<void> {
  await store.resetSearchIndex();
  let left = Number.POSITIVE_INFINITY;
  while (left > 0) {
    await rest();
    left = await store.indexForSearch({ limit: limits.searchIndexBatch, textOf: storedText });
  }
}

async function recordRepair(engine: Engine, evidence: JsonObject): Promise<void> {
  const entry = ledgerEntry(engine, isoNow(engine), {
    eventType: "VERIFIED",
    submissionId: engine.scope.tract,
    decision: "OK",
    reason: "Verified, and built anew what is derived",
    metadata: evidence,
  });
  await publish(engine, { change: { ...emptyChange(engine.scope.tract), ledger: [entry] } });
}

function readOnly(): TractError {
  return new TractError("store-readonly", "this store can be read but not repaired", {
    hint: "Verify it without repair, or open it with the right to write.",
  });
}
