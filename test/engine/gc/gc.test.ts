/** Gc as an operation: what stays, what goes, and what can still be asked about what went. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import { createEngine, type Engine, withScope } from "../../../src/engine/engine.ts";
import { TractError } from "../../../src/engine/errors.ts";
import { type GcRequest, gc } from "../../../src/engine/gc/gc.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { log } from "../../../src/engine/history/log.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { show } from "../../../src/engine/history/show.ts";
import { createTag, deleteTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { search } from "../../../src/engine/search/search.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { outrunOnce, refusal, say, wholeState } from "../../support/history.ts";

const DAY = 86_400_000;
/** Nothing is young. */
const NOW: GcRequest = { dryRun: false, olderThanDays: 0, keepOperationsDays: 0 };

describe.each(["sqlite", "memory"] as const)("gc (%s)", (kind) => {
  let test: TestEngine;
  let engine: Engine;
  beforeEach(async () => {
    test = await openTestEngine({ store: kind });
    engine = test.engine;
  });
  afterEach(() => test.close());

  /** Two commits on main, an attempt of three on a branch that is gone, and one more on main. */
  async function abandoned() {
    const first = await say(engine, "first");
    const base = await say(engine, "second");
    await createBranch(engine, { name: "attempt", from: "main", switch: true });
    const made = [await say(engine, "try one"), await say(engine, "try two"), await say(engine, "try three")];
    await checkout(engine, { ref: "main" });
    await deleteBranch(engine, { name: "attempt", force: true });
    const [deleted] = (await operations(engine, { limit: 1 })).operations;
    const last = await say(engine, "third");
    return { first, base, made, last, deleted: deleted!.id };
  }

  const problems = async (): Promise<readonly unknown[]> => (await verify(engine)).problems;
  const isThere = async (hash: Hash): Promise<boolean> =>
    (await engine.store.readCommits("test", [hash])).length > 0;

  it("only says what would go unless it is told otherwise", async () => {
    const { made } = await abandoned();
    const before = await wholeState(engine);
    const result = await gc(engine, { olderThanDays: 0, keepOperationsDays: 0 });
    expect(result).toMatchObject({
      dryRun: true,
      runId: null,
      removed: { commits: 3, contents: 3 },
      warnings: [],
    });
    expect(result.kept).toMatchObject({ commits: 3, by: { refs: 3 } });
    expect(await wholeState(engine)).toEqual(before);
    expect(await isThere(made[0]!)).toBe(true);
  });

  it("removes what an abandoned branch leaves behind, says so in the ledger, and everything else is sound", async () => {
    const { made } = await abandoned();
    const foretold = await gc(engine, { ...NOW, dryRun: true });
    const result = await gc(engine, NOW);
    expect({ ...result, size: null }).toEqual({
      ...foretold,
      dryRun: false,
      runId: result.runId,
      size: null,
    });
    for (const hash of made) expect(await isThere(hash)).toBe(false);
    const { entries } = await queryLedger(engine, { eventType: "GC", metadata: "full" });
    expect(entries).toMatchObject([{ submissionId: result.runId, decision: "SWEPT" }]);
    expect(entries[0]?.metadata).toMatchObject({
      commits: made.toReversed(),
      older_than_days: 0,
      bytes: result.bytes,
    });
    expect(await problems()).toEqual([]);
    expect(await gc(engine, NOW)).toMatchObject({
      runId: null,
      removed: { commits: 0, contents: 0 },
      bytes: 0,
    });
    expect(await problems()).toEqual([]);
  });

  it("removes in parts, each with its entry, and tells how far it is", async () => {
    await abandoned();
    const told: unknown[] = [];
    const limits = { ...engine.limits, gcSweepCommits: 2 };
    await gc({ ...engine, limits }, { ...NOW, progress: (...args) => told.push(args) });
    expect(told).toEqual([
      [2, 3, "commits"],
      [3, 3, "commits"],
    ]);
    expect((await queryLedger(engine, { eventType: "GC" })).count).toBe(2);
    expect(await problems()).toEqual([]);
  });

  it("keeps young commits and what undo reaches, and lets them go when they are old", async () => {
    const { deleted } = await abandoned();
    expect((await gc(engine, { dryRun: false })).removed.commits).toBe(0);
    test.advance(31 * DAY);
    await say(engine, "a month later");
    expect(await gc(engine, { dryRun: false })).toMatchObject({
      removed: { commits: 0 },
      kept: { by: { operations: 3, recent: 0 } },
    });
    test.advance(60 * DAY);
    await undo(engine, { operation: deleted, force: true });
    expect((await log(engine, { ref: "attempt" })).entries).toHaveLength(5);
    await deleteBranch(engine, { name: "attempt", force: true });
    expect((await gc(engine, { dryRun: false })).removed.commits).toBe(0);
    test.advance(91 * DAY);
    expect((await gc(engine, { dryRun: false })).removed.commits).toBe(3);
    expect(await problems()).toEqual([]);
  });

  it("keeps what a compile record needs for good, and builds it again byte for byte", async () => {
    await say(engine, "first");
    await createBranch(engine, { name: "attempt", from: "main", switch: true });
    const recorded = await say(engine, "recorded");
    const before = await compile(engine, { record: true });
    await say(engine, "not recorded");
    await checkout(engine, { ref: "main" });
    await deleteBranch(engine, { name: "attempt", force: true });
    await say(engine, "last");
    expect(await gc(engine, NOW)).toMatchObject({ removed: { commits: 1 }, kept: { by: { records: 1 } } });
    expect(await isThere(recorded)).toBe(true);
    const fresh = createEngine({ ...engine });
    const again = await compile(fresh, { recordId: before.recordId ?? "" });
    expect(again.messages).toEqual(before.messages);
    expect(await problems()).toEqual([]);
  });

  it("keeps what operations took and made that relate history, unless it is told to release it", async () => {
    const { made } = await abandoned();
    const [source] = made;
    const { store } = engine;
    const relating: Engine = {
      ...engine,
      store: new Proxy(store, {
        get: (target, key) => {
          const member: unknown = Reflect.get(target, key, target);
          if (typeof member !== "function") return member;
          if (key !== "publish") return member.bind(target);
          return (change: Parameters<typeof store.publish>[0]) =>
            store.publish({ ...change, operation: { ...change.operation!, type: "reorganize" } });
        },
      }),
    };
    await createTag(relating, { name: "t", ref: source! });
    await deleteTag(engine, { name: "t" });
    expect((await gc(engine, NOW)).kept.by).toMatchObject({ relations: 1 });
    expect(await isThere(source!)).toBe(true);
    expect(await gc(engine, { ...NOW, releaseSourcesOlderThanDays: 1 })).toMatchObject({
      removed: { commits: 0 },
    });
    test.advance(2 * DAY);
    await gc(engine, { ...NOW, releaseSourcesOlderThanDays: 1 });
    expect(await isThere(source!)).toBe(false);
  });

  it("keeps what tags and detached HEADs lead to", async () => {
    const { made } = await abandoned();
    await createTag(engine, { name: "keep", ref: made[1]! });
    expect((await gc(engine, NOW)).removed.commits).toBe(1);
    await checkout(engine, { ref: made[1]! });
    await deleteTag(engine, { name: "keep" });
    expect((await gc(engine, NOW)).removed.commits).toBe(0);
    await checkout(engine, { ref: "main" });
    expect((await gc(engine, NOW)).removed.commits).toBe(0); // checkout - goes back there.
    await createBranch(engine, { name: "other", switch: true });
    expect((await gc(engine, NOW)).removed.commits).toBe(2);
    expect(await problems()).toEqual([]);
  });

  it("keeps contents that another tract still says", async () => {
    const { made } = await abandoned();
    const other = withScope(engine, { tract: "other" });
    await say(other, "try one");
    expect(await gc(engine, NOW)).toMatchObject({ removed: { commits: 3, contents: 2 } });
    expect(await isThere(made[0]!)).toBe(false);
    expect((await compile(other, {})).messages).toMatchObject([{ content: "try one" }]);
    expect((await verify(other)).problems).toEqual([]);
  });

  it("lets nothing be found of what it removed, but the operations that made it", async () => {
    const { made, deleted } = await abandoned();
    const before = await operations(engine, {});
    await search(engine, { query: "try" });
    await gc(engine, NOW);
    const [gone] = made;
    const known = await refusal(engine, () => show(engine, { refs: [gone!] }));
    expect(known).toMatchObject({ code: "not-found", message: expect.stringContaining("gc") });
    expect(await refusal(engine, () => show(engine, { refs: [gone!.slice(0, 10)] }))).toMatchObject({
      code: "not-found",
    });
    expect((await search(engine, { query: "try" })).hits).toEqual([]);
    expect((await operations(engine, {})).operations).toEqual(before.operations);
    expect(before.operations.find(({ id }) => id === deleted)?.refMoves).toMatchObject([
      { before: { commit: made[2] } },
    ]);
  });

  it("refuses moments at which a ref was where nothing is any more", async () => {
    const { made } = await abandoned();
    const log = await operations(engine, {});
    const tried = log.operations.find(({ results }) => results[0] === made[1]);
    await gc(engine, NOW);
    const asOf = tried?.id ?? "";
    const error = await refusal(engine, () => compile(engine, { asOf, ref: "attempt" }));
    expect(error).toMatchObject({ code: "not-found", data: { commit: made[1] } });
    expect(await refusal(engine, () => compile(engine, { asOf }))).toMatchObject({ code: "not-found" });
    const count = log.operations.length;
    const back = count - log.operations.toReversed().findIndex(({ id }) => id === asOf) - 1;
    expect(await refusal(engine, () => compile(engine, { ref: `@{${back}}` }))).toMatchObject({
      code: "not-found",
    });
    expect((await compile(engine, { ref: "main", asOf })).messages).toHaveLength(2);
  });

  it("refuses to undo what would lead back to what is gone, and undoes everything else", async () => {
    const { made, deleted, last } = await abandoned();
    await gc(engine, NOW);
    const error = await refusal(engine, () => undo(engine, { operation: deleted, force: true }));
    expect(error).toMatchObject({ code: "not-found", data: { name: "attempt", commit: made[2] } });
    await undo(engine, {});
    expect((await log(engine, {})).entries[0]?.hash).not.toBe(last);
    await undo(engine, { operation: (await operations(engine, { limit: 1 })).operations[0]?.id });
    expect((await log(engine, {})).entries[0]?.hash).toBe(last);
    expect(await problems()).toEqual([]);
  });

  it("keeps the annotations of what is gone, and undoing them is no obstacle", async () => {
    const { made, base } = await abandoned();
    await createTag(engine, { name: "t", ref: made[0]! });
    const { operationId } = await annotate(engine, { refs: [made[0]!, base], priority: "pinned" });
    await deleteTag(engine, { name: "t" });
    await gc(engine, NOW);
    expect(await isThere(made[0]!)).toBe(false);
    expect(await problems()).toEqual([]);
    const undone = await undo(engine, { operation: operationId ?? "" });
    expect(undone.annotated).toEqual([base]);
    expect(await problems()).toEqual([]);
  });

  it("leaves a branch alone that was made on a doomed commit after it looked", async () => {
    const { made } = await abandoned();
    const { store } = engine;
    let isLate = true;
    const late = new Proxy(store, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        return async (...args: readonly unknown[]) => {
          if (key === "sweepGarbage" && isLate) {
            isLate = false;
            await createBranch(engine, { name: "rescued", from: made[1]! });
          }
          return await Reflect.apply(member, target, args);
        };
      },
    });
    const result = await gc({ ...engine, store: late }, NOW);
    expect(result).toMatchObject({ removed: { commits: 1, contents: 1 }, kept: { commits: 5 } });
    expect(result.warnings).toHaveLength(1);
    expect((await log(engine, { ref: "rescued" })).entries).toHaveLength(4);
    expect(await problems()).toEqual([]);
  });

  it("turns a write that was planned on a commit it removed meanwhile into a refusal with words", async () => {
    const { made } = await abandoned();
    const raced = outrunOnce(engine, () => gc(engine, NOW));
    const error: unknown = await createBranch(raced.engine, { name: "late", from: made[0]! }).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(TractError);
    expect(error).toMatchObject({ code: "not-found" });
    expect(raced.attempts()).toBe(1);
    expect(await engine.store.readRef("test", "branch", "late")).toBeNull();
  });

  it("looks again when another gc has removed commits meanwhile", async () => {
    await abandoned();
    const { store } = engine;
    let isFirst = true;
    const raced = new Proxy(store, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        return async (...args: readonly unknown[]) => {
          if (key === "sweepGarbage" && isFirst) {
            isFirst = false;
            await gc({ ...engine, limits: { ...engine.limits, gcSweepCommits: 1 } }, NOW);
          }
          return await Reflect.apply(member, target, args);
        };
      },
    });
    expect((await gc({ ...engine, store: raced }, NOW)).removed.commits).toBe(0);
    expect(await problems()).toEqual([]);
  });

  it("ends when it is cancelled, wholly for what it removed, and goes on when it is run again", async () => {
    await abandoned();
    const stop = new AbortController();
    const limits = { ...engine.limits, gcSweepCommits: 1 };
    const request = { ...NOW, signal: stop.signal, progress: () => stop.abort() };
    const error: unknown = await gc({ ...engine, limits }, request).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "cancelled", data: { removed: 1 } });
    expect(await problems()).toEqual([]);
    const before = await wholeState(engine);
    const early = AbortSignal.abort();
    await expect(gc(engine, { ...NOW, signal: early })).rejects.toMatchObject({
      code: "cancelled",
      data: {},
    });
    expect(await wholeState(engine)).toEqual(before);
    expect((await gc(engine, NOW)).removed.commits).toBe(2);
    expect(await problems()).toEqual([]);
  });

  it("takes an empty tract and one that is all alive", async () => {
    expect(await gc(engine, NOW)).toMatchObject({
      runId: null,
      removed: { commits: 0 },
      kept: { commits: 0 },
    });
    expect(await engine.store.findTract("test")).toBeNull();
    await commit(engine, { items: [{ content: "a" }, { content: "b" }] });
    expect(await gc(engine, NOW)).toMatchObject({ removed: { commits: 0 }, kept: { commits: 2 } });
  });

  it.each([
    [{ olderThanDays: -1 }, "older_than_days"],
    [{ keepOperationsDays: Number.NaN }, "keep_operations_days"],
    [{ releaseSourcesOlderThanDays: 1e9 }, "release_sources_older_than_days"],
  ])("refuses %j, which is no number of days", async (request, path) => {
    await abandoned();
    const error = await refusal(engine, () => gc(engine, { ...NOW, ...request }));
    expect(error).toMatchObject({ code: "invalid-argument", data: { path } });
  });

  it("refuses to remove anything from a store that can only be read, but looks", async () => {
    await abandoned();
    const readonly: Engine = {
      ...engine,
      store: new Proxy(engine.store, {
        get: (target, key) => {
          if (key === "isReadonly") return true;
          const member: unknown = Reflect.get(target, key, target);
          return typeof member === "function" ? member.bind(target) : member;
        },
      }),
    };
    expect(await refusal(engine, () => gc(readonly, NOW))).toMatchObject({ code: "store-readonly" });
    expect((await gc(readonly, { ...NOW, dryRun: true })).removed.commits).toBe(3);
  });
});
