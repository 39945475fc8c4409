/** Time, chance and waiting as the system gives them: the only place outside tests where an engine gets them from. */
import { randomFillSync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonicFactory } from "ulid";
import type { Engine } from "./engine/engine.ts";

/** What every engine of this process shares. */
export function systemParts(): Pick<Engine, "clock" | "newId" | "pause"> {
  const ulid = monotonicFactory(pooledRandom());
  return {
    clock: () => Date.now(),
    newId: () => ulid(),
    pause: async (upToMs) => {
      await sleep(Math.random() * upToMs);
    },
  };
}

const POOL_BYTES = 4_096;

/** Numbers from 0 to below 1 from the system's random source. A ULID takes sixteen, and asking for each costs more than a commit's hashes. */
function pooledRandom(): () => number {
  const pool = new Uint32Array(POOL_BYTES / 4);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    return (pool[used++] ?? 0) / 2 ** 32;
  };
}
