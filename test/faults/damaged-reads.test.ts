/** Reads of a store whose bytes were changed: what was written, a refusal with a code, or damage that verify names; never a crash (spec 7.3). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStore, type Tract, TractError } from "../../src/index.ts";
import { loadDriver } from "../../src/storage/sqlite/connection.ts";
import { runs, timeLimit } from "../support/long-mode.ts";

/** Enough for rows that lie apart, and for payloads that are packed. */
const ROUNDS = 12;
const WORDS = 400;

let folder: string;
let whole: Buffer;
let copies = 0;
let truth: readonly string[];

const READS: Readonly<Record<string, (tract: Tract) => Promise<unknown>>> = {
  compile: async (tract) => (await tract.compile({ budgetTokens: 1_000_000 })).toOpenAI(),
  log: async (tract) => (await tract.log({ limit: 200 })).entries,
  show: (tract) => tract.show({ refs: ["HEAD~4"] }),
  search: async (tract) => (await tract.search({ query: "apple", limit: 50 })).hits,
  queryLedger: (tract) => tract.queryLedger({ limit: 100, metadata: "full" }),
  operations: (tract) => tract.operations({ limit: 100 }),
  status: async (tract) => (await tract.status()).commits,
};

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-damaged-"));
  const file = path.join(folder, "whole.db");
  const store = await openStore(`sqlite:${file}`, { durability: "normal" });
  const tract = await store.tract("demo");
  for (let i = 0; i < ROUNDS; i++) {
    const io = { content_type: "tool_io", tool_name: "read", call_id: `c${i}` };
    const words = Array.from({ length: WORDS }, (_, k) => `word${(k * i * 7) % 997}`).join(" ");
    await tract.user(`question ${i} about the apple`);
    await tract.batch([
      { content: { ...io, direction: "call", payload: "{}" } },
      { content: { ...io, direction: "result", payload: words } },
    ]);
  }
  await tract.annotate({ refs: ["HEAD~3"], priority: "pinned" });
  await tract.recordTurn({ userMessage: "Why?", response: "So.", promptsUsed: ["p@1"] });
  await tract.search({ query: "apple" });
  await store.close();
  whole = readFileSync(file);
  truth = (await look(whole)).read;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What each read gave, as JSON, or the code of its error; and whether verify names any damage or is refused, too. */
async function look(bytes: Buffer): Promise<{ readonly read: readonly string[]; readonly isNamed: boolean }> {
  copies += 1;
  const file = path.join(folder, `${copies}.db`);
  writeFileSync(file, bytes);
  const read: string[] = [];
  try {
    const store = await openStore(`sqlite:${file}`, { durability: "normal" });
    try {
      // One handle each: what one read has cached must not help another.
      for (const one of Object.values(READS)) read.push(await outcomeOf(store.tract("demo").then(one)));
      const found = await outcomeOf(store.tract("demo").then(async (tract) => (await tract.verify()).ok));
      return { read, isNamed: found !== "true" };
    } finally {
      await store.close();
    }
  } catch (error) {
    return { read: [codeOf(error)], isNamed: true };
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
  }
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await work);
  } catch (error) {
    return codeOf(error);
  }
}

/** No error quotes what is stored. One without a code is a fault of Tract, told as `internal` by a server. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) throw error;
  const isTold = error instanceof TractError;
  expect(isTold ? `${error.message} ${error.hint}` : error.message).not.toMatch(
    /word\d|apple|branch|JSON|delete|remove|erase/i,
  );
  return isTold ? error.code : "internal";
}

const FLIPS = runs(80, 2_000);

it("with a bit changed anywhere they give what was written, or are refused, or verify names the damage", {
  timeout: timeLimit(120_000),
}, async () => {
  const used = [...whole.keys()].filter((at) => whole[at] !== 0);
  const kinds = { same: 0, refused: 0, named: 0 };
  let faults = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat({ max: 7 }), async (index, bit) => {
      const at = used[index % used.length] ?? 0;
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      const { read, isNamed } = await look(bytes);
      if (read.includes("internal")) faults += 1;
      const isSame = JSON.stringify(read) === JSON.stringify(truth);
      if (!isSame) expect(isNamed, `byte ${at}, bit ${bit}`).toBe(true);
      kinds[isSame ? "same" : read.some((one) => one === "store-corrupt") ? "refused" : "named"] += 1;
    }),
    { numRuns: FLIPS },
  );
  // Here and there a bit makes a word that nothing in Tract expects.
  expect(faults).toBeLessThanOrEqual(FLIPS / 40);
  expect(Math.min(kinds.same, kinds.refused, kinds.named)).toBeGreaterThan(0);
});

it("a commit that is gone from the middle of the chain is refused, not passed over", async () => {
  const file = path.join(folder, "gone.db");
  writeFileSync(file, whole);
  const connection = (await loadDriver()).open(file, { readonly: false });
  connection.exec("DELETE FROM commits WHERE id = 5");
  connection.close();
  const store = await openStore(`sqlite:${file}`);
  const tract = await store.tract("demo");
  await expect(tract.compile()).rejects.toMatchObject({ code: "store-corrupt" });
  expect((await tract.verify()).ok).toBe(false);
  await store.close();
});
