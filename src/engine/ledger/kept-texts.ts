/** Which contents the ledger itself keeps: texts that no commit need have, but that entries name by hash (spec 9, 23 and 25). */

import type { KeepingEntries } from "../../storage/garbage.ts";
import type { Hash, LedgerRecord } from "../../storage/records.ts";
import { isHash } from "../content/hashes.ts";
import type { LedgerEvent } from "./entry.ts";

/** A turn with commits leaves its texts to them; the recipe of a prompt keeps the texts that it quotes, too. */
export const KEEPING_ENTRIES: readonly (KeepingEntries & { readonly eventType: LedgerEvent })[] = [
  { eventType: "TURN_RECORDED", keys: ["user_message", "response"], unless: "commits" },
  { eventType: "LLM_CALL", keys: ["prompt"], unless: null },
  { eventType: "ORCHESTRATION", keys: ["reasoning"], unless: null },
];

/** The contents that an entry keeps, without what those name. */
export function keptBy({ eventType, metadata }: LedgerRecord): readonly Hash[] {
  const rule = KEEPING_ENTRIES.find((keeping) => keeping.eventType === eventType);
  if (rule === undefined) return [];
  const others = rule.unless === null ? null : metadata[rule.unless];
  if (Array.isArray(others) && others.length > 0) return [];
  return rule.keys.flatMap((key) => {
    const value = metadata[key];
    return typeof value === "string" && isHash(value) ? [value] : [];
  });
}
