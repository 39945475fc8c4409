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
/** About what a commit takes: with sixteen who wait longer, the lock would mostly be free and nobody awake to take it. */
const PAUSE_MAX_MS = 2;
/** Whoever holds the lock for as long as this does something large: then there is no hurry to ask. */
const LONG_WAIT_MS = 250;
const LONG_PAUSE_MS = 16;

/**
 * Runs a synchronous piece of work, whole, until no lock is in its way. The work must leave nothing behind when it throws. Other errors and
 * the deadline end it, as StoreErrors.
 */
export async function patiently<Result>(patience: Patience, work: () => Result): Promise<Result> {
  let began: number | null = null;
  for (let pause = PAUSE_FIRST_MS; ; pause *= 2) {
    let waited: number;
    try {
      return work();
    } catch (error) {
      began ??= patience.now();
      waited = patience.now() - began;
      if (!isBusy(error) || waited >= patience.deadlineMs) throw asStoreError(error);
    }
    const pauseMax = waited < LONG_WAIT_MS ? PAUSE_MAX_MS : LONG_PAUSE_MS;
    await patience.wait(Math.min(pause, pauseMax) * (0.5 + patience.random() / 2));
  }
}
