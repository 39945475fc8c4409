/** The cache is never stale, measured sizes are true, records come back byte for byte: whatever is done to a tract (spec 2.6, 2.8; spec 1.7). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCompileCache } from "../../src/engine/compile/cache.ts";
import { type CompiledContext, type CompileRequest, compile } from "../../src/engine/compile/compile.ts";
import { measureContext, measurePlanned } from "../../src/engine/compile/measure.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { annotate } from "../../src/engine/history/annotate.ts";
import { createBranch, switchBranch } from "../../src/engine/history/branch.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { type CommitRequestItem, readCommitItems } from "../../src/engine/history/commit-items.ts";
import { planCommits } from "../../src/engine/history/plan-commit.ts";
import { planSettings } from "../../src/engine/history/settings.ts";
import { readSite } from "../../src/engine/history/snapshot.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { loadTokenCounter } from "../../src/engine/tokens/token-counter.ts";
import { openTestEngine } from "../support/engine.ts";

type Action =
  | { readonly do: "commit"; readonly items: readonly CommitRequestItem[] }
  | { readonly do: "edit"; readonly back: number; readonly text: string }
  | {
      readonly do: "annotate";
      readonly back: number;
      readonly priority: "skip" | "normal" | "important" | "pinned" | null;
    }
  | { readonly do: "branch"; readonly name: string; readonly back: number }
  | { readonly do: "undo" };

const text = fc.lorem({ maxCount: 8 });
const dialogue = fc
  .record({ role: fc.constantFrom("user", "assistant"), text })
  .map((said) => ({ content_type: "dialogue", ...said }));
const tool = fc
  .record({ direction: fc.constantFrom("call", "result"), call_id: fc.constantFrom("a", "b"), payload: text })
  .map((io) => ({ content_type: "tool_io", tool_name: "search", ...io }));
const rule = fc
  .record({ name: fc.constantFrom(null, "style"), text })
  .map((said) => ({ content_type: "instruction", ...said }));
const settings = fc
  .constantFrom(
    { strategy: "adaptive", recent: 3 },
    { strategy: "outline" },
    { strategy: null },
    { compile_budget: 90 },
    { compile_budget: null },
  )
  .map((values) => ({ content_type: "config", settings: values }));
const content = fc.oneof(
  { weight: 6, arbitrary: dialogue },
  { weight: 5, arbitrary: tool },
  { weight: 1, arbitrary: rule },
  { weight: 1, arbitrary: settings },
);
const item = fc.record({
  content,
  priority: fc.constantFrom(undefined, undefined, undefined, undefined, "pinned" as const, "skip"),
});
const back = fc.integer({ min: 0, max: 6 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("commit" as const),
      items: fc.array(item, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("edit" as const), back, text }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("annotate" as const),
      back,
      priority: fc.constantFrom(null, "skip" as const, "normal", "important", "pinned"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("branch" as const),
      name: fc.constantFrom("main", "one", "two"),
      back,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "undo" as const }) },
);

/** Does an action; one that has nothing to act on is refused and changes nothing. */
async function act(engine: Engine, what: Action): Promise<void> {
  try {
    if (what.do === "commit") await commit(engine, { items: what.items });
    else if (what.do === "edit")
      await commit(engine, { items: [{ content: what.text, editTarget: `HEAD~${what.back}` }] });
    else if (what.do === "annotate")
      await annotate(engine, { refs: [`HEAD~${what.back}`], priority: what.priority });
    else if (what.do === "undo") await undo(engine);
    else await goToBranch(engine, what);
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
  }
}

async function goToBranch(
  engine: Engine,
  { name, back }: { readonly name: string; readonly back: number },
): Promise<void> {
  const known = (await engine.store.readRef(engine.scope.tract, "branch", name)) !== null;
  if (known) await switchBranch(engine, { name });
  else await createBranch(engine, { name, from: `HEAD~${back}`, switch: true });
}

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
    { parent: site.head, branch: "main", author, operationId: "op", now: "2026-06-01T00:00:00.000Z", tokens },
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
    timeout: 60_000,
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
      { numRuns: 12, endOnFailure: true },
    );
  });
});
