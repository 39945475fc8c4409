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
import { CONFIGS_AND_USAGE } from "../../src/storage/sqlite/migrations/0003-configs-and-usage.ts";
import type { Store } from "../../src/storage/store.ts";
import { TEST_SCOPE } from "../support/engine.ts";
import { AT_MAIN, SampleTract } from "../support/sample-tract.ts";

const oldStore = (version: number): Buffer =>
  gunzipSync(readFileSync(new URL(`../fixtures/stores/schema-${version}.db.gz`, import.meta.url)));
const DRIVERS: readonly DriverName[] = ["better-sqlite3", "node:sqlite"];
/** Where the header of an SQLite file has its user_version. */
const VERSION_AT = 60;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-migrations-"));
  file = join(folder, "store.db");
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
async function expectMigrated(store: Store, version: number): Promise<void> {
  const { problems, checked } = await verify(engineOver(store));
  expect(problems).toEqual([]);
  expect(checked.operations).toBeGreaterThan(9);
  const { name } = (await store.listTracts())[0]!;
  const head = (await store.readSnapshot(name, AT_MAIN)).head!.hash;
  expect(await store.readChain(name, head)).not.toHaveLength(0);
  const replaced = (await store.readOperations(name, { sort: "ratio", limit: 9 })).length;
  expect(replaced).toBe(version === 1 ? 0 : 1);
  expect(await store.readSummaries(name, head)).toHaveLength(version === 1 ? 0 : 3);
  expect(await store.listPlans(name, { limit: 9 })).toHaveLength(version === 1 ? 0 : 1);
  const conditions = [{ field: "model", operator: "=", value: "m" }] as const;
  const generated = await store.readByConfig(name, { conditions, limit: 9, scanMax: 99 });
  expect(generated.commits).toMatchObject([{ generationConfig: { model: "m" } }]);
  expect(await store.checkDerived()).toEqual([]);
  expect(await store.findUsage(name, head)).toBeNull();
  const tract = new SampleTract(name);
  const plan = tract.plan();
  const usage = { commit: head, promptTokens: 5, completionTokens: 1, createdAt: tract.now() };
  const change = tract.change([], { plans: [plan], usages: [usage] });
  const tokens = { originalTokens: 9, compressedTokens: 3 };
  await store.publish({ ...change, operation: { ...change.operation!, ...tokens } });
  expect(await store.findPlan(name, plan.id)).toEqual(plan);
  expect(await store.readOperations(name, { originalTokensMin: 9, sort: "ratio", limit: 9 })).toContainEqual(
    expect.objectContaining(tokens),
  );
  expect(await store.findUsage(name, head)).toMatchObject(usage);
}

/** What comes after each schema: a name that it makes near its end, and a table that it has made by then. */
const NEXT = {
  1: { script: PLANS_AND_TOKENS, obstacle: "plans_state", made: "plans" },
  2: { script: CONFIGS_AND_USAGE, obstacle: "usages", made: "config_values" },
} as const;

describe.each([1, 2] as const)("a store of schema %d", (version) => {
  const old = oldStore(version);
  beforeEach(() => writeFileSync(file, old));

  it("is one: otherwise these tests would show nothing", () => {
    expect(old.readUInt32BE(VERSION_AT)).toBe(version);
  });

  it.each(DRIVERS)("is brought to this version's schema by %s, with all that it holds", async (driver) => {
    const store = await openStore(file, { driver });
    await expectMigrated(store, version);
    await store.close();
    expect(await versionInFile()).toBe(SCHEMA_VERSION);
    const again = await openStore(file, { driver, readonly: true });
    expect([await again.checkIntegrity(), await again.checkDerived()]).toEqual([[], []]);
    await again.close();
  });

  it("is not opened for reading only, and stays as it was", async () => {
    await expect(openStore(file, { readonly: true })).rejects.toMatchObject({ failure: "store-readonly" });
    expect(readFileSync(file).equals(old)).toBe(true);
  });

  it("keeps its schema when the migration fails on the way, and takes it once nothing is in the way", async () => {
    const { obstacle, made } = NEXT[version];
    // The index stands where one of the migration's last would: all before it has been done by then.
    await script(`CREATE INDEX ${obstacle} ON names (id)`);
    await expect(openStore(file)).rejects.toMatchObject({ name: "StoreError" });
    expect(await versionInFile()).toBe(version);
    const connection = (await loadDriver()).open(file, { readonly: true });
    const isThere = connection
      .sql<[number]>(`SELECT count(*) FROM sqlite_schema WHERE name = '${made}'`)
      .get();
    connection.close();
    expect(isThere).toEqual([0]);
    await script(`DROP INDEX ${obstacle}`);
    const store = await openStore(file);
    await expectMigrated(store, version);
    await store.close();
  });

  it("is migrated by the next to open it when the first was killed on the way", async () => {
    await script(`BEGIN IMMEDIATE; ${NEXT[version].script}; PRAGMA user_version = ${version + 1};`);
    expect(await versionInFile()).toBe(version);
    const store = await openStore(file);
    await expectMigrated(store, version);
    await store.close();
  });

  it("is migrated once by several that open it together", async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(file)));
    await expectMigrated(stores[2]!, version);
    for (const store of stores) {
      expect(await store.readOperations("test", { sort: "ratio", limit: 9 })).toHaveLength(version);
      await store.close();
    }
  });
});
