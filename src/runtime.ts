/** Time, chance and waiting as the system gives them: the only place outside tests where an engine gets them from. */
import { setTimeout as sleep } from "node:timers/promises";
import { monotonicFactory } from "ulid";
import type { Engine } from "./engine/engine.ts";

/** What every engine of this process shares. */
export function systemParts(): Pick<Engine, "clock" | "newId" | "pause"> {
  const ulid = monotonicFactory();
  return {
    clock: () => Date.now(),
    newId: () => ulid(),
    pause: async (upToMs) => {
      await sleep(Math.random() * upToMs);
    },
  };
}
