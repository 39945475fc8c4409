/** Stores under the oldest Node.js that is supported, whose own SQLite can do less: better-sqlite3 serves, and nothing else is needed. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StatementSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openStore } from "../../src/storage/open-store.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-old-node-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A store that this process has not opened before, as every command finds it. */
async function storeOfBefore(): Promise<string> {
  await (await openStore(join(folder, "made.db"))).close();
  const file = join(folder, "store.db");
  copyFileSync(join(folder, "made.db"), file);
  return file;
}

/** Node.js before 22.16: no rows as arrays. */
async function withoutArrays(work: () => Promise<void>): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(StatementSync.prototype, "setReturnArrays");
  if (own === undefined) throw new Error("this Node.js has none either");
  Reflect.deleteProperty(StatementSync.prototype, "setReturnArrays");
  try {
    await work();
  } finally {
    Object.defineProperty(StatementSync.prototype, "setReturnArrays", own);
  }
}

/** Node.js 22 and 24 for long: an SQLite that may lose data when several processes write. */
function withOldSqlite(): void {
  const get = StatementSync.prototype.get;
  vi.spyOn(StatementSync.prototype, "get").mockImplementation(function (this: StatementSync, ...values) {
    // Rows are arrays here, whatever the types of Node say.
    return this.sourceSQL.includes("sqlite_version()")
      ? (["3.49.1"] as unknown as ReturnType<typeof get>)
      : get.apply(this, values);
  });
}

it("opens an existing store where node:sqlite gives no arrays", async () => {
  const file = await storeOfBefore();
  await withoutArrays(async () => {
    const store = await openStore(file);
    expect(store.isReadonly).toBe(false);
    await store.close();
    await expect(openStore(file, { driver: "node:sqlite" })).rejects.toMatchObject({
      failure: "store-unusable",
      message: expect.stringContaining("node:sqlite"),
    });
  });
});

it("opens an existing store where node:sqlite is too old to write", async () => {
  const file = await storeOfBefore();
  withOldSqlite();
  const store = await openStore(file);
  expect(store.isReadonly).toBe(false);
  await store.close();
  await expect(openStore(file, { driver: "node:sqlite" })).rejects.toMatchObject({
    failure: "store-unusable",
    message: expect.stringContaining("3.49.1"),
  });
});
