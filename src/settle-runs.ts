/** Lets runs that triggers set off come to their end when a store is to be closed, for so long as there is time (spec 5.5, 6.1). */
import { setTimeout } from "node:timers/promises";
import type { TriggeredRuns } from "./engine/orchestrator/triggers.ts";

/** Waits for them, then cancels what is left; afterwards none begins. */
export async function settleRuns(runs: TriggeredRuns, msMax: number): Promise<void> {
  await waitFor(runs, msMax);
  await runs.end();
}

/** Waits until none runs or waits, or the time is over. */
export async function waitFor(runs: TriggeredRuns, msMax: number): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  await Promise.race([runs.idle(), setTimeout(msMax, null, { signal }).catch(() => undefined)]);
  settled.abort();
}
