/** Puts the beginning of a session before the first entry that it writes to a tract, in the same transaction (spec 4.2). */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { LedgerBody } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { ledgerEntry } from "./entry.ts";
import type { OpenSessions } from "./open-sessions.ts";

/**
 * Publishes changes with the entries SESSION_START that they need. Changes without ledger entries (compile records) begin no session.
 *
 * @param publish writes the changes in one transaction.
 * @param afterStart awaited once a beginning is written, for each tract.
 */
export async function withSessionStart<Result>(
  engine: Engine,
  changes: readonly ChangeSet[],
  publish: (changes: readonly ChangeSet[]) => Promise<Result>,
  afterStart: (tract: string) => Promise<void>,
): Promise<Result> {
  const { sessions, scope } = engine;
  const id = scope.provenance.session_id;
  if (sessions === null || id === null) return await publish(changes);
  const isFirst = ({ ledger, tract }: ChangeSet): boolean =>
    ledger.length > 0 && sessions.needsStart(id, tract);
  if (!changes.some(isFirst)) return await publish(changes);
  const started: string[] = [];
  const result = await sessions.inTurn(async () => {
    const first = new Set(changes.filter(isFirst));
    const published = await publish(
      changes.map((change) => (first.has(change) ? withStart(engine, sessions, id, change) : change)),
    );
    for (const { tract } of first) {
      sessions.noteStart({ id, scope: { ...scope, tract } });
      started.push(tract);
    }
    return published;
  });
  for (const tract of started) await afterStart(tract);
  return result;
}

function withStart(engine: Engine, sessions: OpenSessions, id: string, change: ChangeSet): ChangeSet {
  const [first, ...rest] = change.ledger;
  if (first === undefined) return change;
  const start = startEntry(engine, sessions, { id, tract: change.tract, now: first.timestamp });
  // A tract's ledger starts with GENESIS, whoever makes it.
  const ledger = first.eventType === "GENESIS" ? [first, start, ...rest] : [start, first, ...rest];
  return { ...change, ledger };
}

/**
 * The beginning of a session before a write that is no change set (gc), if it is its first.
 *
 * @param publish writes one entry.
 */
export async function startSession(
  engine: Engine,
  publish: (entry: LedgerBody) => Promise<unknown>,
): Promise<void> {
  const { sessions, scope } = engine;
  const id = scope.provenance.session_id;
  if (sessions === null || id === null || !sessions.needsStart(id, scope.tract)) return;
  await sessions.inTurn(async () => {
    if (!sessions.needsStart(id, scope.tract)) return;
    const now = new Date(engine.clock()).toISOString();
    await publish(startEntry(engine, sessions, { id, tract: scope.tract, now }));
    sessions.noteStart({ id, scope });
  });
}

function startEntry(
  engine: Engine,
  sessions: OpenSessions,
  { id, tract, now }: { readonly id: string; readonly tract: string; readonly now: string },
): LedgerBody {
  const { self, profile } = sessions.owner;
  const isResumed = sessions.hasBegun(id, tract);
  return ledgerEntry(engine, now, {
    eventType: "SESSION_START",
    submissionId: id,
    decision: isResumed ? "RESUMED" : "STARTED",
    reason: isResumed ? "Session resumed" : "Session started",
    metadata: { client: engine.scope.provenance.client, profile, holder: { ...self } },
  });
}
