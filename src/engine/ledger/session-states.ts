/** Reads from the ledger where sessions stand: going on, ended, or left behind by a process that is gone (spec 4.2). */
import { z } from "zod";
import type { LedgerRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import type { ProcessIdentity } from "./open-sessions.ts";

export type SessionState = "active" | "ended" | "abandoned";

/** The entries that begin and end sessions. */
export const SESSION_EVENTS: readonly string[] = ["SESSION_START", "SESSION_END"];

/** The newest beginning or end of a session; null when the ledger knows no such session. */
export async function readSessionEdge(engine: Engine, id: string): Promise<LedgerRecord | null> {
  const query = { submissionId: id, eventTypes: SESSION_EVENTS, order: "desc", limit: 1 } as const;
  return (await engine.store.readLedger(engine.scope.tract, query))[0] ?? null;
}

/** @param edge the newest beginning or end of the session. */
export function stateOf(engine: Engine, edge: LedgerRecord): SessionState {
  if (edge.eventType === "SESSION_END") return edge.decision === "ABANDONED" ? "abandoned" : "ended";
  return isDead(engine, edge) ? "abandoned" : "active";
}

/** Whether the process that began a session can be shown to be gone. Several processes on one store are normal: a doubt is no proof. */
export function isDead({ sessions }: Engine, start: LedgerRecord): boolean {
  const holder = HOLDER.safeParse(start.metadata.holder);
  return holder.success && sessions !== null && sessions.owner.isAlive(holder.data) === false;
}

const HOLDER: z.ZodType<ProcessIdentity> = z.object({
  host: z.string(),
  pid: z.int().min(1),
  mark: z.string().nullable(),
});
