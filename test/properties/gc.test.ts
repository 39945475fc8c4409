/** Gc over random histories: nothing that anything leads to is ever removed, and what stays reads as before. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { compile } from "../../src/engine/compile/compile.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { type GcRequest, gc } from "../../src/engine/gc/gc.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import type { Hash } from "../../src/storage/records.ts";
import { openTestEngine } from "../support/engine.ts";
import { allRefs } from "../support/history.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { lookAt, run, type Step, steps } from "../support/random-history.ts";

const DAY = 86_400_000;
const KINDS = ["branch", "tag", "worktree", "orig_head", "previous"] as const;

/** After so many days steps are made, perhaps a context is recorded, and perhaps garbage is collected. */
interface Stage {
  readonly days: number;
  readonly steps: readonly Step[];
  readonly isRecorded: boolean;
  readonly merged: string | null;
  readonly gc: { readonly olderThanDays: number; readonly keepOperationsDays: number } | null;
}

/** An attempt on a branch of its own, which is given up: what gc is there for. */
const attempt: fc.Arbitrary<readonly Step[]> = fc
  .record({
    from: fc.nat({ max: 30 }),
    branch: fc.constantFrom("a", "b"),
    count: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ from, branch, count }) =>
    (
      [
        { kind: "create", branch, from, switch: true },
        { kind: "append", priority: undefined, count },
        { kind: "checkout", ref: "main" },
        { kind: "delete", branch, force: true },
      ] as const
    ).map((command): Step => ({ worktree: "default", command })),
  );

const stages = (maxLength: number): fc.Arbitrary<readonly Stage[]> =>
  fc.array(
    fc.record({
      days: fc.constantFrom(0, 1, 20, 50),
      steps: fc.oneof(
        attempt,
        steps(6),
        fc.tuple(attempt, steps(3)).map((parts) => parts.flat()),
      ),
      isRecorded: fc.constantFrom(false, false, true),
      merged: fc.constantFrom(null, null, "a", "b"),
      gc: fc.option(
        fc.record({
          olderThanDays: fc.constantFrom(0, 1, 30),
          keepOperationsDays: fc.constantFrom(0, 0, 30, 90),
        }),
      ),
    }),
    { minLength: 3, maxLength, size: "max" },
  );

/** By definition, from what anybody can read: everything that must still be there. */
async function mustStay(
  engine: Engine,
  { olderThanDays = 30, keepOperationsDays = 90 }: GcRequest,
): Promise<Set<Hash>> {
  const { store } = engine;
  const now = engine.clock();
  const since = (days: number): string => new Date(now - days * DAY).toISOString();
  const heads: Hash[] = [];
  for (const value of Object.values(await allRefs(engine))) {
    const { commit } = value as { readonly commit?: Hash | null }; // Values of refs.
    if (commit != null) heads.push(commit);
  }
  for (const { head } of await store.listCompileRecords("test", { limit: 1000 }))
    if (head !== null) heads.push(head);
  for (const { createdAt, results, sources, refMoves } of await store.readOperations("test", {
    limit: 1000,
  })) {
    if (createdAt < since(keepOperationsDays)) continue;
    heads.push(...results, ...sources);
    for (const { before, after } of refMoves)
      for (const value of [before, after])
        if (value !== null && "commit" in value && value.commit !== null) heads.push(value.commit);
  }
  const { rows } = await store.scanCommits("test", 0, 1000);
  for (const { commit } of rows) if (commit.createdAt >= since(olderThanDays)) heads.push(commit.hash);
  const stay = new Set<Hash>();
  for (const head of new Set(heads))
    for (const { commit } of (await store.readChain("test", head)) ?? []) stay.add(commit.hash);
  return stay;
}

async function contextsOf(engine: Engine): Promise<unknown> {
  const fresh = createEngine({ ...engine }); // Without what the cache remembers.
  const contexts: Record<string, unknown> = {};
  for (const { id } of await engine.store.listCompileRecords("test", { limit: 1000 }))
    contexts[id] = (await compile(fresh, { recordId: id })).messages;
  return contexts;
}

it.each([
  { store: "memory", numRuns: 60, length: 8 },
  { store: "sqlite", numRuns: 24, length: 6 },
] as const)(
  "gc removes nothing that anything leads to, and nothing else changes ($store)",
  { timeout: timeLimit(60_000) },
  async ({ store, numRuns, length }) => {
    let removals = 0;
    const property = fc.asyncProperty(stages(length), async (script) => {
      const test = await openTestEngine({ store, limits: { gcSweepCommits: 2 } });
      const { engine } = test;
      try {
        const made: Hash[] = [];
        for (const stage of script) {
          test.advance(stage.days * DAY);
          for (const step of stage.steps) await run(engine, step, made);
          if (stage.merged !== null) await merge(engine, { source: stage.merged }).catch(isRefusal);
          if (stage.isRecorded) await compile(engine, { record: true }).catch(isRefusal);
          if (stage.gc === null) continue;
          removals += await collect(engine, stage.gc, made);
          await undoWithin(engine, stage.gc.keepOperationsDays, made);
        }
        expect(
          (await verify(engine)).problems.filter(({ kind }) => store === "sqlite" || kind === "commit"),
        ).toEqual([]);
      } finally {
        await test.close();
      }
    });
    await fc.assert(property, { numRuns: runs(numRuns) });
    expect(removals).toBeGreaterThan(numRuns);
  },
);

/** Collects garbage and compares everything before and after; gives how many commits went. */
async function collect(engine: Engine, terms: GcRequest, made: readonly Hash[]): Promise<number> {
  const here = async (): Promise<readonly Hash[]> =>
    (await engine.store.scanCommits("test", 0, 1000)).rows.map(({ commit }) => commit.hash);
  const stay = await mustStay(engine, terms);
  const [seen, contexts, all] = [await lookAt(engine, made, KINDS), await contextsOf(engine), await here()];
  const dry = await gc(engine, terms);
  expect(await here()).toEqual(all);
  const { removed } = await gc(engine, { ...terms, dryRun: false });
  expect(removed).toEqual(dry.removed);
  const left = new Set(await here());
  expect([...stay].filter((hash) => !left.has(hash))).toEqual([]);
  expect(left.size + removed.commits).toBe(all.length);
  expect(await lookAt(createEngine({ ...engine }), made, KINDS)).toEqual(seen);
  expect(await contextsOf(engine)).toEqual(contexts);
  return removed.commits;
}

/** The newest operation that the horizon covers is undone and done again as if there were no gc. */
async function undoWithin(engine: Engine, keepOperationsDays: number, made: readonly Hash[]): Promise<void> {
  const [newest] = await engine.store.readOperations("test", { standing: true, limit: 1 });
  const horizon = new Date(engine.clock() - keepOperationsDays * DAY).toISOString();
  if (newest === undefined || newest.createdAt < horizon) return;
  const before = await lookAt(engine, made, KINDS);
  const { operationId } = await undo(engine, { operation: newest.id });
  await undo(engine, { operation: operationId ?? "" });
  expect(await lookAt(engine, made, ["branch", "tag"])).toMatchObject({
    contexts: (before as { contexts: object }).contexts,
  });
}

function isRefusal(error: unknown): void {
  if (!(error instanceof TractError)) throw error;
}
