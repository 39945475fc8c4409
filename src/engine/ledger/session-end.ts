/** Ends sessions in the ledger: one's own when the connection closes, and those whose process is gone (spec 4.2). */

import { emptyChange } from "../../storage/change-set.ts";
import type { LedgerBody, LedgerRecord } from "../../storage/records.ts";
import type { Engine, Scope } from "../engine.ts";
import { ledgerEntry } from "./entry.ts";
import { isDead, readSessionEdge, SESSION_EVENTS } from "./session-states.ts";
import { sessionTotals } from "./session-totals.ts";

/**
 * Writes SESSION_END in every tract that this process has written to. To be called once, before the store is closed; a session that wrote
 * nothing leaves nothing.
 *
 * @throws whatever the store throws; the next start then finds the session abandoned.
 */
export async function endSessions(engine: Engine): Promise<void> {
  for (const { id, scope } of engine.sessions?.end() ?? []) {
    const on = actingAs(engine, scope);
    // Who took this process for gone has ended it already.
    if ((await readSessionEdge(on, id))?.eventType === "SESSION_END") continue;
    const now = new Date(engine.clock()).toISOString();
    const entry = await endEntry(on, { id, now, until: now, decision: "ENDED" });
    await engine.store.publish({ ...emptyChange(scope.tract), ledger: [entry] });
    // What comes after its end belongs to no session.
    const provenance = { ...scope.provenance, session_id: null };
    const where = { tract: scope.tract, branch: null, head: null, made: [] };
    await engine.watch?.(actingAs(engine, { ...scope, provenance }), { moment: "session_end", ...where });
  }
}

/** Beginnings and ends that are looked at for sessions left open, from the newest on. */
const EDGES_LOOKED_AT = 200;

/**
 * Ends the sessions of a tract whose process can be shown to be gone. It never fails: the write that gave rise to it is done, and whatever
 * is in its way now, the next session tries again.
 */
export async function endDeadSessions(engine: Engine, tract: string): Promise<void> {
  try {
    const on = actingAs(engine, { tract });
    const before = await engine.store.findTract(tract);
    const dead = await findDead(on);
    if (before === null || dead.length === 0) return;
    const now = new Date(engine.clock()).toISOString();
    const ledger: LedgerBody[] = [];
    for (const start of dead) ledger.push(await abandonedEntry(on, start, now));
    const change = emptyChange(tract);
    const expect = { ...change.expect, ledgerSequence: before.ledgerSequence };
    await engine.store.publish({ ...change, expect, ledger });
  } catch {
    // A conflict: somebody else has ended them in this moment. Anything else is for the next session to meet.
  }
}

async function findDead(engine: Engine): Promise<readonly LedgerRecord[]> {
  const query = { eventTypes: SESSION_EVENTS, order: "desc", limit: EDGES_LOOKED_AT } as const;
  const edges = await engine.store.readLedger(engine.scope.tract, query);
  const newest = new Map<string, LedgerRecord>();
  for (const edge of edges) if (!newest.has(edge.submissionId)) newest.set(edge.submissionId, edge);
  return [...newest.values()].filter((edge) => edge.eventType === "SESSION_START" && isDead(engine, edge));
}

/** It stands among the entries of the session that it ends, and says which session found it. */
async function abandonedEntry(engine: Engine, start: LedgerRecord, now: string): Promise<LedgerBody> {
  const { scope, store } = engine;
  const id = start.submissionId;
  const [last] = await store.readLedger(scope.tract, { sessionId: id, order: "desc", limit: 1 });
  const provenance = { ...scope.provenance, session_id: id };
  return await endEntry(actingAs(engine, { provenance }), {
    id,
    now,
    until: last?.timestamp ?? start.timestamp,
    decision: "ABANDONED",
    foundBy: scope.provenance.session_id,
  });
}

/** No tool and no policy ends a session. (withScope is out of reach: the engine is made of parts that publish.) */
function actingAs(engine: Engine, scope: Partial<Scope>): Engine {
  const { rider: _, notices: __, ...own } = { ...engine.scope, ...scope };
  return { ...engine, scope: { ...own, tool: null, byPolicy: false } };
}

interface End {
  readonly id: string;
  readonly now: string;
  /** When the session was last known to be there. */
  readonly until: string;
  readonly decision: "ENDED" | "ABANDONED";
  readonly foundBy?: string | null;
}

const REASONS = {
  ENDED: "Session ended",
  ABANDONED: "Session left behind by a process that is gone",
} as const;

async function endEntry(engine: Engine, { id, now, until, decision, foundBy }: End): Promise<LedgerBody> {
  const { turnCount, totalCost } = await sessionTotals(engine, id, until);
  return ledgerEntry(engine, now, {
    eventType: "SESSION_END",
    submissionId: id,
    decision,
    reason: REASONS[decision],
    metadata: {
      turn_count: turnCount,
      total_cost: { ...totalCost },
      ...(foundBy === undefined ? {} : { found_by: foundBy }),
    },
  });
}
