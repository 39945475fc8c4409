/** A diff says all that changed, whatever two points it is between: token deltas add up, and applied to a it gives b (spec 3.1). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ContextDiff, diff } from "../../src/engine/compare/diff.ts";
import { type CompiledContext, compile } from "../../src/engine/compile/compile.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Hash } from "../../src/storage/records.ts";
import { openTestEngine } from "../support/engine.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { act, action } from "../support/random-actions.ts";
import { run, steps } from "../support/random-history.ts";

describe("a diff", () => {
  it(
    "adds up to the difference of the token counts, and applied to a gives b",
    async () => {
      const property = fc.asyncProperty(steps(24), fc.nat(), fc.nat(), async (history, first, second) =>
        withEngine(async (engine) => {
          const made: Hash[] = [];
          for (const step of history) await run(engine, step, made);
          const a = made[first % made.length];
          const b = made[second % made.length];
          if (a !== undefined && b !== undefined) await holds(engine, a, b);
        }),
      );
      await fc.assert(property, { numRuns: runs(100) });
    },
    timeLimit(20_000),
  );

  it(
    "does so over merges and summaries",
    async () => {
      const actions = fc.array(action, { minLength: 8, maxLength: 30, size: "max" });
      const property = fc.asyncProperty(actions, fc.nat(), fc.nat(), async (history, first, second) =>
        withEngine(async (engine) => {
          for (const each of history) await act(engine, each);
          const heads = await everyCommit(engine);
          const a = heads[first % heads.length];
          const b = heads[second % heads.length];
          if (a !== undefined && b !== undefined) await holds(engine, a, b);
        }),
      );
      await fc.assert(property, { numRuns: runs(100) });
    },
    timeLimit(20_000),
  );
});

async function withEngine(act: (engine: Engine) => Promise<void>): Promise<void> {
  const { engine, close } = await openTestEngine({ store: "memory" });
  try {
    await act(engine);
  } finally {
    await close();
  }
}

async function everyCommit({ store, scope }: Engine): Promise<readonly Hash[]> {
  const { rows } = await store.scanCommits(scope.tract, 0, 1_000);
  return rows.map(({ commit }) => commit.hash);
}

async function holds(engine: Engine, a: Hash, b: Hash): Promise<void> {
  const result = await diff(engine, { a, b, limit: 200 });
  if (result.kind !== "context") throw new Error("contexts are the default");
  const before = await whole(engine, a);
  const after = await whole(engine, b);
  const { totals, messages } = result;
  expect(result.nextCursor).toBeNull();
  expect(totals.tokensA).toBe(before.tokenCount);
  expect(totals.tokensB).toBe(after.tokenCount);
  expect(totals.tokenDelta).toBe(after.tokenCount - before.tokenCount);
  expect(messages.reduce((sum, { tokenDelta }) => sum + tokenDelta, 0)).toBe(totals.tokenDelta);
  expect(totals.removed + totals.modified + totals.unchanged).toBe(before.messages.length);
  expect(totals.added + totals.modified + totals.unchanged).toBe(after.messages.length);
  expect(applied(placesOf(before), result)).toEqual(placesOf(after));
  const changed = new Set(
    messages.flatMap(({ status, indexB }) => (status === "unchanged" ? [] : (indexB ?? []))),
  );
  for (const [index, message] of after.messages.entries())
    if (!changed.has(index)) expect(before.messages).toContainEqual(message);
}

async function whole(engine: Engine, ref: Hash): Promise<CompiledContext> {
  // Settings of the branch could choose another strategy, or a budget.
  return await compile(engine, { ref, strategy: "full", budgetTokens: 1_000_000 });
}

function placesOf(context: CompiledContext): readonly (Hash | undefined)[] {
  return context.commitHashes.map(([place]) => place);
}

/** The places of b, from those of a and what the diff says. */
function applied(
  places: readonly (Hash | undefined)[],
  { messages }: ContextDiff,
): readonly (Hash | undefined)[] {
  const told = messages.filter(({ status, moved }) => status !== "unchanged" || moved);
  const gone = new Set(told.flatMap(({ indexA }) => indexA ?? []));
  const put = new Map(
    told.flatMap(({ indexB, hashes }) => (indexB === null ? [] : [[indexB, hashes[0]] as const])),
  );
  const kept = places.filter((_, index) => !gone.has(index));
  return Array.from({ length: kept.length + put.size }, (_, index) =>
    put.has(index) ? put.get(index) : kept.shift(),
  );
}
