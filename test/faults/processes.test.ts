/** Many processes on one file, and processes that are killed: every acknowledged commit is there, none is half there (spec 7.3). */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../src/index.ts";

const WRITER = path.join(import.meta.dirname, "writer.ts");
const MIB = 1024 * 1024;

let folder: string;
let location: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-faults-"));
  location = `sqlite:${path.join(folder, "store.db")}`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Writer {
  readonly child: ChildProcess;
  readonly acknowledged: string[];
  readonly ended: Promise<{ code: number | null; errors: string }>;
}

/** Starts a writer; `onLine` hears of every acknowledged commit. */
function startWriter(name: string, count: number, onLine: (acknowledged: number) => void = () => {}): Writer {
  const child = spawn(process.execPath, [WRITER, location, name, String(count)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const acknowledged: string[] = [];
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line !== "ready") acknowledged.push(line);
    onLine(acknowledged.length);
  });
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, errors })),
  );
  return { child, acknowledged, ended };
}

/** Opens the store anew and says what it holds. */
async function inspect(): Promise<{ hashes: Set<string>; problems: readonly unknown[] }> {
  const store = await openStore(location);
  const tract = await store.tract("shared");
  const hashes = new Set<string>();
  for (const branch of (await tract.listBranches()).branches) {
    let cursor: string | undefined;
    do {
      const page = await tract.log({ ref: branch.name, limit: 200, cursor });
      for (const entry of page.entries) hashes.add(entry.hash);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
  const { problems } = await tract.verify();
  await store.close();
  return { hashes, problems };
}

describe("many processes on one file", () => {
  it("16 processes × 200 commits on one branch lose nothing and see no lock error", {
    timeout: 240_000,
  }, async () => {
    const writers = Array.from({ length: 16 }, (_, i) => startWriter(`writer-${i}`, 200));
    let walMax = 0;
    const watch = setInterval(() => {
      walMax = Math.max(
        walMax,
        statSync(`${location.slice("sqlite:".length)}-wal`, { throwIfNoEntry: false })?.size ?? 0,
      );
    }, 50);
    const ends = await Promise.all(writers.map((writer) => writer.ended));
    clearInterval(watch);
    expect(ends).toEqual(writers.map(() => ({ code: 0, errors: "" })));
    const { hashes, problems } = await inspect();
    const acknowledged = writers.flatMap((writer) => writer.acknowledged);
    expect(new Set(acknowledged).size).toBe(16 * 200);
    expect(hashes).toEqual(new Set(acknowledged));
    expect(problems).toEqual([]);
    expect(walMax).toBeLessThan(64 * MIB);
  });
});

describe("kill -9", () => {
  it("of a writer, 50 times, loses no acknowledged commit and leaves none half done", {
    timeout: 240_000,
  }, async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 50; round++) {
      const last = 1 + ((round * 7) % 13); // Another moment each round, also while the first commit makes the store.
      const writer = startWriter(`round-${round}`, 10_000, (count) => {
        if (count >= last - 1) writer.child.kill("SIGKILL");
      });
      await writer.ended;
      acknowledged.push(...writer.acknowledged);
    }
    const { hashes, problems } = await inspect();
    expect(acknowledged.length).toBeGreaterThan(50);
    expect(acknowledged.filter((hash) => !hashes.has(hash))).toEqual([]);
    expect(problems).toEqual([]);
  });
});
