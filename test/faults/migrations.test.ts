/** Migrations that are killed before any of their statements: the store is as it was, and the next to open it brings it up (spec 7.3). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStore } from "../../src/index.ts";
import { openStore as openBackend } from "../../src/storage/open-store.ts";
import { loadDriver } from "../../src/storage/sqlite/connection.ts";
import { SCHEMA_VERSION } from "../../src/storage/sqlite/migrate.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { startScript } from "./child.ts";

/** Every statement in the long mode. */
const STEP = runs(1, 2) === 1 ? 4 : 1;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-migrations-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function oldStore(version: number, name: string): string {
  const file = path.join(folder, `${version}-${name}.db`);
  const packed = new URL(`../fixtures/stores/schema-${version}.db.gz`, import.meta.url);
  writeFileSync(file, gunzipSync(readFileSync(packed)));
  return file;
}

async function versionIn(file: string): Promise<number> {
  const connection = (await loadDriver()).open(file, { readonly: true });
  try {
    return connection.sql<[number]>("PRAGMA user_version").get()?.[0] ?? 0;
  } finally {
    connection.close();
  }
}

/** Everything of the first tract that does not depend on the schema. */
async function historyOf(file: string): Promise<unknown> {
  const store = await openBackend(`sqlite:${file}`);
  const [tract] = await store.listTracts();
  const name = tract?.name ?? "";
  const history = {
    commits: (await store.scanCommits(name, 0, 1_000)).rows,
    contents: (await store.scanContents(0, 1_000)).rows,
    operations: (await store.scanOperations(name, 0, 1_000)).rows,
    ledger: await store.readLedger(name, { order: "asc", limit: 1_000 }),
    branches: await store.listRefs(name, "branch"),
  };
  expect([await store.checkIntegrity(), await store.checkDerived()]).toEqual([[], []]);
  await store.close();
  return history;
}

async function expectSound(file: string): Promise<void> {
  const store = await openStore(`sqlite:${file}`);
  for (const { name } of await tractsOf(file))
    expect((await (await store.tract(name)).verify()).problems).toEqual([]);
  await store.close();
}

async function tractsOf(file: string): Promise<readonly { readonly name: string }[]> {
  const store = await openBackend(`sqlite:${file}`);
  const tracts = await store.listTracts();
  await store.close();
  return tracts;
}

it.each([1, 2])(
  "of schema %d, killed before any statement, leave the store as it was or done",
  {
    timeout: timeLimit(120_000),
  },
  async (version) => {
    const whole = startScript("migrator", [oldStore(version, "whole"), "0"]);
    expect(await whole.ended).toEqual({ code: 0, errors: "" });
    const statements = Number(whole.lines[0]);
    expect(statements).toBeGreaterThan(10);
    const wanted = await historyOf(path.join(folder, `${version}-whole.db`));
    const left = new Set<number>();
    for (let nth = 1; nth <= statements; nth += STEP) {
      const file = oldStore(version, String(nth));
      expect((await startScript("migrator", [file, String(nth)]).ended).code).toBeNull();
      left.add(await versionIn(file));
      // The next to open it brings it up, with all that it held.
      expect(await historyOf(file)).toEqual(wanted);
      expect(await versionIn(file)).toBe(SCHEMA_VERSION);
      await expectSound(file);
    }
    // From each schema on the way somebody was killed.
    for (let schema = version; schema < SCHEMA_VERSION; schema++) expect(left).toContain(schema);
  },
);
