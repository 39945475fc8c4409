/** The files of a store: a log without its database, several names for one, and files that are taken away while they are open. */
import {
  copyFileSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StoreError } from "../../src/storage/errors.ts";
import { type OpenStoreOptions, openStore } from "../../src/storage/open-store.ts";
import type { DriverName } from "../../src/storage/sqlite/connection.ts";
import { refusedStore } from "../support/refused-store.ts";
import { branchMove, SampleTract, tipOf } from "../support/sample-tract.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-files-"));
  file = join(folder, "store.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DRIVERS: readonly DriverName[] = ["better-sqlite3", "node:sqlite"];

const refusal = (location: string, options?: OpenStoreOptions): Promise<StoreError> =>
  refusedStore(folder, location, options);

async function makeStore(): Promise<SampleTract> {
  const tract = new SampleTract();
  const commits = tract.chain(null, 3);
  const store = await openStore(file);
  await store.publish(tract.creation(commits, { refMoves: [branchMove("main", null, tipOf(commits))] }));
  await store.close();
  return tract;
}

describe("a log without its database", () => {
  it.each(["missing", "empty"])("is kept for whoever finds it, when the database is %s", async (what) => {
    const store = await openStore(file);
    await store.publish(new SampleTract().creation());
    const copy = join(folder, "copy.db");
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    await store.close();
    if (what === "empty") writeFileSync(copy, "");
    const names = readdirSync(folder);
    const log = readFileSync(`${copy}-wal`);
    expect(log.length).toBeGreaterThan(0);
    for (const driver of DRIVERS) {
      expect((await refusal(copy, { driver })).failure).toBe("store-corrupt");
      expect((await refusal(copy, { driver, readonly: true })).failure).toBe("store-corrupt");
    }
    expect(readdirSync(folder)).toEqual(names);
    expect(readFileSync(`${copy}-wal`).equals(log)).toBe(true);
  });
});

describe("a store of several names", () => {
  it("is one store behind links that lead to it, with one log", async () => {
    const link = join(folder, "link.db");
    symlinkSync(file, link);
    await (await openStore(file)).close();
    const [one, other] = [await openStore(file), await openStore(link)];
    const tract = new SampleTract();
    await other.publish(tract.creation());
    expect(await one.listTracts()).toHaveLength(1);
    expect(await other.readSize()).toBe(await one.readSize());
    expect(readdirSync(folder).filter((name) => name.startsWith("link"))).toEqual(["link.db"]);
    await one.close();
    await other.close();
  });

  it("is refused when the names are hard links, whose logs would be two", async () => {
    await makeStore();
    const whole = readFileSync(file);
    linkSync(file, join(folder, "second.db"));
    for (const name of ["store.db", "second.db"])
      expect((await refusal(join(folder, name))).failure).toBe("store-unusable");
    expect(readFileSync(file).equals(whole)).toBe(true);
    expect(readdirSync(folder)).toEqual(["second.db", "store.db"]);
  });

  it("is refused in words of ours when a link leads nowhere", async () => {
    symlinkSync(join(folder, "none.db"), file);
    expect(await refusal(file)).toMatchObject({
      failure: "store-unusable",
      message: expect.stringContaining("link"),
    });
  });
});

describe("a store whose file is taken away while it is open", () => {
  it.each<[string, () => void]>([
    ["moved", () => renameSync(file, `${file}.old`)],
    ["gone", () => rmSync(file)],
    ["replaced", () => renameSync(`${file}.backup`, file)],
    ["without its log", () => rmSync(`${file}-wal`)],
  ])("neither reads nor writes any more once it is %s", async (_what, takeAway) => {
    const tract = await makeStore();
    copyFileSync(file, `${file}.backup`);
    const store = await openStore(file);
    const publish = (): Promise<unknown> => store.publish(tract.change(tract.chain(null, 1)));
    // Long enough to have seen its log.
    for (const until = performance.now() + 100; performance.now() < until; ) await publish();
    takeAway();
    // It does not look every time, but soon.
    await expect
      .poll(() => publish().catch((error: unknown) => error), { timeout: 5_000 })
      .toMatchObject({ failure: "store-unusable", message: expect.stringContaining("taken away") });
    await expect(store.listTracts()).rejects.toMatchObject({ failure: "store-unusable" });
    await store.close();
  });
});
