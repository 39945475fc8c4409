import fc from "fast-check";
import { expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { type UndoResult, undo } from "../../src/engine/history/undo.ts";
import type { Hash, RefKind } from "../../src/storage/records.ts";
import { openTestEngine } from "../support/engine.ts";
import { inWorktree } from "../support/history.ts";
import { danglingHeads, lookAt, run, type Step, steps } from "../support/random-history.ts";

/** ORIG_HEAD is where an undo says what it moved: undoing leaves it, undoing the undo takes it back, too. */
const VISIBLE: readonly RefKind[] = ["branch", "tag", "worktree", "previous"];
const ALL: readonly RefKind[] = [...VISIBLE, "orig_head"];

async function withEngine(store: "memory" | "sqlite", act: (engine: Engine) => Promise<void>): Promise<void> {
  const test = await openTestEngine({ store });
  try {
    await act(test.engine);
  } finally {
    await test.close();
  }
}

async function undoHere(engine: Engine, worktree: string, operation?: string | null): Promise<UndoResult> {
  return await undo(inWorktree(engine, worktree), { operation: operation ?? undefined });
}

/** The newest operation of any worktree that stands. */
async function newestStanding({ store }: Engine): Promise<{ id: string; worktree: string } | undefined> {
  return (await store.readOperations("test", { standing: true, limit: 1 }))[0];
}

const cases = [
  { store: "memory", numRuns: 120, length: 25 },
  { store: "sqlite", numRuns: 8, length: 25 },
] as const;

it.each(cases)(
  "undo of any operation restores the state before it, and undoing that the state after ($store)",
  async ({ store, numRuns, length }) => {
    const property = fc.asyncProperty(steps(length), async (script) =>
      withEngine(store, async (engine) => {
        const made: Hash[] = [];
        for (const step of script) {
          const before = await lookAt(engine, made, VISIBLE);
          const known = made.length;
          if (!(await run(engine, step, made))) continue;
          const after = await lookAt(engine, made, ALL);
          const undone = await undoHere(engine, step.worktree);
          expect(await lookAt(engine, made, VISIBLE)).toEqual(before);
          expect(undone.conflicts).toEqual([]);
          await undoHere(engine, step.worktree, undone.operationId);
          expect(await lookAt(engine, made, ALL)).toEqual(after);
          expect(made.length).toBeGreaterThanOrEqual(known);
          expect(await danglingHeads(engine)).toEqual([]);
        }
      }),
    );
    await fc.assert(property, { numRuns });
  },
);

it.each(cases)(
  "undoing everything, newest first, leads to the empty tract, and redoing everything back ($store)",
  async ({ store, numRuns, length }) => {
    const property = fc.asyncProperty(steps(length), async (script) =>
      withEngine(store, async (engine) => {
        const made: Hash[] = [];
        const empty = await lookAt(engine, [], VISIBLE);
        const states: unknown[] = [empty];
        for (const step of script)
          if (await run(engine, step, made)) states.push(await lookAt(engine, made, VISIBLE));
        const undos: { readonly worktree: string; readonly operationId: string | null }[] = [];
        const undoneStates: unknown[] = [];
        for (let i = states.length - 2; i >= 0; i--) {
          const newest = await newestStanding(engine);
          const worktree = newest?.worktree ?? "default";
          undoneStates.push(await lookAt(engine, made, ALL));
          const { operationId, undone } = await undoHere(engine, worktree);
          expect(undone.id).toBe(newest?.id);
          expect(await lookAt(engine, made, VISIBLE)).toEqual(states[i]);
          undos.push({ worktree, operationId });
        }
        expect(await lookAt(engine, made, VISIBLE)).toEqual(empty);
        expect(await newestStanding(engine)).toBeUndefined();
        for (const { worktree, operationId } of undos.toReversed()) {
          await undoHere(engine, worktree, operationId);
          expect(await lookAt(engine, made, ALL)).toEqual(undoneStates.pop());
        }
      }),
    );
    await fc.assert(property, { numRuns });
  },
);

/** An undo of anything at all among the steps: by its place in the log, with or without force. */
type AnyStep = Step | { readonly worktree: string; readonly back: number; readonly force: boolean };

const anySteps = fc
  .tuple(
    steps(20),
    fc.array(
      fc.record({
        worktree: fc.constantFrom("default", "second"),
        back: fc.nat({ max: 12 }),
        force: fc.boolean(),
      }),
      {
        maxLength: 20,
        size: "max",
      },
    ),
    fc.infiniteStream(fc.boolean()),
  )
  .map(([ordinary, undos, coins]): readonly AnyStep[] => {
    const left: AnyStep[] = [...ordinary];
    const right: AnyStep[] = [...undos];
    const mixed: AnyStep[] = [];
    while (left.length + right.length > 0) {
      const [coin] = [coins.next().value];
      const next = (coin ? left : right).shift() ?? left.shift() ?? right.shift();
      if (next !== undefined) mixed.push(next);
    }
    return mixed;
  });

it("an undo of anything, forced or not, is foretold by its dry run, leaves no HEAD on nothing, and is undone exactly", async () => {
  const property = fc.asyncProperty(anySteps, async (script) =>
    withEngine("memory", async (engine) => {
      const made: Hash[] = [];
      for (const step of script) {
        if ("command" in step) {
          await run(engine, step, made);
          continue;
        }
        const log = await engine.store.readOperations("test", { limit: 50 });
        const operation = log[step.back]?.id;
        if (operation === undefined) continue;
        const here = inWorktree(engine, step.worktree);
        const before = await lookAt(engine, made, ALL);
        try {
          const planned = await undo(here, { operation, dryRun: true });
          expect(await lookAt(engine, made, ALL)).toEqual(before);
          const done = await undo(here, { operation, force: step.force });
          expect(done).toEqual({ ...planned, operationId: done.operationId, dryRun: false });
          expect(await danglingHeads(engine)).toEqual([]);
          await undo(here, { operation: done.operationId ?? "" });
          expect(await lookAt(engine, made, ALL)).toEqual(before);
        } catch (error) {
          if (!(error instanceof TractError)) throw error;
          expect(["conflicts", "nothing-to-do"]).toContain(error.code);
          expect(await lookAt(engine, made, ALL)).toEqual(before);
        }
        expect(await danglingHeads(engine)).toEqual([]);
        expect(await engine.store.readCommits("test", made)).toHaveLength(new Set(made).size);
      }
    }),
  );
  await fc.assert(property, { numRuns: 150 });
});
