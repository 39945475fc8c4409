/** Stores that are prepared once and copied as often as needed, with engines whose clock and ids begin anew on each copy. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicFactory } from "ulid";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/engine/limits.ts";
import { openStore } from "../../src/storage/open-store.ts";
import type { RefKind } from "../../src/storage/records.ts";
import type { Store } from "../../src/storage/store.ts";
import { TEST_SCOPE } from "./engine.ts";
import { createMemoryStore } from "./memory-store.ts";

export type StoreKind = "memory" | "sqlite";

export interface Prepared<Made> {
  readonly made: Made;
  /** Another copy of the store as it was prepared. */
  readonly copy: () => Promise<Store>;
}

/** An engine whose clock begins at a day of January: the same calls make the same bytes. */
export function engineOn(store: Store, day: number, limits: Partial<Limits> = {}): Engine {
  let now = Date.UTC(2026, 0, day);
  let seed = 42;
  const chance = (): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const id = monotonicFactory(chance);
  const clock = (): number => now++;
  return createEngine({
    store,
    clock,
    newId: () => id(clock()),
    pause: async () => {},
    scope: TEST_SCOPE,
    limits: { ...DEFAULT_LIMITS, ...limits },
  });
}

/** Prepares stores in a folder of its own. Each kind of store is copied in its own way: a file, or the change sets over again. */
export function createPreparer(kind: StoreKind): {
  readonly prepare: <Made>(
    base: Prepared<unknown> | null,
    day: number,
    work: (engine: Engine) => Promise<Made>,
  ) => Promise<Prepared<Made>>;
  readonly close: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), "tract-prepared-"));
  let files = 0;
  const file = (): string => join(folder, `${files++}.db`);
  const opened = (path: string): Promise<Store> => openStore(`sqlite:${path}`, { durability: "normal" });
  return {
    prepare: async (base, day, work) => {
      if (kind === "memory") return await prepareInMemory(base, day, work);
      const path = file();
      const store = base === null ? await opened(path) : await base.copy();
      const made = await work(engineOn(store, day));
      const kept = base === null ? path : file();
      if (base !== null) await store.backupTo(kept);
      await store.close();
      const copy = async (): Promise<Store> => {
        const own = file();
        cpSync(kept, own);
        return await opened(own);
      };
      return { made, copy };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function prepareInMemory<Made>(
  base: Prepared<unknown> | null,
  day: number,
  work: (engine: Engine) => Promise<Made>,
): Promise<Prepared<Made>> {
  const store = (await base?.copy()) ?? createMemoryStore();
  const changes: Parameters<Store["publish"]>[] = [];
  const recording = new Proxy(store, {
    get: (target, key) => {
      if (key === "publish")
        return async (...args: Parameters<Store["publish"]>) => {
          const receipt = await target.publish(...args);
          changes.push(args);
          return receipt;
        };
      return Reflect.get(target, key, target);
    },
  });
  const made = await work(engineOn(recording, day));
  const copy = async (): Promise<Store> => {
    const again = (await base?.copy()) ?? createMemoryStore();
    for (const args of changes) await again.publish(...args);
    return again;
  };
  return { made, copy };
}

const REF_KINDS: readonly RefKind[] = ["branch", "tag", "worktree", "previous", "orig_head"];
const ALL = 1_000_000;

export interface WholeStore {
  readonly tracts: readonly { readonly commits: readonly unknown[] }[];
  readonly contents: readonly unknown[];
}

/** Everything that a store holds: all tracts with refs, logs, plans and annotations, and the contents. */
export async function wholeStore(store: Store): Promise<WholeStore> {
  const tracts = [];
  for (const record of await store.listTracts()) {
    const { name } = record;
    const commits = (await store.scanCommits(name, 0, ALL)).rows;
    const hashes = commits.map(({ commit }) => commit.hash);
    tracts.push({
      record,
      refs: await Promise.all(REF_KINDS.map((kind) => store.listRefs(name, kind))),
      commits,
      usages: await store.readUsages(name, hashes),
      operations: (await store.scanOperations(name, 0, ALL)).rows,
      annotations: await store.readAnnotations(name, { after: 0, upTo: ALL }),
      ledger: await store.readLedger(name, { order: "asc", limit: ALL }),
      plans: await store.listPlans(name, { limit: ALL }),
      compileRecords: await store.listCompileRecords(name, { limit: ALL }),
      contentTypes: await store.listContentTypes(name),
      collected: (await store.scanCollected(name, 0, ALL)).rows,
    });
  }
  return { tracts, contents: (await store.scanContents(0, ALL)).rows };
}
