/** The one write path: plan on what is there now, publish once, plan again when somebody was faster (design: plan, then publish). */

import {
  type ChangeSet,
  emptyChange,
  type NewOperation,
  type PublishReceipt,
} from "../../storage/change-set.ts";
import { StoreConflict } from "../../storage/errors.ts";
import type { Hash, JsonObject, LedgerBody } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { type LedgerEvent, ledgerEntry, openEntry } from "../ledger/entry.ts";
import { endDeadSessions } from "../ledger/session-end.ts";
import { withSessionStart } from "../ledger/session-start.ts";
import type { Rest } from "../long-work.ts";
import type { Occasion, Written } from "../policies/occasion.ts";
import { COMPILER_VERSION, SCHEMA_VERSION } from "../versions.ts";
import { commitOf } from "./ref-value.ts";
import { CredentialFound, type Hit } from "./screen.ts";
import { hitWords, refusedEntry, screenChanges } from "./screen-change.ts";
import { sealOperation } from "./seal-operation.ts";
import type { Site } from "./snapshot.ts";

/** A planned write and what its caller gets to know once it is done. */
export interface Plan<Result> {
  readonly change: ChangeSet;
  /** Changes of other tracts that happen together with it, or not at all. */
  readonly also?: readonly ChangeSet[];
  /** Awaited while a large change is written; what it throws ends it with nothing written. */
  readonly rest?: Rest;
  readonly result: (receipt: PublishReceipt) => Result;
}

/** A plan, or a result that needs no write. */
export type Planned<Result> = Plan<Result> | { readonly change: null; readonly result: () => Result };

/**
 * Plans and publishes until it works. `plan` reads the store anew each time, so a lost race costs one more plan.
 *
 * @throws TractError `branch-moved` when others are faster `limits.publishAttemptsMax` times; whatever `plan` throws.
 */
export async function publishPlan<Result>(
  engine: Engine,
  plan: () => Promise<Planned<Result>>,
): Promise<Result> {
  try {
    return await planAndPublish(engine, plan);
  } catch (error) {
    if (error instanceof CredentialFound) await noteRefusal(engine, error);
    throw error;
  }
}

async function planAndPublish<Result>(engine: Engine, plan: () => Promise<Planned<Result>>): Promise<Result> {
  let pauseMs = 1;
  for (let attempt = 1; ; attempt++) {
    const planned = await plan();
    if (planned.change === null) return planned.result();
    try {
      const { receipt, hits, occasions } = await publishScreened(engine, planned);
      const result = withWarning(planned.result(receipt), hits);
      await watch(engine, occasions);
      return result;
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      if (attempt >= engine.limits.publishAttemptsMax) throw outrun(error, attempt);
      if (attempt <= RETRIES_AT_ONCE) continue;
      await engine.pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
    }
  }
}

/** Every result of a write has warnings; those that have none tell of no text. */
function withWarning<Result>(result: Result, hits: readonly Hit[]): Result {
  if (hits.length === 0 || typeof result !== "object" || result === null) return result;
  const told: unknown = "warnings" in result ? result.warnings : null;
  return Array.isArray(told) ? { ...result, warnings: [...told, hitWords(hits)] } : result;
}

/** A tract that is not there yet is not made for it. */
async function noteRefusal(engine: Engine, refused: CredentialFound): Promise<void> {
  const { store, scope } = engine;
  if (store.isReadonly || (await store.findTract(scope.tract)) === null) return;
  await publish(engine, {
    change: { ...emptyChange(scope.tract), ledger: [refusedEntry(engine, refused)] },
  });
}

/**
 * Publishes a change that is planned on nothing, such as ledger entries about what did not happen.
 *
 * @throws StoreConflict when the change expects something after all; CredentialFound.
 */
export async function publish(
  engine: Engine,
  parts: Pick<Plan<unknown>, "change" | "also">,
): Promise<PublishReceipt> {
  const { receipt, occasions } = await publishScreened(engine, parts);
  await watch(engine, occasions);
  return receipt;
}

/** One after the other. The write is done: whatever policies make of it, it is told as it was. */
async function watch(engine: Engine, occasions: readonly Occasion[]): Promise<void> {
  for (const occasion of occasions) await engine.watch?.(engine, occasion);
}

interface Published {
  readonly receipt: PublishReceipt;
  readonly hits: readonly Hit[];
  readonly occasions: readonly Occasion[];
}

async function publishScreened(
  engine: Engine,
  { change, also = [], rest }: Pick<Plan<unknown>, "change" | "also" | "rest">,
): Promise<Published> {
  const { rider } = engine.scope;
  const joined = change.operation === null ? null : ((await rider?.join(change)) ?? null);
  const { changes, hits, screenStart } = await screenChanges(engine, [joined ?? change, ...also]);
  const begun: string[] = [];
  let entryCount = 0;
  const receipt = await withSessionStart(
    engine,
    changes.map(sealOperation),
    async (sealed) => {
      const [own, ...others] = sealed.map(screenStart);
      invariant(own, "there is a change to publish");
      entryCount = own.ledger.length;
      return await engine.store.publish(own, others, rest);
    },
    async (tract) => {
      begun.push(tract);
      await endDeadSessions(engine, tract);
    },
  );
  if (joined !== null) rider?.landed();
  const [own] = changes;
  const written = own === undefined ? null : { change: own, receipt, entryCount };
  return { receipt, hits, occasions: occasionsOf(changes, begun, written) };
}

/** What policies may want to know of a write. */
function occasionsOf(
  changes: readonly ChangeSet[],
  begun: readonly string[],
  written: Written | null,
): readonly Occasion[] {
  return [
    ...begun.map((tract) => ({
      moment: "session_start" as const,
      tract,
      branch: null,
      head: null,
      made: [],
    })),
    ...changes.flatMap((change) => {
      const { tract, operation, commits } = change;
      if (operation === null || commits.length === 0) return [];
      const { branch } = operation;
      const made = commits.map(({ hash }) => hash);
      const occasion = { moment: "commit" as const, tract, branch, head: headAfter(change), made };
      return [change === written?.change ? { ...occasion, written } : occasion];
    }),
  ];
}

/** Where the operation has put its branch; null where it put others. */
function headAfter({ operation, refMoves }: ChangeSet): Hash | null {
  const move = refMoves.find(({ kind, name }) => kind === "branch" && name === operation?.branch);
  return commitOf(move?.after);
}

/**
 * So many lost races are followed by a new plan at once. Who has lost one held the lock just now and has read what is new, while most others
 * sleep: of many writers on one branch it is the likeliest to be next, and a pause would leave the lock idle.
 */
const RETRIES_AT_ONCE = 2;
/** About as long as sixteen busy processes need for one commit each: shorter pauses only make them collide again. */
const PAUSE_MS_MAX = 250;

function outrun(conflict: StoreConflict, attempts: number): TractError {
  return new TractError(
    "branch-moved",
    `other writers moved the same place ${attempts} times in a row; nothing was stored`,
    {
      hint: "Try again, or commit to a branch of your own and merge later.",
      data: { moved: conflict.moved },
      cause: conflict,
    },
  );
}

/** What an operation says of itself; ids, author, times and the ledger entry are added by `operationChange`. */
export interface OperationNote {
  readonly id: string;
  readonly type: string;
  readonly branch: string | null;
  readonly now: string;
  readonly sources?: NewOperation["sources"];
  readonly results?: NewOperation["results"];
  readonly params?: JsonObject;
  /** Of what it replaced, and of what stands there now; default null. */
  readonly originalTokens?: number | null;
  readonly compressedTokens?: number | null;
  readonly undoes?: number | null;
  readonly idempotencyKey?: string | null;
  /** Sentence for the ledger. */
  readonly reason: string;
  /** What the ledger entry holds besides type, branch and tool: heads, commits, tokens. Hashes and numbers only. */
  readonly evidence: JsonObject;
  /** Default: OPERATION. */
  readonly eventType?: LedgerEvent;
}

/** The parts of a change set that every operation has: tract and worktree made if missing, operation record, ledger entries. */
export function operationChange(engine: Engine, site: Site, note: OperationNote): ChangeSet {
  const { scope, settings } = engine;
  const metadata: JsonObject = {
    branch: note.branch,
    ...note.evidence,
    ...(scope.tool === null ? {} : { tool: scope.tool.name, arguments: scope.tool.arguments }),
  };
  const entry = openEntry(engine, note.now, {
    eventType: note.eventType ?? "OPERATION",
    submissionId: note.id,
    decision: note.type,
    reason: note.reason,
    metadata,
  });
  const first = firstChange(engine, site, note.now);
  return {
    ...first,
    ensureWorktree: site.worktreeExists ? null : { name: scope.worktree, branch: settings.defaultBranch },
    operation: {
      id: note.id,
      type: note.type,
      worktree: scope.worktree,
      author: scope.author,
      branch: note.branch,
      sources: note.sources ?? [],
      results: note.results ?? [],
      params: note.params ?? {},
      originalTokens: note.originalTokens ?? null,
      compressedTokens: note.compressedTokens ?? null,
      createdAt: note.now,
      undoes: note.undoes ?? null,
      idempotencyKey: note.idempotencyKey ?? null,
    },
    ledger: [...first.ledger, entry],
  };
}

/** A change with nothing in it but the tract, if that is still to be made. */
export function firstChange(engine: Engine, { tract }: Pick<Site, "tract">, now: string): ChangeSet {
  const change = emptyChange(engine.scope.tract);
  if (tract !== null) return change;
  const createTract = { encoding: engine.settings.encoding, createdAt: now };
  return { ...change, createTract, ledger: [genesis(engine, now)] };
}

function genesis(engine: Engine, now: string): LedgerBody {
  return ledgerEntry(engine, now, {
    eventType: "GENESIS",
    submissionId: engine.scope.tract,
    decision: "CREATED",
    reason: `Tract ${engine.scope.tract} created`,
    metadata: {
      schema: SCHEMA_VERSION,
      compiler_version: COMPILER_VERSION,
      encoding: engine.settings.encoding,
    },
  });
}

/** The moment of an operation. */
export function isoNow(engine: Engine): string {
  return new Date(engine.clock()).toISOString();
}
