/** Tells a connection when something it watches has changed, by this process or another; it asks only while somebody watches. */
import type { Engine } from "../../engine/engine.ts";
import { parseResourceUri } from "../../tools/resource-uris.ts";
import type { Log } from "../log.ts";
import { CHANGE_WAKE_MS, SUBSCRIPTIONS_MAX } from "./limits.ts";

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
  /** A client has read the list of resources, so it wants to know when our own writes change it. */
  readonly listWasRead: () => void;
  /** A call of this connection may have changed something: looks soon. */
  readonly wake: () => void;
  /** Resolves when the state before now is known, so that a write after it shows as a change. */
  readonly ready: () => Promise<void>;
  readonly setListener: (listener: ChangeListener) => void;
  readonly close: () => void;
}

export interface ChangeWatcherOptions {
  readonly engineFor: (site: { readonly tract?: string }) => Promise<Engine>;
  readonly pollMs: number;
  readonly log: Log;
}

export function createChangeWatcher(options: ChangeWatcherOptions): ChangeWatcher {
  const watches = new Map<string, Watch>();
  const versions = createVersions(options.engineFor);
  let listener: ChangeListener | null = null;
  let listIsRead = false;
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;
  /** Looks follow one another, so that no change is told of twice. */
  let looking: Promise<void> = Promise.resolve();

  function look(isDirty: boolean): Promise<void> {
    const list = listIsRead || [...watches.values()].some((watch) => watch.list);
    const uris = [...new Set([...watches.values()].flatMap((watch) => watch.uris))];
    looking = looking
      .then(async () => {
        for (const changed of isClosed ? [] : await versions.look({ uris, list, isDirty })) {
          await (changed === LIST ? listener?.listChanged() : listener?.resourceUpdated(changed));
        }
      })
      .catch((error: unknown) =>
        options.log.warn("watching for changes failed", {
          error: error instanceof Error ? error.name : "unknown",
        }),
      );
    return looking;
  }

  function schedule(ms: number, isDirty: boolean): void {
    if (isClosed || (timer !== null && !isDirty)) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      void look(isDirty).finally(() => {
        if (watches.size > 0) schedule(options.pollMs, false);
      });
    }, ms);
    timer.unref(); // Watching alone keeps no process alive.
  }

  return {
    watch: async (key, watch) => {
      if (watches.size >= SUBSCRIPTIONS_MAX && !watches.has(key)) return false;
      watches.set(key, watch);
      schedule(options.pollMs, false);
      await look(true);
      return true;
    },
    unwatch: (key) => {
      watches.delete(key);
      versions.keepOnly(new Set([...watches.values()].flatMap((watch) => watch.uris)));
    },
    listWasRead: () => {
      listIsRead = true;
      void look(true);
    },
    wake: () => {
      if (watches.size > 0 || listIsRead) schedule(CHANGE_WAKE_MS, true);
    },
    ready: () => looking,
    setListener: (next) => {
      listener = next;
    },
    close: () => {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      watches.clear();
    },
  };
}

/** Stands for the list of resources among addresses. */
const LIST = "";

interface Looked {
  readonly uris: readonly string[];
  readonly list: boolean;
  /** Look even if no other connection has written: we may have. */
  readonly isDirty: boolean;
}

interface Versions {
  /** What has changed since it was looked at before; the first look at an address only remembers. */
  readonly look: (at: Looked) => Promise<readonly string[]>;
  readonly keepOnly: (uris: ReadonlySet<string>) => void;
}

function createVersions(engineFor: ChangeWatcherOptions["engineFor"]): Versions {
  const seen = new Map<string, string>();
  let counter: number | null = null;

  function differs(address: string, version: string): boolean {
    const before = seen.get(address);
    seen.set(address, version);
    return before !== undefined && before !== version;
  }

  return {
    look: async ({ uris, list, isDirty }) => {
      // With what it needs of the engine it would weigh on every start; nobody watches before the engine is there.
      const { branchListVersion, resourceVersion } = await import("./resource-versions.ts");
      const engine = await engineFor({});
      const now = await engine.store.readChangeCounter();
      if (!isDirty && now === counter) return [];
      counter = now;
      const changed: string[] = [];
      if (list && differs(LIST, await branchListVersion(engine))) changed.push(LIST);
      for (const uri of uris) {
        const address = parseResourceUri(uri);
        if (address === null) continue;
        const version = await resourceVersion(await engineFor({ tract: address.tract }), address);
        if (differs(uri, version)) changed.push(uri);
      }
      return changed;
    },
    keepOnly: (uris) => {
      for (const uri of seen.keys()) if (uri !== LIST && !uris.has(uri)) seen.delete(uri);
    },
  };
}
