/** P5: a cold compile, against reading and parsing the same rows with range scans. */
import path from "node:path";
import Database from "better-sqlite3";
import { openStore } from "../src/index.ts";
import type { BenchResult } from "./bench-result.ts";
import { fill } from "./fill.ts";
import { paired, timed } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const SIZES = [1_000, 10_000, 100_000];
const ROUNDS = 5;

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => {
    const results: BenchResult[] = [];
    await measure(path.join(folder, "warm.db"), SIZES[0] ?? 1_000); // Warms the compiler for both; not counted.
    for (const size of SIZES) results.push(await measure(path.join(folder, `${size}.db`), size));
    return results;
  });
}

async function measure(file: string, size: number): Promise<BenchResult> {
  await fill(file, { count: size, bytes: 1_000 });
  const { ours, floor, ratio } = await paired(
    size >= 100_000 ? 3 : ROUNDS,
    async () => {
      const store = await openStore(file); // A new handle: nothing is cached.
      const tract = await store.tract("bench");
      await tract.log({ limit: 1 });
      const taken = await timed(() => tract.compile());
      await store.close();
      return taken;
    },
    async () => readAndParse(file),
  );
  return {
    id: "P5",
    measure: `cold compile of ${size} commits of 1 KB`,
    ours,
    floor,
    unit: "ms",
    ratio,
    bar: "≤ 2×",
    pass: ratio <= 2,
  };
}

/** The columns that a compile needs, by range scan, as rows; hashes to hex; bodies parsed. */
async function readAndParse(file: string): Promise<number> {
  const database = new Database(file, { readonly: true });
  const range = database
    .prepare(
      `SELECT c.hash, c.operation, c.edit_target, c.tokens, c.generation_config, c.labels, b.body
       FROM commits c JOIN contents b ON b.id = c.content_id WHERE c.lineage_id = 1 AND c.generation >= ? AND c.generation <= ? ORDER BY c.generation`,
    )
    .raw();
  database.prepare("SELECT count(*) FROM tracts").get();
  const taken = await timed(() => {
    let sum = 0;
    for (const [hash, , , tokens, , , body] of range.all(0, 1_000_000_000) as [Buffer, ...unknown[]][]) {
      sum += hash.toString("hex").length + Number(tokens) + JSON.parse(body as string).text.length;
    }
    return sum;
  });
  database.close();
  return taken;
}
