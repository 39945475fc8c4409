/** Lets the clients of one process know of each other's writes at once, before they would look by themselves. */
import type { ChangeWatcher } from "./change-watcher.ts";

export interface ChangeHub {
  /** The watcher of one more client; whatever any client writes from now on wakes it. */
  readonly join: (watcher: ChangeWatcher) => ChangeWatcher;
  /** For a request that watches nothing itself: its writes wake the others. */
  readonly writer: ChangeWatcher;
}

export function createChangeHub(): ChangeHub {
  const members = new Set<ChangeWatcher>();
  const wake = (): void => {
    for (const member of members) member.wake();
  };
  return {
    join: (watcher) => {
      members.add(watcher);
      return {
        ...watcher,
        wake,
        close: () => {
          members.delete(watcher);
          watcher.close();
        },
      };
    },
    writer: {
      watch: async () => false,
      unwatch: () => undefined,
      listWasRead: () => undefined,
      wake,
      ready: async () => undefined,
      setListener: () => undefined,
      close: () => undefined,
    },
  };
}
