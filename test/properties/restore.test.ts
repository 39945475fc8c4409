/** Restoring an earlier commit shows what was shown then, whatever came since, and loses nothing (spec 3.7). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/engine/compile/compile.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { readSite } from "../../src/engine/history/snapshot.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { restore } from "../../src/engine/rewrite/restore.ts";
import type { Hash } from "../../src/storage/records.ts";
import { openTestEngine } from "../support/engine.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { act, action } from "../support/random-actions.ts";

async function shown(engine: Engine): Promise<string> {
  return JSON.stringify((await compile(engine, { budgetTokens: 1_000_000 })).messages);
}

async function headOf(engine: Engine): Promise<Hash | null> {
  return (await readSite(engine, {})).head?.hash ?? null;
}

/** False when there is nothing to restore, or the commit is on another branch. */
async function restored(engine: Engine, ref: Hash): Promise<boolean> {
  try {
    await restore(engine, { ref });
    return true;
  } catch (error) {
    if (error instanceof TractError && error.code === "nothing-to-do") return true;
    if (error instanceof TractError && error.code === "invalid-argument") return false;
    throw error;
  }
}

describe("restore", () => {
  it("shows what was shown when a commit was made, and undo shows the rest again", {
    timeout: timeLimit(60_000),
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 6, maxLength: 24, size: "max" }),
        fc.nat(),
        async (actions, choice) => {
          const { engine, close } = await openTestEngine({ store: "memory" });
          const then = new Map<Hash, string>();
          for (const what of actions) {
            const before = await headOf(engine);
            await act(engine, what);
            const head = await headOf(engine);
            // What a commit showed is known just after it was made; a branch may also go to an old one.
            if (what.do !== "commit" && what.do !== "edit") continue;
            if (head !== null && head !== before) then.set(head, await shown(engine));
          }
          const made = [...then.keys()];
          const ref = made[choice % Math.max(1, made.length)];
          if (ref !== undefined) {
            const head = await headOf(engine);
            const late = await shown(engine);
            if (await restored(engine, ref)) {
              expect(await shown(engine)).toBe(then.get(ref));
              const now = await headOf(engine);
              if (head !== null && now !== null)
                expect(await engine.store.isReachable(engine.scope.tract, head, now)).toBe(true);
              if (now !== head) {
                await undo(engine);
                expect(await shown(engine)).toBe(late);
              }
            }
          }
          expect((await verify(engine, {})).problems).toEqual([]);
          await close();
        },
      ),
      { numRuns: runs(40), endOnFailure: true },
    );
  });
});
