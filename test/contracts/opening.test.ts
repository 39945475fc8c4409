/** Opening: what becomes a store, what is refused untouched, what is opened for reading only. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreError, type StoreFailure } from "../../src/storage/errors.ts";
import { type OpenStoreOptions, openStore } from "../../src/storage/open-store.ts";
import {
  type Connection,
  checkSqliteVersion,
  type DriverName,
  loadDriver,
} from "../../src/storage/sqlite/connection.ts";
import { APPLICATION_ID, SCHEMA_VERSION } from "../../src/storage/sqlite/migrate.ts";
import { INITIAL } from "../../src/storage/sqlite/migrations/0001-initial.ts";
import { refusedStore } from "../support/refused-store.ts";
import { AT_MAIN, branchMove, SampleTract, tipOf } from "../support/sample-tract.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-opening-"));
  file = join(folder, "store.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DRIVERS: readonly DriverName[] = ["better-sqlite3", "node:sqlite"];

const refusal = (location: string, options?: OpenStoreOptions): Promise<StoreError> =>
  refusedStore(folder, location, options);

/** Makes a file, tries to open it, and sees that not a byte of it changed. */
async function expectUntouched(failure: StoreFailure, make: () => unknown): Promise<void> {
  for (const driver of DRIVERS) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    await make();
    const before = readFileSync(file);
    const names = readdirSync(folder);
    expect((await refusal(file, { driver })).failure).toBe(failure);
    expect((await refusal(file, { driver, readonly: true })).failure).toBe(failure);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(names);
  }
}

/** By the driver that stores use in these tests: two SQLite libraries in one process do not see each other's locks. */
async function sqlite(script: string): Promise<void> {
  if (!existsSync(file)) writeFileSync(file, "");
  const connection = (await loadDriver()).open(file, { readonly: false });
  try {
    connection.exec(`PRAGMA foreign_keys = OFF; ${script}`);
  } finally {
    connection.close();
  }
}

async function makeStore(): Promise<SampleTract> {
  const tract = new SampleTract();
  const commits = tract.chain(null, 3);
  const store = await openStore(file);
  await store.publish(tract.creation(commits, { refMoves: [branchMove("main", null, tipOf(commits))] }));
  await store.close();
  return tract;
}

describe("what becomes a store", () => {
  it("makes folders and file for this user alone", async () => {
    const deep = join(folder, "a", "b", "store.db");
    const store = await openStore(`sqlite:${deep}`);
    await store.publish(new SampleTract().creation());
    expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "a", "b")).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(join(folder, "a", "b")))
      expect(statSync(join(folder, "a", "b", name)).mode & 0o077, name).toBe(0);
    await store.close();
  });

  it("marks the file as ours", async () => {
    await makeStore();
    const header = readFileSync(file);
    expect(header.readUInt32BE(68)).toBe(APPLICATION_ID);
    expect(header.readUInt32BE(60)).toBe(SCHEMA_VERSION);
  });

  it.each(["an empty file", "a database without tables", "a database that was killed while it was made"])(
    "fills %s",
    async (what) => {
      if (what === "an empty file") writeFileSync(file, "");
      else await sqlite("PRAGMA journal_mode = WAL; CREATE TABLE t (x); DROP TABLE t;");
      if (what.includes("killed"))
        await sqlite(
          `BEGIN; ${INITIAL}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1;`,
        );
      const store = await openStore(file);
      expect(await store.listTracts()).toEqual([]);
      expect(await store.checkIntegrity()).toEqual([]);
      await store.close();
    },
  );

  it("takes odd names for files literally", async () => {
    for (const name of [
      "with space",
      "percent%20",
      "question?mode=ro",
      "hash#",
      "ünï\u{1F600}",
      "file:x",
      ":memory:",
    ]) {
      for (const driver of DRIVERS) {
        const store = await openStore(join(folder, name), { driver });
        await store.close();
        expect(existsSync(join(folder, name)), name).toBe(true);
      }
    }
  });

  it("says which driver it uses, and takes the other when it is told to", async () => {
    for (const driver of DRIVERS) {
      const store = await openStore(file, { driver });
      expect(store.description).toMatch(new RegExp(`^${driver}, SQLite \\d`));
      await store.close();
    }
  });

  it("opens a fresh file eight times at once", async () => {
    const stores = await Promise.all(
      Array.from({ length: 8 }, () => openStore(file, { durability: "normal" })),
    );
    await stores[3]!.publish(new SampleTract().creation());
    for (const store of stores) {
      expect(await store.listTracts()).toHaveLength(1);
      await store.close();
    }
  });
});

describe("what is refused", () => {
  it("refuses a folder", async () => {
    expect((await refusal(folder)).failure).toBe("store-unusable");
  });

  it("refuses a location whose folder is a file, and an empty one", async () => {
    writeFileSync(file, "");
    expect((await refusal(join(file, "inside.db"))).failure).toBe("store-unusable");
    expect((await refusal("sqlite:")).failure).toBe("store-unusable");
    expect((await refusal("a\0b")).failure).toBe("store-unusable");
  });

  it("refuses PostgreSQL, which is not in this version", async () => {
    expect(await refusal("postgres://localhost/tract")).toMatchObject({ failure: "store-unusable" });
    expect(await refusal("postgresql://localhost/tract")).toMatchObject({ failure: "store-unusable" });
  });

  it("refuses to read a store that is not there, and makes nothing", async () => {
    expect((await refusal(join(folder, "none", "store.db"), { readonly: true })).failure).toBe(
      "store-unusable",
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves a file alone that is no database", async () => {
    await expectUntouched("store-foreign", () => writeFileSync(file, "just a text\n"));
    await expectUntouched("store-foreign", () => writeFileSync(file, Buffer.alloc(10_000, 7)));
    await expectUntouched("store-foreign", () => writeFileSync(file, "SQLite format 3\0"));
    for (const bytes of [1, 2, 99, 100, 511, 512, 4096])
      for (const filling of [0, "N"])
        await expectUntouched("store-foreign", () => writeFileSync(file, Buffer.alloc(bytes, filling)));
  });

  it("leaves another program's database alone", async () => {
    await expectUntouched("store-foreign", () =>
      sqlite("CREATE TABLE notes (x); INSERT INTO notes VALUES (1)"),
    );
    await expectUntouched("store-foreign", () => sqlite("PRAGMA application_id = 7; CREATE TABLE notes (x)"));
    await expectUntouched("store-foreign", () => sqlite("PRAGMA user_version = 3"));
    await expectUntouched("store-foreign", () => sqlite("PRAGMA journal_mode = WAL; CREATE TABLE notes (x)"));
  });

  it("leaves another program's database alone whose tables are still in its log", async () => {
    for (const driver of DRIVERS) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      writeFileSync(file, "");
      const owner = (await loadDriver(driver)).open(file, { readonly: false });
      owner.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (x); INSERT INTO notes VALUES (1)");
      const before = [readFileSync(file), readFileSync(`${file}-wal`)];
      expect((await refusal(file, { driver })).failure).toBe("store-foreign");
      expect([readFileSync(file), readFileSync(`${file}-wal`)]).toEqual(before);
      owner.close();
    }
  });

  it("leaves a store of a newer version alone", async () => {
    await makeStore();
    const bytes = readFileSync(file);
    bytes.writeUInt32BE(SCHEMA_VERSION + 1, 60);
    file = join(folder, "newer.db"); // This process has not made that one.
    await expectUntouched("store-newer", () => writeFileSync(file, bytes));
  });

  it("refuses a store of a newer version that says so in its log", async () => {
    await makeStore();
    for (const driver of DRIVERS) {
      const owner = (await loadDriver(driver)).open(file, { readonly: false });
      owner.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
      expect((await refusal(file, { driver })).failure).toBe("store-newer");
      owner.close();
    }
  });

  it("refuses an SQLite that is known to lose data", () => {
    const withVersion = (version: string) =>
      ({ driver: "node:sqlite", sql: () => ({ get: () => [version] }) }) as unknown as Connection;
    for (const version of ["3.51.2", "3.50.9", "2.99.99"])
      expect(() => checkSqliteVersion(withVersion(version)), version).toThrow(StoreError);
    for (const version of ["3.51.3", "3.52.0", "4.0.0"])
      expect(checkSqliteVersion(withVersion(version))).toBe(version);
  });
});

describe("what is opened for reading only", () => {
  async function expectReadonly(options: OpenStoreOptions): Promise<void> {
    const store = await openStore(file, options);
    expect(store.isReadonly).toBe(true);
    const snapshot = await store.readSnapshot("sample", AT_MAIN);
    expect(snapshot.head).not.toBeNull();
    expect(await store.readChain("sample", snapshot.head!.hash)).toHaveLength(3);
    expect(await store.checkIntegrity()).toEqual([]);
    expect(await store.snippets(["a word"], { terms: ["word"], words: 5 })).toEqual(["a «word»"]);
    const writes = [
      () => store.publish(new SampleTract("new").creation()),
      () => store.indexForSearch({ limit: 10, textOf: () => "text" }),
      () => store.resetSearchIndex(),
    ];
    for (const write of writes) await expect(write()).rejects.toMatchObject({ failure: "store-readonly" });
    await store.close();
  }

  it("opens a store for reading when it is told to", async () => {
    await makeStore();
    for (const driver of DRIVERS) await expectReadonly({ driver, readonly: true });
  });

  it("opens a store for reading whose file may not be written", async () => {
    await makeStore();
    chmodSync(file, 0o444);
    for (const driver of DRIVERS) await asNobody(() => expectReadonly({ driver }));
  });

  it("opens a store for reading whose folder may not be written either", async () => {
    await makeStore();
    chmodSync(file, 0o444);
    for (const driver of DRIVERS) await asNobody(() => expectReadonly({ driver }), 0o555);
  });

  it("can be written again once its file may be, though side files were made while it might not", async () => {
    await makeStore();
    for (const suffix of ["-wal", "-shm"]) writeFileSync(`${file}${suffix}`, "", { mode: 0o444 });
    chmodSync(file, 0o600);
    const store = await openStore(file);
    expect(store.isReadonly).toBe(false);
    for (const suffix of ["-wal", "-shm"]) expect(statSync(`${file}${suffix}`).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it("says so when a store may not even be read", async () => {
    await makeStore();
    chmodSync(file, 0o000);
    await asNobody(async () => {
      expect((await refusal(file)).failure).toBe("store-unusable");
    });
  });

  it("says so when no store can be made", async () => {
    await asNobody(async () => {
      expect((await refusal(join(folder, "new", "store.db"))).failure).toBe("store-unusable");
    }, 0o555);
  });

  /** The superuser may write anything, so for a while this process is somebody else. */
  async function asNobody(work: () => Promise<void>, folderMode = 0o777): Promise<void> {
    const isRoot = process.geteuid?.() === 0;
    // A new file: SQLite would use the descriptor again that it opened as superuser.
    if (existsSync(file)) {
      copyFileSync(file, `${file}-copy`);
      renameSync(`${file}-copy`, file);
    }
    chmodSync(folder, folderMode);
    if (isRoot) process.seteuid?.(65_534);
    try {
      await work();
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(folder, 0o777);
    }
  }
});

describe("a damaged store", () => {
  it("is refused or read, but never misread in silence by its own check", async () => {
    const tract = await makeStore();
    const sound = readFileSync(file);
    for (const driver of DRIVERS) {
      const damaged = Buffer.from(sound);
      // All pages but the first, whose header says whose file it is.
      damaged.fill(0xa5, 4096);
      writeFileSync(file, damaged);
      const outcome = await openStore(file, { driver }).then(
        async (store) => {
          const failure = await store.readSnapshot(tract.name, AT_MAIN).catch((error: unknown) => error);
          await store.close();
          return failure;
        },
        (error: unknown) => error,
      );
      expect(outcome).toMatchObject({ name: "StoreError", failure: "store-corrupt" });
    }
  });

  it("is named by the integrity check", async () => {
    await makeStore();
    await sqlite("UPDATE refs SET commit_id = 99 WHERE kind = 0; DELETE FROM contents WHERE id = 2");
    const store = await openStore(file);
    const findings = await store.checkIntegrity();
    expect(findings.join("\n")).toMatch(/commits point to rows of contents/);
    expect(findings.join("\n")).toMatch(/refs point to rows of commits/);
    await store.close();
  });

  it("names what a commit points to and is not there", async () => {
    const tract = new SampleTract();
    const [root, second] = tract.chain(null, 2);
    const edit = tract.commit({ parents: [second!.commit.hash], edits: root!.commit.hash });
    const merge = tract.commit({ parents: [edit.commit.hash, root!.commit.hash], content: null });
    const store = await openStore(file);
    await store.publish(tract.creation([root!, second!, edit, merge]));
    await sqlite("DELETE FROM contents WHERE id = 2; DELETE FROM commits WHERE id = 1");
    const { rows } = await store.scanCommits(tract.name, 0, 10);
    expect(rows.map(({ missing }) => missing)).toEqual([
      ["content", "parents"],
      ["edit_target"],
      ["parents"],
    ]);
    await sqlite("DELETE FROM operations");
    expect((await store.scanCommits(tract.name, 3, 10)).rows[0]?.missing).toEqual(["parents", "operation"]);
    await store.close();
  });

  it("refuses changes of the ledger, whoever makes them", async () => {
    await makeStore();
    await expect(sqlite("UPDATE ledger SET timestamp = 1")).rejects.toThrow("append-only");
    await expect(sqlite("DELETE FROM ledger")).rejects.toThrow("append-only");
    for (const recursive of ["ON", "OFF"])
      await expect(
        sqlite(
          `PRAGMA recursive_triggers = ${recursive}; INSERT OR REPLACE INTO ledger SELECT * FROM ledger LIMIT 1`,
        ),
      ).rejects.toThrow("append-only");
  });
});
