/** Gc beside writing processes, and gc that is killed: no acknowledged commit is lost, and nothing is half removed (spec 7.3). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStore, type Tract } from "../../src/index.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { startScript } from "./child.ts";

let folder: string;
let location: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-gc-"));
  location = `sqlite:${path.join(folder, "store.db")}`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function onTract<Result>(act: (tract: Tract) => Promise<Result>): Promise<Result> {
  const store = await openStore(location);
  try {
    return await act(await store.tract("shared"));
  } finally {
    await store.close();
  }
}

async function hashesOn(tract: Tract, ref: string): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>();
  for (let cursor: string | undefined, isEnd = false; !isEnd; isEnd = cursor === undefined) {
    const page = await tract.log({ ref, limit: 200, cursor });
    for (const { hash } of page.entries) hashes.add(hash);
    cursor = page.nextCursor ?? undefined;
  }
  return hashes;
}

const ALL = { dryRun: false, olderThanDays: 0, keepOperationsDays: 0 } as const;

it("writers lose nothing while others collect garbage again and again", {
  timeout: timeLimit(240_000),
}, async () => {
  const times = runs(150, 500);
  await onTract((tract) => tract.user("first"));
  const writers = ["a", "b", "c"].map((name) => startScript("writer", [location, name, String(times)]));
  const collectors = ["x", "y"].map((name) =>
    startScript("collector", [location, name, String(runs(6, 20)), "250"]),
  );
  const ends = await Promise.all([...writers, ...collectors].map(({ ended }) => ended));
  expect(ends).toEqual(ends.map(() => ({ code: 0, errors: "" })));
  const acknowledged = writers.flatMap(({ lines }) => lines.filter((line) => line !== "ready"));
  await onTract(async (tract) => {
    const hashes = await hashesOn(tract, "main");
    expect(acknowledged).toHaveLength(3 * times);
    expect(acknowledged.filter((hash) => !hashes.has(hash))).toEqual([]);
    expect((await tract.verify()).problems).toEqual([]);
    await tract.user("last");
    const { kept } = await tract.gc(ALL);
    expect(kept.commits).toBe(3 * times + 2);
    expect((await tract.verify()).problems).toEqual([]);
  });
});

const ROUNDS = runs(20, 60);

it(`killed ${ROUNDS} times, has removed every part wholly or not at all, and ends when it is run again`, {
  timeout: timeLimit(240_000),
}, async () => {
  await onTract((tract) => tract.user("first"));
  for (let round = 0; round < ROUNDS; round++) {
    let parts = 0;
    const args = [location, `round-${round}`, "1", "1000"];
    const collector = startScript("collector", args, (line, child) => {
      if (line.startsWith("removed")) parts += 1;
      // Another moment each round: while it looks, between two parts, at the end.
      if (line === "collecting" ? round % 6 === 0 : parts >= round % 6) child.kill("SIGKILL");
    });
    await collector.ended;
    if (round % 5 === 4) await onTract(async (tract) => expect((await tract.verify()).problems).toEqual([]));
  }
  await onTract(async (tract) => {
    await tract.user("last");
    expect((await tract.verify()).problems).toEqual([]);
    await tract.gc(ALL);
    expect((await tract.verify()).problems).toEqual([]);
    expect((await tract.gc(ALL)).removed.commits).toBe(0);
    expect((await tract.log({ ref: "main" })).entries.map(({ message }) => message)).toEqual([
      "dialogue: last",
      "dialogue: first",
    ]);
  });
});
