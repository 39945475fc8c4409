/** Large publishes: other calls are served in between, and a publish that is stopped has written nothing. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChangeSet } from "../../src/storage/change-set.ts";
import { openStore } from "../../src/storage/open-store.ts";
import type { DriverName } from "../../src/storage/sqlite/connection.ts";
import type { Store } from "../../src/storage/store.ts";
import { AT_MAIN, branchMove, type SampleCommit, SampleTract, tipOf } from "../support/sample-tract.ts";

const COMMITS = 6_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-large-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each<DriverName>(["better-sqlite3", "node:sqlite"])("with %s", (driver) => {
  let store: Store;
  /** How often somebody was told to wait for the lock. */
  let waits: number;
  let tract: SampleTract;
  let many: readonly SampleCommit[];
  let large: ChangeSet;
  beforeEach(async () => {
    waits = 0;
    const wait = async (): Promise<void> => void waits++;
    store = await openStore(join(folder, "store.db"), { durability: "normal", driver, wait });
    tract = new SampleTract();
    const root = tract.chain(null, 1);
    await store.publish(tract.creation(root, { refMoves: [branchMove("main", null, tipOf(root))] }));
    many = tract.chain(tipOf(root), COMMITS);
    large = tract.change(many, { refMoves: [branchMove("main", tipOf(root), tipOf(many))] });
  });
  afterEach(async () => await store.close());

  const head = async (): Promise<string | undefined> =>
    (await store.readSnapshot(tract.name, AT_MAIN)).head?.hash;

  it("reads between its parts see what was there before, and what it wrote afterwards", async () => {
    const before = await head();
    const seen = new Set<string | undefined>();
    let rests = 0;
    await store.publish(large, [], async () => {
      rests += 1;
      seen.add(await head());
    });
    expect(rests).toBeGreaterThan(COMMITS / 500);
    expect([...seen]).toEqual([before]);
    const after = tipOf(many);
    expect(await head()).toBe(after);
    expect(await store.readChain(tract.name, after)).toHaveLength(COMMITS + 1);
  });

  it("a write that comes meanwhile is done after it", async () => {
    const order: string[] = [];
    const other = tract.chain(null, 1);
    const small = tract.change(other, { refMoves: [branchMove("aside", null, tipOf(other))] });
    let smallDone: Promise<unknown> | null = null;
    await store
      .publish(large, [], async () => {
        smallDone ??= store.publish(small).then(() => order.push("small"));
      })
      .then(() => order.push("large"));
    await smallDone;
    expect(order).toEqual(["large", "small"]);
    expect(await store.readRef(tract.name, "branch", "aside")).not.toBeNull();
  });

  it("two of them at once follow one another, and writes wait for both", async () => {
    const order: string[] = [];
    const [root] = large.refMoves;
    const others = tract.chain(
      root?.before != null && "commit" in root.before ? root.before.commit : null,
      COMMITS,
    );
    const second = tract.change(others, { refMoves: [branchMove("second", null, tipOf(others))] });
    const aside = tract.chain(null, 1);
    const small = tract.change(aside, { refMoves: [branchMove("aside", null, tipOf(aside))] });
    let isSmallAsked = false;
    let smallDone: Promise<unknown> = Promise.resolve();
    const writing = (name: string) => async (): Promise<void> => {
      if (order.at(-1) !== name) order.push(name);
      if (name !== "second" || isSmallAsked) return;
      isSmallAsked = true;
      smallDone = store.publish(small).then(() => order.push("small"));
    };
    await Promise.all([
      store.publish(large, [], writing("first")).then(() => order.push("first is done")),
      store.publish(second, [], writing("second")).then(() => order.push("second is done")),
    ]);
    await smallDone;
    expect(order).toEqual(["first", "first is done", "second", "second is done", "small"]);
    expect(waits).toBe(0);
  });

  it("leaves nothing when it is stopped at any of its parts, and can be done again", async () => {
    const before = await head();
    let parts = 0;
    let isDone = false;
    for (let at = 1; !isDone; at += 5) {
      parts = 0;
      const stop = async (): Promise<void> => {
        parts += 1;
        if (parts === at) throw new Error("stopped");
      };
      const outcome = await store.publish(large, [], stop).catch((error: unknown) => error);
      isDone = !(outcome instanceof Error);
      if (isDone) break;
      expect(outcome).toMatchObject({ message: "stopped" });
      expect(await head()).toBe(before);
      expect(await store.readOperations(tract.name, { limit: 9 })).toHaveLength(1);
      expect(await store.readCommits(tract.name, [tipOf(many)])).toEqual([]);
    }
    expect(parts).toBeGreaterThan(20);
    expect(await head()).toBe(tipOf(many));
    expect(await store.checkIntegrity()).toEqual([]);
    expect(await store.checkDerived()).toEqual([]);
  });

  it("a conflict is told as it is for a small change", async () => {
    const taken = tract.chain(null, 1);
    const move = { ...branchMove("main", null, tipOf(taken)), before: large.refMoves[0]?.before ?? null };
    await store.publish(tract.change(taken, { refMoves: [move] }));
    await expect(store.publish(large, [], async () => {})).rejects.toMatchObject({
      name: "StoreConflict",
      moved: { what: "ref", name: "main" },
    });
  });

  it("closing the store meanwhile ends it with nothing written", async () => {
    const before = await head();
    let closing: Promise<void> | null = null;
    const publishing = store.publish(large, [], async () => {
      closing ??= store.close();
    });
    await expect(publishing).rejects.toMatchObject({ failure: "store-unusable" });
    await closing;
    store = await openStore(join(folder, "store.db"), { driver });
    expect(await head()).toBe(before);
  });
});
