/** Holds the entries of sessions against one another: an end needs a beginning, and turns are numbered without gaps (spec 4.6). */
import type { LedgerRecord } from "../../../storage/records.ts";
import { turnNumberOf } from "../turn.ts";
import type { Verification } from "../verify.ts";
import { orDamage } from "./damaged-rows.ts";

/** Looks up the entry before it in its session, so that memory stays bounded however many sessions there are. */
export async function verifySessionEntry(verification: Verification, entry: LedgerRecord): Promise<void> {
  if (entry.eventType === "SESSION_END") await verifyEnd(verification, entry);
  else if (entry.eventType === "TURN_RECORDED") await verifyTurn(verification, entry);
}

async function verifyEnd(verification: Verification, entry: LedgerRecord): Promise<void> {
  const before = await readBefore(verification, entry, ["SESSION_START", "SESSION_END"]);
  if (before === undefined || before?.eventType === "SESSION_START") return;
  const detail = "it ends a session that was not begun before it";
  const { sequence } = entry;
  verification.report({ kind: "ledger", what: "unlinked", field: "submission_id", sequence, detail });
}

async function verifyTurn(verification: Verification, entry: LedgerRecord): Promise<void> {
  const before = await readBefore(verification, entry, ["TURN_RECORDED"]);
  if (before === undefined) return;
  const expected = (before === null ? 0 : turnNumberOf(before)) + 1;
  const { sequence } = entry;
  if (turnNumberOf(entry) === expected) return;
  const detail = `its turn number should be ${expected}`;
  verification.report({ kind: "ledger", what: "disordered", field: "turn_number", sequence, detail });
}

/** null: there is none; undefined: it cannot be read, which is reported with the row itself. */
async function readBefore(
  { engine: { scope, store } }: Verification,
  { sequence, submissionId }: LedgerRecord,
  eventTypes: readonly string[],
): Promise<LedgerRecord | null | undefined> {
  const query = { submissionId, eventTypes, afterSequence: sequence, order: "desc", limit: 1 } as const;
  const found = await orDamage(store.readLedger(scope.tract, query));
  return found === undefined ? undefined : (found?.[0] ?? null);
}
