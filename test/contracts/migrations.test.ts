/** Stores of earlier schemas: opening one brings it to this version, wholly or not at all. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { openStore } from "../../src/storage/open-store.ts";
import { type DriverName, loadDriver } from "../../src/storage/sqlite/connection.ts";
import { SCHEMA_VERSION } from "../../src/storage/sqlite/migrate.ts";
import { PLANS_AND_TOKENS } from "../../src/storage/sqlite/migrations/0002-plans-and-tokens.ts";
import type { Store } from "../../src/storage/store.ts";
import { TEST_SCOPE } from "../support/engine.ts";
import { AT_MAIN, SampleTract } from "../support/sample-tract.ts";

const OLD = gunzipSync(readFileSync(new URL("../fixtures/stores/schema-1.db.gz", import.meta.url)));
const DRIVERS: readonly DriverName[] = ["better-sqlite3", "node:sqlite"];
/** Where the header of an SQLite file has its user_version. */
const VERSION_AT = 60;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-migrations-"));
  file = join(folder, "store.db");
  writeFileSync(file, OLD);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function engineOver(store: Store): Engine {
  return createEngine({
    store,
    clock: () => Date.UTC(2027, 0, 1),
    newId: () => "01KDTRACT0AB00000000000001",
    pause: async () => {},
    scope: TEST_SCOPE,
  });
}

async function script(text: string): Promise<void> {
  const connection = (await loadDriver()).open(file, { readonly: false });
  try {
    connection.exec(text);
  } finally {
    connection.close();
  }
}

async function versionInFile(): Promise<number> {
  const connection = (await loadDriver()).open(file, { readonly: true });
  try {
    return connection.sql<[number]>("PRAGMA user_version").get()?.[0] ?? 0;
  } finally {
    connection.close();
  }
}

/** All of it is there, it is sound, and it can hold what is new. */
async function expectMigrated(store: Store): Promise<void> {
  const { problems, checked } = await verify(engineOver(store));
  expect(problems).toEqual([]);
  expect(checked.operations).toBeGreaterThan(9);
  const { name } = (await store.listTracts())[0]!;
  const head = (await store.readSnapshot(name, AT_MAIN)).head!.hash;
  expect(await store.readChain(name, head)).not.toHaveLength(0);
  for (const { originalTokens, compressedTokens } of await store.readOperations(name, { limit: 99 }))
    expect([originalTokens, compressedTokens]).toEqual([null, null]);
  expect(await store.readSummaries(name, head)).toEqual([]);
  expect(await store.listPlans(name, { limit: 9 })).toEqual([]);
  const tract = new SampleTract(name);
  const plan = tract.plan();
  const change = tract.change([], { plans: [plan] });
  const tokens = { originalTokens: 9, compressedTokens: 3 };
  await store.publish({ ...change, operation: { ...change.operation!, ...tokens } });
  expect(await store.findPlan(name, plan.id)).toEqual(plan);
  expect(await store.readOperations(name, { sort: "ratio", limit: 9 })).toMatchObject([tokens]);
}

describe("a store of schema 1", () => {
  it("is one: otherwise these tests would show nothing", () => {
    expect(OLD.readUInt32BE(VERSION_AT)).toBe(1);
  });

  it.each(DRIVERS)("is brought to this version's schema by %s, with all that it holds", async (driver) => {
    const store = await openStore(file, { driver });
    await expectMigrated(store);
    await store.close();
    expect(await versionInFile()).toBe(SCHEMA_VERSION);
    const again = await openStore(file, { driver, readonly: true });
    expect([await again.checkIntegrity(), await again.checkDerived()]).toEqual([[], []]);
    await again.close();
  });

  it("is not opened for reading only, and stays as it was", async () => {
    await expect(openStore(file, { readonly: true })).rejects.toMatchObject({ failure: "store-readonly" });
    expect(readFileSync(file).equals(OLD)).toBe(true);
  });

  it("keeps its schema when the migration fails on the way, and takes it once nothing is in the way", async () => {
    // The index stands where one of the migration's last would: all before it has been done by then.
    await script("CREATE INDEX plans_state ON names (id)");
    await expect(openStore(file)).rejects.toMatchObject({ name: "StoreError" });
    expect(await versionInFile()).toBe(1);
    const connection = (await loadDriver()).open(file, { readonly: true });
    const isThere = connection
      .sql<[number]>(
        "SELECT count(*) FROM sqlite_schema WHERE name = 'plans' OR (name = 'operations' AND sql LIKE '%original_tokens%')",
      )
      .get();
    connection.close();
    expect(isThere).toEqual([0]);
    await script("DROP INDEX plans_state");
    const store = await openStore(file);
    await expectMigrated(store);
    await store.close();
  });

  it("is migrated by the next to open it when the first was killed on the way", async () => {
    await script(`BEGIN IMMEDIATE; ${PLANS_AND_TOKENS}; PRAGMA user_version = 2;`);
    expect(await versionInFile()).toBe(1);
    const store = await openStore(file);
    await expectMigrated(store);
    await store.close();
  });

  it("is migrated once by several that open it together", async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(file)));
    await expectMigrated(stores[2]!);
    for (const store of stores) {
      expect(await store.readOperations("test", { sort: "ratio", limit: 9 })).toHaveLength(1);
      await store.close();
    }
  });
});
