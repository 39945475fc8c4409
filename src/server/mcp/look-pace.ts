/** The pace of a watcher: one look after the other, soon when that is asked for, else now and then. */
import type { Log } from "../log.ts";

export interface LookPace {
  /** A look within so many milliseconds. One that is due earlier stays: however often this is called, looks happen meanwhile. */
  readonly within: (ms: number) => void;
  /** Does something between looks; resolves when it is done, or has failed. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
  readonly close: () => void;
}

export interface LookPaceOptions {
  readonly look: () => Promise<void>;
  /** How long after a look the next one is due, in milliseconds; null: when it is asked for. */
  readonly nextMs: () => number | null;
  readonly log: Log;
}

export function createLookPace({ look, nextMs, log }: LookPaceOptions): LookPace {
  let timer: NodeJS.Timeout | null = null;
  let dueMs = 0;
  let isLooking = false;
  /** What was asked for during a look, which may have been too early for it. */
  let askedMs: number | null = null;
  let isFailing = false;
  let isClosed = false;
  /** They follow one another, so that no change is told of twice. */
  let last: Promise<void> = Promise.resolve();

  async function tryTo(work: () => Promise<void>): Promise<void> {
    try {
      if (!isClosed) await work();
      isFailing = false;
    } catch (error) {
      // Said once: the next look tries again, as what stands in the way may be gone then.
      if (!isFailing && !isClosed)
        log.warn("watching for changes failed", { error: error instanceof Error ? error.name : "unknown" });
      isFailing = true;
    }
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    last = last.then(() => tryTo(work));
    return last;
  }

  async function lookNow(): Promise<void> {
    isLooking = true;
    await inTurn(look);
    isLooking = false;
    timer = null;
    const ms = askedMs ?? nextMs();
    askedMs = null;
    if (ms !== null) within(ms);
  }

  function within(ms: number): void {
    const atMs = performance.now() + ms;
    if (isLooking) askedMs = Math.min(ms, askedMs ?? ms);
    if (isClosed || (timer !== null && dueMs <= atMs)) return;
    if (timer !== null) clearTimeout(timer);
    dueMs = atMs;
    timer = setTimeout(() => void lookNow(), ms);
    timer.unref(); // Watching alone keeps no process alive.
  }

  return {
    within,
    inTurn,
    close: () => {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
