/** Many processes on one file: nothing is lost, nobody sees a lock, the log stays bounded; and writers that are killed (spec 7.3). */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../src/index.ts";
import { loadDriver } from "../../src/storage/sqlite/connection.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { type Child, startScript } from "./child.ts";
import { expectKept, expectWhole } from "./expect-whole.ts";

const MIB = 1024 * 1024;
/** No log may grow beyond this (spec 7.1, P14). */
const LOG_BYTES_MAX = 64 * MIB;
/** From here on writers wait for readers to leave. */
const LONG_LOG_BYTES = 33 * MIB;
/** How long the slow reader stays then. */
const HELD_MS = runs(800, 15_000);

let folder: string;
let file: string;
let location: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-faults-"));
  file = path.join(folder, "store.db");
  location = `sqlite:${file}`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Hashes that a writer was told of. */
function acknowledgedBy({ lines }: Child): readonly string[] {
  return lines.filter((line) => line !== "ready");
}

/** Every commit that a branch leads to. */
async function hashesOn(ref: string): Promise<ReadonlySet<string>> {
  const store = await openStore(location);
  const tract = await store.tract("shared");
  const hashes = new Set<string>();
  for (let cursor: string | undefined, isEnd = false; !isEnd; isEnd = cursor === undefined) {
    const page = await tract.log({ ref, limit: 200, cursor });
    for (const { hash } of page.entries) hashes.add(hash);
    cursor = page.nextCursor ?? undefined;
  }
  await store.close();
  return hashes;
}

function logBytes(): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** The largest size of the log while something goes on. */
async function largestLogDuring(work: Promise<unknown>): Promise<number> {
  let bytesMax = 0;
  const watch = setInterval(() => {
    bytesMax = Math.max(bytesMax, logBytes());
  }, 20);
  await work.finally(() => clearInterval(watch));
  return Math.max(bytesMax, logBytes());
}

/** Another process's reader, as a slow one is: in the middle of a transaction. */
async function startReading(): Promise<() => void> {
  const reader = (await loadDriver()).open(file, { readonly: true });
  reader.exec("BEGIN");
  reader.sql("SELECT count(*) FROM tracts").get();
  return () => {
    reader.exec("COMMIT");
    reader.close();
  };
}

describe("16 processes on one file", () => {
  const times = runs(400, 1_000);
  it(`commit ${times} times each to one branch and to their own, lose nothing and see no lock error`, {
    timeout: timeLimit(240_000),
  }, async () => {
    const names = Array.from({ length: 16 }, (_, i) => `writer-${i}`);
    const shared = names.map((name) => startScript("writer", [location, name, String(times), "own"]));
    const all = Promise.all(shared.map(({ ended }) => ended));
    expect(await largestLogDuring(all)).toBeLessThan(LOG_BYTES_MAX);
    expect(await all).toEqual(names.map(() => ({ code: 0, errors: "" })));
    const told = shared.map(acknowledgedBy);
    // Every second commit of each is on a branch of its own.
    const onMain = told.flatMap((hashes) => hashes.filter((_, i) => i % 2 === 0));
    expect(onMain).toHaveLength(16 * (times / 2));
    expect(await hashesOn("main")).toEqual(new Set(onMain));
    for (const [i, name] of names.entries()) {
      const there = await hashesOn(name);
      expect(told[i]?.filter((hash, k) => k % 2 === 1 && !there.has(hash))).toEqual([]);
    }
    await expectWhole(location, { operation: [], commit: told.flat() });
  });

  it("keep the log bounded while a slow reader holds on, and go on when it has left", {
    timeout: timeLimit(240_000),
  }, async () => {
    await startScript("writer", [location, "first", "1"]).ended;
    const stop = await startReading();
    const args = ["1000000", "main", String(512 * 1024)];
    const writers = ["a", "b", "c"].map((name) => startScript("writer", [location, name, ...args]));
    const told = (): readonly string[] => writers.flatMap(acknowledgedBy);
    const held = { bytes: 0, commits: 0 };
    held.bytes = await largestLogDuring(
      until(() => logBytes() > LONG_LOG_BYTES).then(
        () => new Promise((resolve) => setTimeout(resolve, HELD_MS)),
      ),
    );
    held.commits = told().length;
    stop();
    await until(() => logBytes() < LONG_LOG_BYTES && told().length > held.commits + 20);
    for (const { child } of writers) child.kill("SIGKILL");
    const ends = await Promise.all(writers.map(({ ended }) => ended));
    expect(ends).toEqual(writers.map(() => ({ code: null, errors: "" })));
    expect(held.bytes).toBeLessThan(LOG_BYTES_MAX);
    await expectKept(location, { operation: [], commit: told() });
  });
});

/** Resolves when something is so; the test's own time limit ends what never comes. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("kill -9", () => {
  const rounds = runs(50, 500);
  it(`of a writer, ${rounds} times, loses no acknowledged commit and leaves none half done`, {
    timeout: timeLimit(240_000),
  }, async () => {
    const commit: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const last = (round * 7) % 13; // Another moment each round, also while the first commit makes the store.
      let told = -1;
      const writer = startScript("writer", [location, `round-${round}`, "10000"], (_line, child) => {
        told += 1;
        if (told >= last) child.kill("SIGKILL");
      });
      await writer.ended;
      commit.push(...acknowledgedBy(writer));
    }
    expect(commit.length).toBeGreaterThan(rounds);
    await expectWhole(location, { operation: [], commit });
  });
});
