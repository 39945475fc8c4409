/** Verifying: a sound store is sound, and each kind of damage is found and named. */

import type Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DamagedStores, makeDamagedStores } from "../../support/damaged-store.ts";

let stores: DamagedStores;
beforeAll(async () => {
  stores = await makeDamagedStores();
});
afterAll(() => stores.remove());

/** The problems after some SQL has been run on the file, each as "kind what field". */
async function problemsAfter(
  change: string | ((raw: Database.Database) => void),
): Promise<readonly string[]> {
  const run = typeof change === "string" ? (raw: Database.Database): void => void raw.exec(change) : change;
  const { ok, problems } = await stores.verifyAfter(run);
  expect(ok).toBe(problems.length === 0);
  return problems.map(({ kind, what, field }) => `${kind} ${what} ${field ?? "-"}`);
}

describe("verify of a sound store", () => {
  it("finds nothing and says what it has looked at", async () => {
    expect(await stores.verifyAfter(() => {})).toEqual({
      ok: true,
      checked: { contents: 11, commits: 10, operations: 10, ledger: 11 },
      problems: [],
      problemsOmitted: 0,
      repaired: [],
    });
  });
});
