/** Garbage collection: removes commits that nothing leads to any more, and the contents that only they name (spec 3.8). */

import { emptyChange } from "../../storage/change-set.ts";
import type { Garbage, GarbageRoot, Swept } from "../../storage/garbage.ts";
import type { LedgerBody } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isoNow } from "../history/publish.ts";
import { readSite } from "../history/snapshot.ts";
import { ledgerEntry } from "../ledger/entry.ts";
import { startSession } from "../ledger/session-start.ts";
import { createRest, type Rest } from "../long-work.ts";
import { asTractError } from "../store-failure.ts";
import { type GcDays, type GcTerms, gcRule, gcTerms } from "./gc-rule.ts";

export interface GcRequest extends GcDays {
  /** Default true: only says what would go. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told between the parts of the work how many commits have been removed, and of how many. */
  readonly progress?: ((done: number, total: number | null, message: string) => void) | undefined;
}

export interface GcResult {
  readonly dryRun: boolean;
  /** What the ledger entries of this run are submitted under; null when it removed nothing. */
  readonly runId: string | null;
  /** What was removed; in a dry run what would be. */
  readonly removed: {
    readonly commits: number;
    readonly contents: number;
    /** Times of the oldest and the newest of those commits; null without any. */
    readonly oldest: string | null;
    readonly newest: string | null;
  };
  /** Of those contents, as stored. */
  readonly bytes: number;
  readonly kept: {
    readonly commits: number;
    /** By what keeps them: each commit counts at the first that does. */
    readonly by: Readonly<Record<GarbageRoot, number>>;
  };
  /** Bytes of the store. It does not shrink: `reusable` bytes are filled before it grows again. */
  readonly size: { readonly before: number; readonly after: number; readonly reusable: number };
  readonly warnings: readonly string[];
}

/**
 * Removes what nothing leads to from the tract of the scope, in small transactions between which others write. It cannot be undone; what it
 * removes is noted in the ledger by hash. Whenever it ends, what was removed is removed wholly, and running it again goes on.
 *
 * @throws TractError `invalid-argument` (days), `store-readonly`, `store-busy` when others keep removing, too, `cancelled`.
 */
export async function gc(engine: Engine, request: GcRequest = {}): Promise<GcResult> {
  const { store } = engine;
  const terms = gcTerms(request);
  const dryRun = request.dryRun ?? true;
  if (!dryRun && store.isReadonly) throw readOnly();
  await readSite(engine, {}); // An unknown worktree is refused by every operation.
  const before = await store.readSize();
  const run: Run = {
    id: engine.newId(),
    terms,
    rest: createRest(engine, request.signal),
    progress: request.progress,
    removed: { commits: 0, contents: 0, bytes: 0 },
  };
  return await whole(run, async () => {
    const garbage = await findAndSweep(engine, run, dryRun);
    return await resultOf(engine, { dryRun, run, garbage, before });
  });
}

/** A run and what it has removed so far. */
interface Run {
  readonly id: string;
  readonly terms: GcTerms;
  readonly rest: Rest;
  readonly progress: GcRequest["progress"];
  readonly removed: { commits: number; contents: number; bytes: number };
}

/** Gives what was found first. */
async function findAndSweep(engine: Engine, run: Run, dryRun: boolean): Promise<Garbage> {
  const { store, scope, limits } = engine;
  const rule = gcRule(run.terms, engine.clock());
  let first: Garbage | null = null;
  for (let attempt = 1; attempt <= limits.gcAttemptsMax; attempt++) {
    const found = await store.findGarbage(scope.tract, rule, run.rest);
    first ??= found;
    if (dryRun) return first;
    if (found.commits > 0) await beginSession(engine);
    if (await sweep(engine, run, found)) return first;
    await engine.pause(PAUSE_MS);
  }
  throw new TractError("store-busy", "others kept removing commits from this store at the same time", {
    hint: "Wait until the other gc is done, then run it again.",
    data: { removed: run.removed.commits },
  });
}

/** A sweep writes its own entries, so the session begins just before the first of them. */
async function beginSession(engine: Engine): Promise<void> {
  await startSession(engine, async (entry) => {
    await engine.store.publish({ ...emptyChange(engine.scope.tract), ledger: [entry] });
  });
}

const PAUSE_MS = 50;

/** Left free after each transaction: writers that wait for the lock ask for it again every few milliseconds. */
const GAP_MS = 20;

/** False when somebody else has removed commits, so that everything has to be looked at again. */
async function sweep(engine: Engine, run: Run, garbage: Garbage): Promise<boolean> {
  const { limits, store } = engine;
  const entry = (swept: Swept): LedgerBody => gcEntry(engine, run, swept);
  const total = run.removed.commits + garbage.commits;
  for (;;) {
    await run.rest();
    const swept = await store.sweepGarbage(garbage, { limit: limits.gcSweepCommits, entry });
    if (typeof swept === "string") return swept === "done";
    run.removed.commits += swept.commits.length;
    run.removed.contents += swept.contents.length;
    run.removed.bytes += swept.bytes;
    run.progress?.(run.removed.commits, total, "commits");
    await engine.pause(GAP_MS);
  }
}

function gcEntry(engine: Engine, { id, terms }: Run, { commits, contents, bytes }: Swept): LedgerBody {
  return ledgerEntry(engine, isoNow(engine), {
    eventType: "GC",
    submissionId: id,
    decision: "SWEPT",
    reason: `Removed ${commits.length} commits that nothing leads to`,
    metadata: { ...terms, commits, contents, bytes },
  });
}

/** Says what was done when the work ends early: each transaction stands for itself. */
async function whole<Result>({ removed }: Run, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    const error = asTractError(thrown);
    if (!(error instanceof TractError) || removed.commits === 0) throw thrown;
    throw new TractError(
      error.code,
      `${error.message}; ${removed.commits} commits were removed before that`,
      {
        hint: "What was removed is removed wholly and noted in the ledger; run gc again to go on.",
        data: { ...error.data, removed: removed.commits },
        cause: thrown,
      },
    );
  }
}

async function resultOf(
  { store }: Engine,
  {
    dryRun,
    run,
    garbage,
    before,
  }: { readonly dryRun: boolean; readonly run: Run; readonly garbage: Garbage; readonly before: number },
): Promise<GcResult> {
  const { commits, contents, bytes } = dryRun ? garbage : run.removed;
  const { oldest, newest, kept } = garbage;
  const stayed = Math.max(0, garbage.commits - commits);
  const found = Object.values(kept).reduce((sum, count) => sum + count, 0);
  return {
    dryRun,
    runId: dryRun || commits === 0 ? null : run.id,
    removed: { commits, contents, oldest, newest },
    bytes,
    kept: { commits: found + stayed, by: kept },
    size: { before, after: await store.readSize(), reusable: await store.readReusable() },
    warnings:
      stayed > 0 ? [`${stayed} commits stay after all: something leads to them since they were found`] : [],
  };
}

function readOnly(): TractError {
  return new TractError("store-readonly", "this store can be read, but nothing can be removed from it", {
    hint: "Look with dry_run, or open it with the right to write.",
  });
}
