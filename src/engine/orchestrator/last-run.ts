/** Where the last run of a branch left it, from the ledger: triggers count from there, whichever process ran it (spec 5.5). */
import type { LedgerRecord } from "../../storage/records.ts";
import { isJsonObject } from "../content/json-rules.ts";
import type { Engine } from "../engine.ts";

export interface LastRun {
  readonly commits: number;
  readonly tokens: number;
}

/** Entries of runs that are looked at, from the newest on: a few runs with all their steps. */
const ENTRIES_LOOKED_AT = 300;
const PAGE = 20;

/** null: none is known. */
export async function readLastRun({ store, scope }: Engine, branch: string): Promise<LastRun | null> {
  let beforeSequence: number | undefined;
  for (let seen = 0; seen < ENTRIES_LOOKED_AT; seen += PAGE) {
    const entries = await store.readLedger(scope.tract, {
      eventTypes: ["ORCHESTRATION"],
      order: "desc",
      limit: PAGE,
      ...(beforeSequence === undefined ? {} : { afterSequence: beforeSequence }),
    });
    const last = entries.find(({ metadata }) => metadata.branch === branch && "after" in metadata);
    if (last !== undefined) return leftBy(last);
    if (entries.length < PAGE) return null;
    beforeSequence = entries.at(-1)?.sequence;
  }
  return null;
}

function leftBy({ metadata: { after } }: LedgerRecord): LastRun | null {
  if (!isJsonObject(after)) return null;
  const { commits, tokens } = after;
  return typeof commits === "number" && typeof tokens === "number" ? { commits, tokens } : null;
}
