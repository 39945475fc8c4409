/** Ledger entries as query_ledger and sessions tell of them: their fields, and a line of text. */
import { z } from "zod";
import type { LedgerEntry } from "../engine/ledger/query-ledger.ts";
import { shortTime } from "./render.ts";

export const ledgerFields: z.ZodType = z.strictObject({
  seq: z.int(),
  id: z.string(),
  event_type: z.string(),
  submission_id: z.string(),
  decision: z.string(),
  reason: z.string(),
  timestamp: z.string(),
  prompts_used: z.array(z.string()),
  metadata_keys: z.array(z.string()),
  metadata: z.unknown().optional(),
});

export function ledgerCells({ seq, timestamp, eventType, decision, reason }: LedgerEntry): readonly string[] {
  return [String(seq), shortTime(timestamp), eventType, decision, reason];
}
