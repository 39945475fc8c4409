/** The k-th storage call fails, for all k, for every operation that writes: all or nothing (spec 7.3). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withScope } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { withTractErrors } from "../../src/engine/store-failure.ts";
import type { Store } from "../../src/storage/store.ts";
import { failingStore } from "../support/failing-store.ts";
import {
  createPreparer,
  engineOn,
  type Prepared,
  type StoreKind,
  type WholeStore,
  wholeStore,
} from "../support/prepared-store.ts";
import { setScene, WRITING_OPERATIONS, type WritingOperation } from "../support/writing-operations.ts";

/** Days of January: each stage is later than all that it finds. */
const DAY = { scene: 1, prepare: 2, act: 20 } as const;
const CALLS_MAX = 1_000;

/** SQLite has its own tests of failing statements: here one operation of each shape of write. */
const ON_SQLITE = [
  "commit that makes a tract",
  "annotate",
  "merge with resolutions",
  "reorganize",
  "plan applied",
  "proposal approved",
  "spawn as tract with the history",
  "send to another tract",
  "gc",
];
const operationsOn = {
  memory: WRITING_OPERATIONS,
  sqlite: WRITING_OPERATIONS.filter(({ name }) => ON_SQLITE.includes(name)),
} as const;

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await withTractErrors(work).then(
    () => null,
    (error: unknown) => error,
  );
}

async function countCommits(store: Store): Promise<number> {
  return (await wholeStore(store)).tracts.reduce((sum, { commits }) => sum + commits.length, 0);
}

async function expectSound(store: Store): Promise<void> {
  for (const { name } of await store.listTracts()) {
    const engine = withScope(engineOn(store, DAY.act), { tract: name });
    expect((await verify(engine)).problems).toEqual([]);
  }
}

/** The same store once everything is done, without any fault. */
async function doneWhole({ act }: WritingOperation, start: Prepared<string>): Promise<WholeStore> {
  const store = await start.copy();
  await act(engineOn(store, DAY.act), start.made);
  await expectSound(store);
  const complete = await wholeStore(store);
  await store.close();
  return complete;
}

describe.each(["memory", "sqlite"] as const)(
  "when any one call of the store fails (%s)",
  (kind: StoreKind) => {
    const preparer = createPreparer(kind);
    let scene: Prepared<unknown>;
    beforeAll(async () => {
      scene = await preparer.prepare(null, DAY.scene, setScene);
    });
    afterAll(preparer.close);

    it.each(operationsOn[kind])(
      "$name is done wholly or not at all, and can be done again",
      async (operation) => {
        const start = await preparer.prepare(scene, DAY.prepare, operation.prepare);
        const before = await wholeStore(await start.copy());
        const complete = await doneWhole(operation, start);
        expect(complete).not.toEqual(before);
        for (let k = 1; k <= CALLS_MAX; k++) {
          const store = await start.copy();
          const failing = failingStore(store, k);
          const engine = engineOn(store, DAY.act);
          const error = await failureOf(operation.act({ ...engine, store: failing.store }, start.made));
          const after = await wholeStore(store);
          if (error === null) expect(after, `call ${k}`).toEqual(complete);
          else {
            expect(error, `call ${k}`).toBeInstanceOf(TractError);
            expect(error, `call ${k}`).toMatchObject({ code: "store-busy" });
            if (!operation.goesOn) expect(after, `call ${k}`).toEqual(before);
            else expect([before, complete], `call ${k}`).toContainEqual(after);
            // With the caches that the failed one has filled.
            const { compileCache, settingsCache } = engine;
            await operation.act({ ...engineOn(store, DAY.act), compileCache, settingsCache }, start.made);
            expect(await wholeStore(store), `again after call ${k}`).toEqual(complete);
          }
          await store.close();
          if (!failing.hasFailed()) return;
        }
        throw new Error(`more than ${CALLS_MAX} calls`);
      },
    );

    it("gc in many transactions loses nothing at any point, and another gc goes on", async () => {
      const operation = WRITING_OPERATIONS.find(({ name }) => name === "gc");
      if (operation === undefined) throw new Error("gc is an operation");
      const start = await preparer.prepare(scene, DAY.prepare, operation.prepare);
      const { tracts } = await doneWhole(operation, start);
      const left = tracts.map(({ commits }) => commits);
      const commitsBefore = await countCommits(await start.copy());
      for (let k = 1; k <= CALLS_MAX; k++) {
        const store = await start.copy();
        const failing = failingStore(store, k);
        const engine = engineOn(store, DAY.act, { gcSweepCommits: 1 });
        const failure = await failureOf(operation.act({ ...engine, store: failing.store }, start.made));
        const removed = commitsBefore - (await countCommits(store));
        // An error says what was done all the same.
        if (failure !== null && removed > 0) expect(failure).toMatchObject({ data: { removed } });
        await expectSound(store);
        await operation.act(engine, start.made);
        expect((await wholeStore(store)).tracts.map(({ commits }) => commits)).toEqual(left);
        await expectSound(store);
        await store.close();
        if (!failing.hasFailed()) return;
      }
      throw new Error(`more than ${CALLS_MAX} calls`);
    });
  },
);
