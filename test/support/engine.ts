/** Makes an engine on a store of its own, with a clock and ids that are the same in every run. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicFactory } from "ulid";
import { DEFAULT_SETTINGS } from "../../src/engine/default-settings.ts";
import { createEngine, type Engine, type EngineSettings, type Scope } from "../../src/engine/engine.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/engine/limits.ts";
import { openStore } from "../../src/storage/open-store.ts";
import type { Store } from "../../src/storage/store.ts";
import { createMemoryStore } from "./memory-store.ts";

export interface TestEngineOptions {
  /** Default: a file of its own in a temporary folder. */
  readonly store?: "sqlite" | "memory" | undefined;
  readonly scope?: Partial<Scope> | undefined;
  readonly settings?: Partial<EngineSettings> | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

export interface TestEngine {
  readonly engine: Engine;
  /** Closes the store and removes its files. */
  readonly close: () => Promise<void>;
  /** Moves the clock on; besides, each look at it moves it on by 1 ms. */
  readonly advance: (ms: number) => void;
  /** The bytes of every file of the store; none in memory. */
  readonly files: () => Promise<readonly Buffer[]>;
}

export const TEST_SCOPE: Scope = {
  tract: "test",
  worktree: "default",
  createWorktree: true,
  author: { kind: "user", name: "Ada", session_id: null },
  provenance: { agent_id: "test", agent_class: null, session_id: null, client: null },
  tool: null,
};

export async function openTestEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const folder = options.store === "memory" ? null : await mkdtemp(join(tmpdir(), "tract-test-"));
  const store: Store =
    folder === null
      ? createMemoryStore()
      : await openStore(`sqlite:${join(folder, "test.db")}`, { durability: "normal" });
  let now = Date.UTC(2026, 0, 1);
  const clock = (): number => now++;
  const engine = createEngine({
    store,
    clock,
    newId: seededIds(clock),
    pause: async () => {},
    scope: { ...TEST_SCOPE, ...options.scope },
    settings: { ...DEFAULT_SETTINGS, ...options.settings },
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  });
  return {
    engine,
    close: async () => {
      await store.close();
      if (folder !== null) await rm(folder, { recursive: true, force: true });
    },
    advance: (ms) => {
      now += ms;
    },
    files: async () =>
      folder === null
        ? []
        : await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name)))),
  };
}

/** ULIDs from the test's clock and a fixed sequence in place of chance. */
function seededIds(clock: () => number): () => string {
  let seed = 42;
  const next = monotonicFactory(() => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  });
  return () => next(clock());
}
