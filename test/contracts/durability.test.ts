/** What survives a loss of power: no test can cut it, so these look at what the disk is waited for, and what SQLite was told. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { openStore } from "../../src/storage/open-store.ts";
import { type DriverName, loadDriver } from "../../src/storage/sqlite/connection.ts";
import { openDatabase } from "../../src/storage/sqlite/open-database.ts";
import type { Store } from "../../src/storage/store.ts";
import { AT_MAIN, branchMove, SampleTract, textOf, tipOf } from "../support/sample-tract.ts";

/** What happens when the disk is waited for, before it is. */
const disk = vi.hoisted(() => ({ whenAsked: (): void => {} }));
vi.mock("node:fs", async (load) => {
  const fs = await load<typeof import("node:fs")>();
  const fdatasyncSync: typeof fs.fdatasyncSync = (descriptor) => {
    disk.whenAsked();
    fs.fdatasyncSync(descriptor);
  };
  return { ...fs, fdatasyncSync };
});

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-durability-"));
  file = join(folder, "store.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each<DriverName>(["better-sqlite3", "node:sqlite"])("with %s", (driver) => {
  async function open(durability: "full" | "normal", whenAsked: () => void): Promise<Store> {
    disk.whenAsked = whenAsked;
    const store = await openStore(file, { driver, durability });
    onTestFinished(async () => await store.close());
    return store;
  }
  const tract = new SampleTract();
  const root = tract.chain(null, 1);
  const creation = tract.creation(root, { refMoves: [branchMove("main", null, tipOf(root))] });
  const next = tract.chain(tipOf(root), 1);
  const move = branchMove("main", tipOf(root), tipOf(next));
  const large = tract.chain(tipOf(root), 2_600);

  it("SQLite itself keeps the order of what is written, which no crash can damage", async () => {
    const patience = { deadlineMs: 0, now: () => 0, wait: async () => {}, random: () => 0 };
    const { connection } = await openDatabase(await loadDriver(driver), file, { readonly: false }, patience);
    expect(connection.sql("PRAGMA synchronous").get()).toEqual([1]);
    expect(connection.sql("PRAGMA journal_mode").get()).toEqual(["wal"]);
    connection.close();
  });

  it("full waits for the disk once for each write, small or large, before it is acknowledged", async () => {
    const events: string[] = [];
    const store = await open("full", () => events.push("on the disk"));
    await store.publish(creation).then(() => events.push("acknowledged"));
    const change = tract.change(large, { refMoves: [branchMove("main", tipOf(root), tipOf(large))] });
    await store.publish(change, [], async () => {}).then(() => events.push("acknowledged"));
    expect(events).toEqual(["on the disk", "acknowledged", "on the disk", "acknowledged"]);
  });

  it("full lets others write while it waits: the lock is not held", async () => {
    const other = await open("normal", () => {});
    await other.publish(creation);
    const aside = tract.chain(null, 1);
    let changes = 0;
    const store = await open("full", () => {
      // Another connection, in the middle of the wait.
      const connection = direct.open(file, { readonly: false });
      changes = Number(connection.sql("UPDATE tracts SET name = name").run().changes);
      connection.close();
    });
    const direct = await loadDriver(driver);
    await store.publish(tract.change(aside, { refMoves: [branchMove("aside", null, tipOf(aside))] }));
    expect(changes).toBe(1);
  });

  it("normal does not wait, and nobody waits for an index", async () => {
    let waits = 0;
    const store = await open("normal", () => void waits++);
    await store.publish(creation);
    expect(waits).toBe(0);
    const again = await open("full", () => void waits++);
    await again.indexForSearch({ limit: 10, textOf });
    expect(waits).toBe(0);
  });

  it("says so when the disk fails to confirm, and writes nothing more", async () => {
    let isBroken = false;
    const store = await open("full", () => {
      if (isBroken)
        throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO", syscall: "fdatasync" });
    });
    await store.publish(creation);
    isBroken = true;
    const failure = { failure: "store-unusable", message: expect.not.stringContaining("EIO") };
    await expect(store.publish(tract.change(next, { refMoves: [move] }))).rejects.toMatchObject(failure);
    isBroken = false;
    const later = tract.change(tract.chain(tipOf(next), 1));
    await expect(store.publish(later)).rejects.toMatchObject(failure);
    await expect(store.publish(tract.change(large), [], async () => {})).rejects.toMatchObject(failure);
    expect((await store.readSnapshot(tract.name, AT_MAIN)).head?.hash).toBe(tipOf(next));
    const reopened = await open("full", () => {});
    expect(await reopened.readOperations(tract.name, { limit: 9 })).toHaveLength(2);
  });
});
