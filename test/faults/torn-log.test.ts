/** A write-ahead log that is torn, cut or changed, with or without its database: the last good commit, or a refusal with a code (spec 7.3). */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore, TractError } from "../../src/index.ts";
import { runs, timeLimit } from "../support/long-mode.ts";

/** Bytes of the header of a log, and of a frame in it: a header, then a page. */
const LOG_HEADER = 32;
const FRAME = 24 + 4096;
const COMMITS = 12;

let folder: string;
let copies = 0;
/** As they were while the store was open: the newest commits are in the log alone. */
let database: Buffer;
let log: Buffer;
/** The branch after each acknowledged commit, newest first, from none on. */
const states: (readonly string[])[] = [[]];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-torn-"));
  const file = path.join(folder, "original.db");
  const store = await openStore(`sqlite:${file}`);
  const tract = await store.tract("torn");
  for (let i = 0; i < COMMITS; i++) {
    const { hash } = await tract.user(`commit ${i} ${"text ".repeat(i * 40)}`);
    states.push([hash, ...(states.at(-1) ?? [])]);
  }
  copyFileSync(file, path.join(folder, "live.db"));
  database = readFileSync(path.join(folder, "live.db"));
  log = readFileSync(`${file}-wal`);
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Files {
  readonly database: Buffer;
  readonly log: Buffer;
}

type Outcome =
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "named"; readonly problems: number }
  | { readonly kind: "state"; readonly commits: number };

/** Opens a store of these files. What it says is broken, what it refuses, or which of the states it was in it is. */
async function look(files: Files): Promise<Outcome> {
  copies += 1;
  const file = path.join(folder, `${copies}.db`);
  writeFileSync(file, files.database);
  writeFileSync(`${file}-wal`, files.log);
  try {
    const store = await openStore(`sqlite:${file}`);
    try {
      const tract = await store.tract("torn");
      const { problems } = await tract.verify();
      if (problems.length > 0) return { kind: "named", problems: problems.length };
      const hashes = (await tract.log({ limit: 200 })).entries.map(({ hash }) => hash);
      const at = states.findIndex((state) => JSON.stringify(state) === JSON.stringify(hashes));
      expect(at, "a state that was never acknowledged").toBeGreaterThanOrEqual(0);
      // It goes on from there.
      await tract.user("after the fault");
      expect((await tract.verify()).problems).toEqual([]);
      return { kind: "state", commits: at };
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
    expect(error.hint).not.toMatch(/delete|remove|erase|drop/i);
    expect(`${error.message} ${error.hint}`).not.toContain(folder);
    expect(error.code).not.toBe("internal");
    return { kind: "refused", code: error.code };
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
  }
}

const flipped = (bytes: Buffer, at: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
};

describe("the log of a store that was not closed", () => {
  it("has the newest commits: otherwise these tests would show nothing", async () => {
    expect(log.length).toBeGreaterThan(COMMITS * FRAME);
    expect(await look({ database, log })).toEqual({ kind: "state", commits: COMMITS });
    expect(statSync(path.join(folder, "live.db")).size).toBeLessThan(log.length);
  });

  it("cut off anywhere, gives the last commit that is whole in it", {
    timeout: timeLimit(60_000),
  }, async () => {
    const seen = new Set<number>();
    let last = 0;
    const step = runs(0, 1) === 1 ? FRAME / 8 : FRAME * 5.5;
    for (let bytes = 0; bytes <= log.length; bytes += step) {
      const outcome = await look({ database, log: log.subarray(0, Math.floor(bytes)) });
      if (outcome.kind !== "state") throw new Error(`cut off at ${bytes}: ${JSON.stringify(outcome)}`);
      // More of the log never gives less.
      expect(outcome.commits).toBeGreaterThanOrEqual(last);
      last = outcome.commits;
      seen.add(last);
    }
    expect(seen.size).toBeGreaterThan(COMMITS / 2);
  });

  it("torn at its end, with zeros or with noise in place of the last frames, gives the last commit that is whole", {
    timeout: timeLimit(60_000),
  }, async () => {
    const noise = (length: number): Buffer =>
      Buffer.from(Array.from({ length }, (_, i) => (i * 7919 + 13) % 256));
    for (const torn of [1, 100, FRAME, FRAME + 24, 3 * FRAME, 20 * FRAME])
      for (const tail of [Buffer.alloc(torn), noise(torn)]) {
        const outcome = await look({
          database,
          log: Buffer.concat([log.subarray(0, log.length - torn), tail]),
        });
        expect(outcome).toMatchObject({ kind: "state" });
        expect(outcome).not.toMatchObject({ commits: COMMITS });
      }
  });

  it("with a bit changed anywhere gives a commit before the change", {
    timeout: timeLimit(120_000),
  }, async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: log.length - 1 }), fc.nat({ max: 7 }), async (at, bit) => {
        const outcome = await look({ database, log: flipped(log, at, bit) });
        seen.add(JSON.stringify(outcome));
        // A log that does not begin as one is passed over whole; checksums end it at the change otherwise.
        if (outcome.kind === "refused") expect(at).toBeLessThan(LOG_HEADER);
        else expect(outcome.kind).toBe("state");
      }),
      { numRuns: runs(40, 2_000) },
    );
    expect(seen.size).toBeGreaterThan(3);
  });

  it("that is another store's, or is missing, never mixes with the database", async () => {
    const file = path.join(folder, "other.db");
    const store = await openStore(`sqlite:${file}`);
    const tract = await store.tract("torn");
    for (let i = 0; i < 3; i++) await tract.user(`other ${i}`);
    await store.close();
    const other = readFileSync(file);
    expect(await look({ database, log: Buffer.alloc(0) })).toEqual({ kind: "state", commits: 0 });
    // SQLite cannot tell whose a log is: what comes out is this store's log whole, is named or refused, but is no mixture.
    const outcome = await look({ database: other, log });
    expect(outcome).toEqual({ kind: "state", commits: COMMITS });
  });
});

describe("a database that was closed", () => {
  it("with a bit changed anywhere, or cut off, is read, named by verify or refused, never misread", {
    timeout: timeLimit(120_000),
  }, async () => {
    const file = path.join(folder, "closed.db");
    writeFileSync(file, database);
    writeFileSync(`${file}-wal`, log);
    await (await openStore(`sqlite:${file}`)).close();
    const whole = readFileSync(file);
    const used = [...whole.keys()].filter((at) => whole[at] !== 0);
    const kinds = { state: 0, named: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 7 }), async (index, bit) => {
        const at = used[index % used.length] ?? 0;
        const outcome = await look({ database: flipped(whole, at, bit), log: Buffer.alloc(0) });
        kinds[outcome.kind] += 1;
        if (outcome.kind === "state") expect(outcome.commits).toBe(COMMITS);
      }),
      { numRuns: runs(60, 2_000) },
    );
    expect(kinds.named).toBeGreaterThan(0);
    for (const part of [0.01, 0.3, 0.6, 0.9, 0.999]) {
      const outcome = await look({
        database: whole.subarray(0, Math.floor(whole.length * part)),
        log: Buffer.alloc(0),
      });
      expect(["named", "refused"]).toContain(outcome.kind);
    }
  });
});
