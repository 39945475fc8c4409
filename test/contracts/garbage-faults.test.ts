/** Gc in trouble: whichever statement fails, what was removed is removed wholly, and running it again ends as if nothing had been. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Swept } from "../../src/storage/garbage.ts";
import { openStore } from "../../src/storage/open-store.ts";
import {
  type Connection,
  type DriverName,
  loadDriver,
  type SqlValue,
  type Statement,
} from "../../src/storage/sqlite/connection.ts";
import { openDatabase } from "../../src/storage/sqlite/open-database.ts";
import type { Patience } from "../../src/storage/sqlite/patience.ts";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import type { Store } from "../../src/storage/store.ts";
import { branchMove, contentOf, SampleTract, textOf, tipOf } from "../support/sample-tract.ts";
import { STRICT } from "./subjects/garbage.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-gc-faults-"));
  file = join(folder, "store.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const impatient: Patience = { deadlineMs: 0, now: () => 0, wait: async () => {}, random: () => 0 };

/** The same connection; its nth statement fails, and none after it. */
function withFault(inner: Connection, nth: number): { connection: Connection; hasFailed: () => boolean } {
  let left = nth;
  const count = <Result>(work: () => Result): Result => {
    left -= 1;
    if (left === 0) throw Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR" });
    return work();
  };
  const sql = <Row extends readonly SqlValue[]>(text: string): Statement<Row> => {
    const statement = inner.sql<Row>(text);
    if (text === "ROLLBACK") return statement;
    return {
      run: (...values) => count(() => statement.run(...values)),
      get: (...values) => count(() => statement.get(...values)),
      all: (...values) => count(() => statement.all(...values)),
    };
  };
  return { connection: { ...inner, sql }, hasFailed: () => left <= 0 };
}

async function openFaulty(copy: string, driverName: DriverName, nth: number) {
  const driver = await loadDriver(driverName);
  const opened = await openDatabase(driver, copy, { readonly: false }, impatient);
  const fault = withFault(opened.connection, nth);
  const parts = {
    file: copy,
    opened: { ...opened, connection: fault.connection },
    patience: impatient,
    sync: null,
  };
  return { store: new SqliteStore({ ...parts, openMemory: driver.openMemory }), hasFailed: fault.hasFailed };
}

/** A trunk, and garbage with a merge, settings, an edit and a content that is said twice. */
async function prepare(): Promise<void> {
  const store = await openStore(file, { durability: "normal" });
  const tract = new SampleTract();
  const trunk = tract.chain(null, 2);
  await store.publish(tract.creation(trunk, { refMoves: [branchMove("main", null, tipOf(trunk))] }));
  const [one, two] = tract.chain(tipOf(trunk), 2, { content: contentOf("twice") });
  const config = tract.commit({
    parents: [tipOf(trunk)],
    content: contentOf("s", { type: "config", role: null }),
  });
  const merge = tract.commit({ parents: [two!.commit.hash, config.commit.hash], content: null });
  const edit = tract.commit({ parents: [merge.commit.hash], edits: one!.commit.hash });
  const annotations = [tract.annotation(edit.commit.hash)];
  await store.publish(tract.change([one!, two!, config, merge, edit], { annotations }));
  const last = tract.chain(tipOf(trunk), 1);
  await store.publish(tract.change(last, { refMoves: [branchMove("main", tipOf(trunk), tipOf(last))] }));
  while ((await store.indexForSearch({ limit: 10, textOf })) > 0);
  await store.close();
}

async function collect(store: Store): Promise<number> {
  const entries = new SampleTract("entries");
  const garbage = await store.findGarbage("sample", STRICT, async () => {});
  for (let commits = 0; ; ) {
    const entry = (swept: Swept) => entries.ledger({ eventType: "GC", metadata: { commits: swept.commits } });
    const swept = await store.sweepGarbage(garbage, { limit: 2, entry });
    if (typeof swept === "string") return commits;
    commits += swept.commits.length;
  }
}

async function everything(store: Store): Promise<unknown> {
  return {
    commits: (await store.scanCommits("sample", 0, 100)).rows,
    contents: (await store.scanContents(0, 100)).rows,
    removed: [...(await store.scanCollected("sample", 0, 100)).rows].sort(),
    operations: await store.readOperations("sample", { limit: 100 }),
    annotations: await store.readAnnotations("sample", { after: 0, upTo: 100 }),
    found: (await store.search("sample", { terms: ["text"], limit: 50, offset: 0 })).length,
  };
}

/** What is gone and what the ledger says is gone are one. */
async function expectWhole(store: Store): Promise<void> {
  expect([await store.checkIntegrity(), await store.checkDerived()]).toEqual([[], []]);
  const entries = await store.readLedger("sample", { eventTypes: ["GC"], order: "asc", limit: 100 });
  const told = entries.flatMap(({ metadata }) => metadata.commits as string[]); // As `collect` wrote it.
  const noted = (await store.scanCollected("sample", 0, 100)).rows;
  expect([...told].sort()).toEqual([...noted].sort());
  expect(await store.readCommits("sample", noted)).toEqual([]);
}

it.each([
  ["better-sqlite3", 1],
  ["node:sqlite", 5],
] as const)(
  "is all or nothing per part whichever statement fails, and ends well when it is run again (%s)",
  { timeout: 60_000 },
  async (driver, stride) => {
    await prepare();
    const done = join(folder, "done.db");
    copyFileSync(file, done);
    const complete = await openStore(done, { durability: "normal" });
    expect(await collect(complete)).toBe(5);
    const wanted = await everything(complete);
    await complete.close();
    let failures = 0;
    for (let nth = 1; ; nth += stride) {
      const copy = join(folder, `${driver.length}-${nth}.db`);
      copyFileSync(file, copy);
      const { store, hasFailed } = await openFaulty(copy, driver, nth);
      const outcome = await collect(store).catch((error: unknown) => error);
      if (!hasFailed()) {
        await store.close();
        break;
      }
      if (typeof outcome !== "number") {
        expect(outcome).toMatchObject({ name: "StoreError" });
        failures += 1;
      }
      await expectWhole(store);
      await collect(store);
      expect(await everything(store)).toEqual(wanted);
      await store.close();
      rmSync(copy);
    }
    expect(failures).toBeGreaterThan(50 / stride);
  },
);
