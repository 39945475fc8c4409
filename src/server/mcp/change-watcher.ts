/** Tells a connection when something it watches has changed, by this process or another; it asks only while somebody watches. */
import type { Log } from "../log.ts";
import { CHANGE_WAKE_MS, SUBSCRIPTIONS_MAX } from "./limits.ts";
import { createLookPace } from "./look-pace.ts";
import { createSeenVersions, type EngineToLookWith, LIST } from "./seen-versions.ts";

/** Who gets to know of changes. */
export interface ChangeListener {
  readonly resourceUpdated: (uri: string) => Promise<void>;
  readonly listChanged: () => Promise<void>;
}

/** What one subscription asks for. */
export interface Watch {
  readonly uris: readonly string[];
  readonly list: boolean;
}

export interface ChangeWatcher {
  /** Sets what `key` watches; resolves when the state of now is known, to false when there are too many already. */
  readonly watch: (key: string, watch: Watch) => Promise<boolean>;
  readonly unwatch: (key: string) => void;
  /** A client has read the list of resources, so it wants to know when it changes. */
  readonly listWasRead: () => void;
  /** A call of this connection may have changed something: looks soon. */
  readonly wake: () => void;
  /** Resolves when the state at the latest `watch` is known, so that a write after it shows as a change. */
  readonly ready: () => Promise<void>;
  readonly setListener: (listener: ChangeListener) => void;
  readonly close: () => void;
}

export interface ChangeWatcherOptions {
  readonly engineFor: EngineToLookWith;
  readonly pollMs: number;
  readonly log: Log;
}

export function createChangeWatcher({ engineFor, pollMs, log }: ChangeWatcherOptions): ChangeWatcher {
  const watches = new Map<string, Watch>();
  const versions = createSeenVersions(engineFor);
  let listener: ChangeListener | null = null;
  let listIsRead = false;
  let known: Promise<void> = Promise.resolve();
  const isWatching = (): boolean => watches.size > 0 || listIsRead;
  const pace = createLookPace({
    look: () => versions.look(wanted(), tell),
    nextMs: () => (isWatching() ? pollMs : null),
    log,
  });

  function wanted(): ReadonlySet<string> {
    const all = [...watches.values()];
    const list = listIsRead || all.some((watch) => watch.list);
    return new Set([...(list ? [LIST] : []), ...all.flatMap((watch) => watch.uris)]);
  }

  async function tell(address: string): Promise<void> {
    await (address === LIST ? listener?.listChanged() : listener?.resourceUpdated(address));
  }

  /** Remembers how they are now; from here on changes of them are told. */
  function begin(addresses: readonly string[]): Promise<void> {
    known = pace.inTurn(() => versions.remember(addresses));
    pace.within(pollMs);
    return known;
  }

  return {
    watch: async (key, watch) => {
      if (watches.size >= SUBSCRIPTIONS_MAX && !watches.has(key)) return false;
      watches.set(key, watch);
      await begin([...(watch.list ? [LIST] : []), ...watch.uris]);
      return true;
    },
    unwatch: (key) => {
      watches.delete(key);
      versions.keepOnly(wanted());
    },
    listWasRead: () => {
      if (!listIsRead) void begin([LIST]);
      listIsRead = true;
    },
    wake: () => {
      if (isWatching()) pace.within(CHANGE_WAKE_MS);
    },
    ready: () => known,
    setListener: (next) => {
      listener = next;
    },
    close: () => {
      pace.close();
      watches.clear();
    },
  };
}
