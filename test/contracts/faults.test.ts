/** A store in trouble: any statement may fail, others hold the lock, several processes write. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChangeSet } from "../../src/storage/change-set.ts";
import type { StoreFailure } from "../../src/storage/errors.ts";
import { openStore } from "../../src/storage/open-store.ts";
import {
  type Connection,
  loadDriver,
  type SqlValue,
  type Statement,
} from "../../src/storage/sqlite/connection.ts";
import { openDatabase } from "../../src/storage/sqlite/open-database.ts";
import type { Patience } from "../../src/storage/sqlite/patience.ts";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import type { Store } from "../../src/storage/store.ts";
import { AT_MAIN, branchMove, SampleTract, textOf, tipOf } from "../support/sample-tract.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-faults-"));
  file = join(folder, "store.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const impatient: Patience = { deadlineMs: 0, now: () => 0, wait: async () => {}, random: () => 0 };

class SqliteError extends Error {
  readonly code: string;
  constructor(code: string) {
    super("database is locked, disk I/O error or the like");
    this.code = code;
  }
}

/** A connection whose nth statement from now on fails, and none after it. */
interface Fault {
  readonly connection: Connection;
  fail(statement: number, code: string): void;
}

function withFaults(inner: Connection): Fault {
  let left = Number.POSITIVE_INFINITY;
  let code = "";
  const count = <Result>(work: () => Result): Result => {
    left -= 1;
    if (left === 0) throw new SqliteError(code);
    return work();
  };
  const connection: Connection = {
    ...inner,
    sql<Row extends readonly SqlValue[]>(text: string): Statement<Row> {
      const statement = inner.sql<Row>(text);
      if (text === "ROLLBACK") return statement;
      return {
        run: (...values) => count(() => statement.run(...values)),
        get: (...values) => count(() => statement.get(...values)),
        all: (...values) => count(() => statement.all(...values)),
      };
    },
    exec: (script) => count(() => inner.exec(script)),
  };
  return {
    connection,
    fail(statement, failure) {
      left = statement;
      code = failure;
    },
  };
}

async function openFaulty(): Promise<{ store: SqliteStore; fail: Fault["fail"] }> {
  const driver = await loadDriver();
  const opened = await openDatabase(driver, file, { readonly: false }, impatient);
  const fault = withFaults(opened.connection);
  const parts = {
    file,
    opened: { ...opened, connection: fault.connection },
    patience: impatient,
    sync: null,
  };
  return { store: new SqliteStore({ ...parts, openMemory: driver.openMemory }), fail: fault.fail };
}

/** A change with something of everything. */
function fullChange(tract: SampleTract, tip: ReturnType<typeof tipOf>): ChangeSet {
  const [commit] = tract.chain(tip, 1);
  const side = tract.commit({ parents: [tip], edits: tip, branch: "side" });
  const merge = tract.commit({ parents: [commit!.commit.hash, side.commit.hash], content: null });
  const change = tract.change([commit!, side, merge], {
    refMoves: [branchMove("main", tip, merge.commit.hash), branchMove("side", null, side.commit.hash)],
    annotations: [tract.annotation(tip), tract.annotation(merge.commit.hash)],
    ensureWorktree: { name: "new", branch: "main" },
    compileRecords: [tract.compileRecord()],
    plans: [tract.plan()],
    contentTypes: [{ name: "note", schema: {}, role: null, priority: "normal" }],
    undoneMarks: [{ sequence: 1, undone: true }],
  });
  return { ...change, operation: { ...change.operation!, sources: [tip], idempotencyKey: "key" } };
}

async function everything(name: string): Promise<unknown> {
  const store = await openStore(file);
  const state = {
    tract: await store.findTract(name),
    branches: await store.listRefs(name, "branch"),
    worktrees: await store.listRefs(name, "worktree"),
    commits: (await store.scanCommits(name, 0, 100)).rows,
    contents: (await store.scanContents(0, 100)).rows,
    operations: await store.readOperations(name, { limit: 100 }),
    annotations: await store.readAnnotations(name, { after: 0, upTo: 100 }),
    ledger: await store.readLedger(name, { order: "asc", limit: 100 }),
    records: await store.listCompileRecords(name, { limit: 100 }),
    types: await store.listContentTypes(name),
    plans: await store.listPlans(name, { limit: 100 }),
    sound: await store.checkIntegrity(),
  };
  await store.close();
  return state;
}

describe("a failing statement", () => {
  it.each<[string, StoreFailure]>([
    ["SQLITE_FULL", "store-full"],
    ["SQLITE_IOERR_FSYNC", "store-unusable"],
    ["SQLITE_BUSY", "store-busy"],
  ])("leaves nothing behind, whichever it is: %s", async (code, failure) => {
    const tract = new SampleTract();
    const commits = tract.chain(null, 1);
    const { store, fail } = await openFaulty();
    await store.publish(tract.creation(commits, { refMoves: [branchMove("main", null, tipOf(commits))] }));
    const change = fullChange(tract, tipOf(commits));
    const before = await everything(tract.name);
    let failures = 0;
    for (let statement = 1; ; statement++) {
      fail(statement, code);
      const outcome = await store.publish(change).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) break;
      expect(outcome).toMatchObject({ name: "StoreError", failure });
      expect(outcome.message).not.toMatch(/locked|SQL|I\/O error/);
      failures += 1;
      if (statement % 5 === 1) expect(await everything(tract.name)).toEqual(before);
    }
    expect(failures).toBeGreaterThan(25);
    fail(Number.POSITIVE_INFINITY, "");
    expect((await store.readSnapshot(tract.name, AT_MAIN)).head?.hash).toBe(change.commits.at(-1)?.hash);
    expect(await store.checkIntegrity()).toEqual([]);
    await store.close();
    expect(await everything(tract.name)).not.toEqual(before);
  });

  it("does not spoil what is remembered in memory", async () => {
    const tract = new SampleTract();
    const commits = tract.chain(null, 1);
    const { store, fail } = await openFaulty();
    await store.publish(tract.creation(commits, { refMoves: [branchMove("main", null, tipOf(commits))] }));
    const next = tract.chain(tipOf(commits), 1, {
      author: { kind: "agent", name: "new", session_id: null },
      branch: "a new branch",
    });
    const change = tract.change(next, { refMoves: [branchMove("main", tipOf(commits), tipOf(next))] });
    fail(14, "SQLITE_FULL");
    await expect(store.publish(change)).rejects.toMatchObject({ failure: "store-full" });
    // Another process takes the ids that the failed write had given out.
    const other = await openStore(file);
    const taken = tract.chain(tipOf(commits), 1, {
      author: { kind: "tool", name: "taker", session_id: null },
      branch: "taken",
    });
    await other.publish(tract.change(taken));
    await other.close();
    await store.publish(change);
    const [read] = await store.readCommits(tract.name, [tipOf(next)]);
    expect(read).toMatchObject({ author: { name: "new" }, branch: "a new branch" });
    await store.close();
    const again = await openStore(file);
    expect(await again.readCommits(tract.name, [tipOf(next)])).toEqual([read]);
    await again.close();
  });

  it("leaves the search index as it was", async () => {
    const tract = new SampleTract();
    const commits = tract.chain(null, 3);
    const { store, fail } = await openFaulty();
    await store.publish(tract.creation(commits));
    for (let statement = 1; ; statement++) {
      fail(statement, "SQLITE_FULL");
      const left = await store.indexForSearch({ limit: 10, textOf }).catch(() => null);
      if (left === 0) break;
    }
    fail(Number.POSITIVE_INFINITY, "");
    expect(await store.search(tract.name, { terms: ["text"], limit: 9, offset: 0 })).toHaveLength(3);
    await store.close();
  });
});

describe("a lock that others hold", () => {
  /**
   * Another connection that is in the middle of a write. It has to be of the same driver: two SQLite libraries in one process do not see
   * each other's locks.
   */
  async function lock(): Promise<{ release(): void }> {
    const holder = (await loadDriver()).open(file, { readonly: false });
    holder.exec("BEGIN IMMEDIATE");
    return {
      release() {
        holder.exec("COMMIT");
        holder.close();
      },
    };
  }

  it("is waited for, between awaits, and taken when it is free", async () => {
    await (await openStore(file)).close();
    const held = await lock();
    const pauses: number[] = [];
    const store = await openStore(file, {
      random: () => 1,
      wait: async (milliseconds) => {
        pauses.push(milliseconds);
        if (pauses.length === 3) held.release();
      },
    });
    await store.publish(new SampleTract().creation());
    expect(pauses).toHaveLength(3);
    expect(pauses.toSorted((a, b) => a - b)).toEqual(pauses);
    await store.close();
  });

  it("ends in store-busy at the deadline, in words of ours", async () => {
    await (await openStore(file)).close();
    const held = await lock();
    const store = await openStore(file, { deadlineMs: 50, wait: async () => {} });
    const failure = await store.publish(new SampleTract().creation()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "StoreError", failure: "store-busy" });
    expect(failure).not.toHaveProperty("cause");
    expect((failure as Error).message).not.toContain("locked");
    expect(await store.listTracts()).toEqual([]);
    held.release();
    await store.publish(new SampleTract().creation());
    await store.close();
  });

  it("does not keep a store from being closed", async () => {
    await (await openStore(file)).close();
    const held = await lock();
    const store: Store = await openStore(file, { wait: () => store.close() });
    await expect(store.publish(new SampleTract().creation())).rejects.toMatchObject({
      failure: "store-unusable",
    });
    held.release();
  });

  it("is waited for when a store is made", async () => {
    writeFileSync(file, "");
    const held = await lock();
    let pauses = 0;
    const store = await openStore(file, {
      wait: async () => {
        pauses += 1;
        if (pauses === 2) held.release();
      },
    });
    expect(pauses).toBe(2);
    expect(await store.listTracts()).toEqual([]);
    await store.close();
  });
});
