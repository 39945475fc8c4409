/** Lets queued calls begin one by one, so that the end of the connection and cancellations are seen between them. */
import { setImmediate } from "node:timers/promises";

/** Gives a function that resolves when it is the caller's turn to begin: in the order of asking, each in a round of the event loop of its own. */
export function createTurns(): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return async () => {
    last = last.then(() => setImmediate());
    await last;
  };
}
