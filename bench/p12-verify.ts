/** P12: verify, against reading the same rows and hashing as many bytes. */
import { hash } from "node:crypto";
import path from "node:path";
import Database from "better-sqlite3";
import { openStore } from "../src/index.ts";
import type { BenchResult } from "./bench-result.ts";
import { paired, prose, timed } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const COMMITS = 20_000;
const ROUNDS = 5;

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => {
    const file = path.join(folder, "verify.db");
    const store = await openStore(file, { durability: "normal" });
    const tract = await store.tract("bench");
    for (let i = 0; i < COMMITS; i++) await tract.user(prose(i, 1_000));
    const { ours, floor, ratio } = await paired(
      ROUNDS,
      async () => {
        const taken = await timed(() => tract.verify());
        return taken;
      },
      async () => readAndHash(file),
    );
    await store.close();
    return [
      {
        id: "P12",
        measure: `verify of ${COMMITS} commits of 1 KB (${Math.round((COMMITS / ours) * 1_000)} commits/s)`,
        ours,
        floor,
        unit: "ms",
        ratio,
        bar: "≤ 2×",
        pass: ratio <= 2,
      },
    ];
  });
}

/** Reads every row of every table that verify covers, runs SQLite's own check, and hashes canonical bytes of the sizes that are hashed. */
async function readAndHash(file: string): Promise<number> {
  const database = new Database(file, { readonly: true });
  const taken = await timed(() => {
    database.pragma("integrity_check");
    let bytes = 0;
    const rows = (table: string): IterableIterator<unknown[]> =>
      database.prepare(`SELECT * FROM ${table}`).raw().iterate() as IterableIterator<unknown[]>;
    for (const row of rows("contents")) bytes += hash("sha256", String(row[3]), "hex").length;
    for (const row of rows("commits")) bytes += hash("sha256", JSON.stringify(row), "hex").length;
    for (const row of rows("operations")) bytes += row.length;
    for (const row of rows("ledger"))
      bytes +=
        hash("sha256", JSON.stringify(row), "hex").length + hash("sha256", String(row[7]), "hex").length;
    return bytes;
  });
  database.close();
  return taken;
}
