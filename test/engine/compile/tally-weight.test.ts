/** Sizes that are remembered weigh what they hold: fewer of them are kept the more their summaries cover (spec 1.7). */
import { afterEach, beforeEach, expect, it } from "vitest";
import { createCompileCache } from "../../../src/engine/compile/cache.ts";
import { compress } from "../../../src/engine/compress/compress.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { DEFAULT_LIMITS } from "../../../src/engine/limits.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(() => test.close());

/** Tallies kept of a history whose summary covers so many commits, where 16 may be. */
async function keptOf(coveredCount: number): Promise<number> {
  const compileCache = createCompileCache({ ...DEFAULT_LIMITS, compileCacheEntriesMax: 1 });
  const engine: Engine = { ...test.engine, compileCache };
  const items = Array.from({ length: coveredCount }, (_, i) => ({ content: `message ${i}` }));
  await commit(engine, { items });
  await compress(engine, { from: `HEAD~${coveredCount - 1}`, to: "HEAD", summary: "what was said" });
  for (let i = 0; i < 20; i++)
    await commit(engine, { items: [{ content: `later ${i}` }], contextTokens: true });
  return compileCache.tallies.size;
}

it("keeps as many sizes as there may be where summaries cover little", async () => {
  expect(await keptOf(10)).toBe(16);
});

it("keeps fewer of a history with many covered commits, and enough for the next commit", async () => {
  const kept = await keptOf(1_500);
  expect(kept).toBeGreaterThanOrEqual(2);
  expect(kept).toBeLessThan(7);
});
