/** Brings the search index up to date while nothing else happens, so that neither commits nor searches pay for it (spec 3.1). */
import { storedText } from "../engine/content/parse-content.ts";
import type { Store } from "../storage/store.ts";
import type { Log } from "./log.ts";

type IndexedStore = Pick<Store, "isReadonly" | "indexForSearch">;

export interface IdleIndexing {
  /** Says that a call came in: indexing waits until calls pause. */
  readonly postpone: (store: IndexedStore) => void;
  /** No batch begins any more; resolves when the one under way is done. */
  readonly stop: () => Promise<void>;
}

export interface IdleIndexingOptions {
  /** Contents per batch: small, so that a call that comes in waits briefly. */
  readonly batch: number;
  /** How long calls must have paused, in milliseconds. */
  readonly idleMs: number;
  readonly log: Log;
}

export function createIdleIndexing({ batch, idleMs, log }: IdleIndexingOptions): IdleIndexing {
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;

  return {
    postpone: (store) => schedule(store, idleMs),
    stop: async () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await running;
    },
  };

  function schedule(store: IndexedStore, afterMs: number): void {
    if (timer !== null) clearTimeout(timer);
    if (isStopped || store.isReadonly) return;
    timer = setTimeout(() => {
      timer = null;
      running = indexBatch(store);
    }, afterMs);
    // Indexing is no reason to keep a process alive.
    timer.unref();
  }

  async function indexBatch(store: IndexedStore): Promise<void> {
    try {
      const left = await store.indexForSearch({ limit: batch, textOf: storedText });
      if (left > 0 && timer === null) schedule(store, PAUSE_MS);
    } catch (error) {
      // A busy store is indexed at the next pause; a search indexes by itself and reports what is wrong.
      log.debug("search indexing was put off", { error: error instanceof Error ? error.name : "unknown" });
    }
  }
}

/** Between batches, so that calls get their turn. */
const PAUSE_MS = 10;
