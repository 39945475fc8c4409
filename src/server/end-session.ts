/** Ends the session of a connection or command when it closes, within the time that a process may take to go (spec 4.2, 6.1). */
import { setTimeout } from "node:timers/promises";
import type { Engine } from "../engine/engine.ts";
import { endSessions } from "../engine/ledger/session-end.ts";
import type { Log } from "./log.ts";

/** In milliseconds. A session that takes longer (the store is busy) is found abandoned by the next one. */
const SESSION_END_MS_MAX = 250;

/** Never fails. */
export async function endSessionInTime(engine: Engine, log: Log): Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  await Promise.race([
    endSessions(engine).catch((error: unknown) => {
      log.warn("the session was not ended", { error: error instanceof Error ? error.name : "unknown" });
    }),
    setTimeout(SESSION_END_MS_MAX, null, { signal }).catch(() => undefined),
  ]);
  ended.abort();
}
