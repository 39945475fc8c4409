/** Waiting for other processes: tries again, with jitter, until a deadline. */
import { asStoreError, isBusy } from "./failures.ts";

export interface Patience {
  /** How long to keep trying. */
  readonly deadlineMs: number;
  /** Milliseconds on any steady clock. */
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** From 0 up to 1: spreads the tries of many processes. */
  readonly random: () => number;
}

const PAUSE_FIRST_MS = 1;
/** Several times what a commit takes and no more: with sixteen who wait longer, the lock would mostly be free and nobody awake to take it. */
const PAUSE_MAX_MS = 8;

/**
 * Runs a synchronous piece of work, whole, until no lock is in its way. The work must leave nothing behind when it throws. Other errors and
 * the deadline end it, as StoreErrors.
 */
export async function patiently<Result>(patience: Patience, work: () => Result): Promise<Result> {
  let deadline: number | null = null;
  for (let pauseMax = PAUSE_FIRST_MS; ; pauseMax = Math.min(pauseMax * 2, PAUSE_MAX_MS)) {
    try {
      return work();
    } catch (error) {
      deadline ??= patience.now() + patience.deadlineMs;
      if (!isBusy(error) || patience.now() >= deadline) throw asStoreError(error);
    }
    await patience.wait(pauseMax * (0.5 + patience.random() / 2));
  }
}
