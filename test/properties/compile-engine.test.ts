/** The cache is never stale, measured sizes are true, records come back byte for byte: whatever is done to a tract (spec 2.6, 2.8; spec 1.7). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCompileCache } from "../../src/engine/compile/cache.ts";
import { type CompiledContext, type CompileRequest, compile } from "../../src/engine/compile/compile.ts";
import { measureContext, measurePlanned } from "../../src/engine/compile/measure.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { type CommitRequestItem, readCommitItems } from "../../src/engine/history/commit-items.ts";
import { planCommits } from "../../src/engine/history/plan-commit.ts";
import { planSettings } from "../../src/engine/history/settings.ts";
import { readSite } from "../../src/engine/history/snapshot.ts";
import { loadTokenCounter } from "../../src/engine/tokens/token-counter.ts";
import { openTestEngine } from "../support/engine.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { act, action } from "../support/random-actions.ts";

/** The context as text but for its record, or the error that stands for it. */
async function printed(engine: Engine, request: CompileRequest): Promise<string> {
  try {
    const { prefix: _, recordId: __, ...context } = { ...(await compile(engine, request)) };
    return JSON.stringify(context);
  } catch (error) {
    if (error instanceof TractError) return JSON.stringify(error);
    throw error;
  }
}

async function sizeNow(
  engine: Engine,
): Promise<{ readonly measured: number; readonly compiled: CompiledContext }> {
  const site = await readSite(engine, {});
  const at = await pointOf(engine, site);
  return {
    measured: (await measureContext(engine, at)).tokens,
    compiled: await compile(engine, { budgetTokens: 1_000_000 }),
  };
}

async function pointOf(
  engine: Engine,
  site: Awaited<ReturnType<typeof readSite>>,
  chain: Parameters<typeof planSettings>[2] = [],
): Promise<Parameters<typeof measureContext>[1]> {
  const head = site.head?.hash ?? null;
  return {
    tract: engine.scope.tract,
    encoding: site.tract?.encoding ?? "o200k_base",
    head,
    annotationSequence: site.tract?.annotationSequence ?? 0,
    settings: await planSettings(engine, head, chain),
  };
}

/** What measurePlanned says of items before they are committed. */
async function sizeIfCommitted(engine: Engine, requested: readonly CommitRequestItem[]): Promise<number> {
  const site = await readSite(engine, {});
  const items = await readCommitItems(engine, site, requested);
  const { author } = engine.scope;
  const tokens = await loadTokenCounter("o200k_base");
  const planned = planCommits(
    {
      parent: site.head,
      branch: "main",
      author,
      operationId: "op",
      now: "2026-06-01T00:00:00.000Z",
      tokens,
      screen: null,
    },
    items,
  );
  return (await measurePlanned(engine, await pointOf(engine, site, planned.chain), planned)).tokens;
}

const REQUESTS: readonly CompileRequest[] = [
  {},
  { format: "openai" },
  { format: "anthropic", budgetTokens: 120 },
  { strategy: "adaptive", recent: 4, format: "markdown" },
  { asOf: "@{2}", format: "openai" },
];

describe("compile over a store", () => {
  it("gives the same whatever was compiled before, and its size is what measuring says", {
    timeout: timeLimit(60_000),
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40, size: "max" }), async (actions) => {
        const { engine, close } = await openTestEngine({ store: "memory" });
        const records: { readonly id: string; readonly text: string }[] = [];
        for (const [index, what] of actions.entries()) {
          if (what.do === "commit") {
            const expected = await sizeIfCommitted(engine, what.items);
            await act(engine, what);
            expect((await sizeNow(engine)).measured).toBe(expected);
          } else await act(engine, what);
          const request = REQUESTS[index % REQUESTS.length] ?? {};
          const cold = { ...engine, compileCache: createCompileCache(engine.limits) };
          expect(await printed(engine, request)).toBe(await printed(cold, request));
          const { measured, compiled } = await sizeNow(engine);
          expect(measured).toBe(compiled.tokenCount);
          if (index % 7 !== 3) continue;
          const recorded = await compile(engine, { format: "openai", record: true, budgetTokens: 1_000 });
          if (recorded.recordId === null) continue; // Nothing has been written yet.
          records.push({ id: recorded.recordId, text: JSON.stringify(recorded.messages) });
        }
        for (const { id, text: before } of records)
          expect(JSON.stringify((await compile(engine, { recordId: id })).messages)).toBe(before);
        await close();
      }),
      { numRuns: runs(20), endOnFailure: true },
    );
  });
});
