/** A full disk, at every stage of every operation that writes, and a disk that may only be read: a clear error, nothing half written, usable again (spec 7.3). */
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withScope } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { withTractErrors } from "../../src/engine/store-failure.ts";
import { openStore } from "../../src/storage/open-store.ts";
import type { Store } from "../../src/storage/store.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { createPreparer, engineOn, type Prepared, wholeStore } from "../support/prepared-store.ts";
import { setScene, WRITING_OPERATIONS, type WritingOperation } from "../support/writing-operations.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";

const KIB = 1024;
const DISK_BYTES = 4 * 1024 * KIB;
/** What is left free grows by this: one page in the long mode. */
const STEP_BYTES = runs(1, 2) === 1 ? 40 * KIB : 4 * KIB;
const LEFT_BYTES_MAX = 1024 * KIB;

/** In the normal run one operation of each shape of write. */
const SOME = new Set([
  "commit that makes a tract",
  "annotate",
  "merge with resolutions",
  "reorganize",
  "plan applied",
  "spawn as tract with the history",
  "import_transcript",
  "gc",
]);
const OPERATIONS = WRITING_OPERATIONS.filter(({ name }) => runs(1, 2) === 2 || SOME.has(name));

const parent = mkdtempSync(path.join(tmpdir(), "tract-disk-"));
const disk = mountSmallDisk(path.join(parent, "disk"), DISK_BYTES);
afterAll(() => {
  disk?.unmount();
  rmSync(parent, { recursive: true, force: true });
});

const opened = (file: string): Promise<Store> => withTractErrors(openStore(`sqlite:${file}`));

async function failureOf(work: Promise<unknown>): Promise<TractError | null> {
  try {
    await withTractErrors(work);
    return null;
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
    return error;
  }
}

function expectWords(error: TractError, code: string): void {
  expect(error.code).toBe(code);
  expect(error.hint.length).toBeGreaterThan(10);
  expect(`${error.message} ${error.hint}`).not.toContain(parent);
  expect(`${error.message} ${error.hint}`).not.toMatch(/delete|remove|erase|drop|SQL/i);
}

async function expectSound(store: Store): Promise<void> {
  for (const { name } of await store.listTracts())
    expect((await verify(withScope(engineOn(store, 25), { tract: name }))).problems).toEqual([]);
}

function clear({ folder }: SmallDisk): void {
  for (const name of readdirSync(folder)) rmSync(path.join(folder, name));
}

// Where nothing can be mounted, `file-size.test.ts` shows the same with a limit on the size of files.
describe.skipIf(disk === null)("a full disk (needs the right to mount one)", () => {
  const small = disk as SmallDisk; // Skipped when there is none.
  const preparer = createPreparer("sqlite");
  let scene: Prepared<unknown>;
  beforeAll(async () => {
    scene = await preparer.prepare(null, 1, setScene);
  });
  afterAll(preparer.close);

  async function fileOf(
    operation: WritingOperation,
  ): Promise<{ readonly file: string; readonly made: string }> {
    const { made, copy } = await preparer.prepare(scene, 2, operation.prepare);
    const store = await copy();
    const file = path.join(parent, `${operation.name}.db`);
    await store.backupTo(file);
    await store.close();
    return { file, made };
  }

  it.each(OPERATIONS)(
    "at any point of $name leaves it done or not done, and does not outlast itself",
    {
      timeout: timeLimit(60_000),
    },
    async (operation) => {
      const { file, made } = await fileOf(operation);
      const own = path.join(small.folder, "store.db");
      let failures = 0;
      for (let left = 0; left <= LEFT_BYTES_MAX; left += STEP_BYTES) {
        clear(small);
        copyFileSync(file, own);
        const store = await opened(own);
        const before = await wholeStore(store);
        small.leave(left);
        const failure = await failureOf(operation.act(engineOn(store, 20), made));
        const after = await wholeStore(store);
        small.giveBack();
        if (failure !== null) {
          failures += 1;
          expectWords(failure, "store-full");
          if (!operation.goesOn) expect(after).toEqual(before);
          await expectSound(store);
          // With room again the same connection does it.
          await operation.act(engineOn(store, 20), made);
        }
        expect(await wholeStore(store)).not.toEqual(before);
        await expectSound(store);
        await store.close();
        if (failure === null) break;
      }
      expect(failures).toBeGreaterThan(0);
    },
  );

  it("at any point of making a store leaves one that the next can fill", async () => {
    const own = path.join(small.folder, "store.db");
    let failures = 0;
    for (let left = 0; left <= LEFT_BYTES_MAX; left += STEP_BYTES) {
      clear(small);
      small.leave(left);
      const store = await opened(own).catch((error: unknown) => error);
      if (store instanceof TractError) {
        failures += 1;
        expectWords(store, "store-full");
        small.giveBack();
        const again = await opened(own);
        await operationNamed("commit that makes a tract").act(engineOn(again, 20), "");
        await expectSound(again);
        await again.close();
      } else {
        await (store as Store).close(); // What is no error is a store.
        break;
      }
    }
    expect(failures).toBeGreaterThan(2);
  });

  it("in the middle of a backup leaves the store, and no file that looks like a backup", async () => {
    clear(small);
    const store = await scene.copy();
    const before = await wholeStore(store);
    const target = path.join(small.folder, "backup.db");
    small.leave(64 * KIB);
    const failure = await failureOf(store.backupTo(target));
    if (failure === null) throw new Error("the backup was made");
    expectWords(failure, "store-full");
    expect(readdirSync(small.folder)).toEqual(["ballast"]);
    small.giveBack();
    await store.backupTo(target);
    const backup = await opened(target);
    expect(await wholeStore(backup)).toEqual(before);
    await backup.close();
    await store.close();
  });
});

function operationNamed(name: string): WritingOperation {
  const found = WRITING_OPERATIONS.find((operation) => operation.name === name);
  if (found === undefined) throw new Error(`there is no operation ${name}`);
  return found;
}

describe.skipIf(disk === null)("a disk that may only be read (needs the right to mount one)", () => {
  const small = disk as SmallDisk; // Skipped when there is none.
  const preparer = createPreparer("sqlite");
  afterAll(preparer.close);

  it("gives everything to readers, refuses every write with words, and is written again afterwards", {
    timeout: timeLimit(60_000),
  }, async () => {
    clear(small);
    const own = path.join(small.folder, "store.db");
    const scene = await preparer.prepare(null, 1, setScene);
    const source = await scene.copy();
    await source.backupTo(own);
    await source.close();
    small.setReadonly(true);
    const store = await opened(own);
    const before = await wholeStore(store);
    expect(store.isReadonly).toBe(true);
    await expectSound(store);
    const writes = ["commit", "annotate", "merge", "reorganize", "tag create", "import_transcript", "undo"];
    for (const name of writes) {
      const failure = await failureOf(operationNamed(name).act(engineOn(store, 20), ""));
      if (failure === null) throw new Error(`${name} was done`);
      expectWords(failure, "store-readonly");
    }
    expect(await wholeStore(store)).toEqual(before);
    await store.close();
    await expect(opened(path.join(small.folder, "new.db"))).rejects.toMatchObject({ code: "store-readonly" });
    small.setReadonly(false);
    const again = await opened(own);
    await operationNamed("commit").act(engineOn(again, 20), "");
    await expectSound(again);
    await again.close();
  });
});
