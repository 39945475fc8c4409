/** Lets long reads be cancelled and leaves room for others between their pages. */
import type { Engine } from "./engine.ts";
import { TractError } from "./errors.ts";

/** Work for longer than this gives the process back for a moment: a server has other callers to answer. */
const BUSY_MS_MAX = 40;

/** To be awaited between pages; throws `cancelled` once the signal is aborted. */
export type Rest = () => Promise<void>;

export function createRest({ clock, pause }: Engine, signal: AbortSignal | undefined): Rest {
  let restedAt = clock();
  return async () => {
    if (clock() - restedAt >= BUSY_MS_MAX) {
      await pause(0);
      restedAt = clock();
    }
    if (signal?.aborted === true) throw cancelled();
  };
}

export function cancelled(): TractError {
  return new TractError("cancelled", "the call was cancelled", {
    hint: "Call again when you want it done; nothing was changed.",
  });
}
