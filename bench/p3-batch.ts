/** P3: throughput of batches of 100 commits, against bare statements batched, hashed and counted. */
import path from "node:path";
import { openStore } from "../src/index.ts";
import { openBareWriter, readCommitRows } from "./bare-statements.ts";
import type { BenchResult } from "./bench-result.ts";
import { median, prose, timings } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const ROUNDS = 7;
const BATCHES = 30;
const SIZE = 100;

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => {
    const ours: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const texts = Array.from({ length: BATCHES * SIZE }, (_, i) =>
        prose(round * BATCHES * SIZE + i, 1_000),
      );
      const batch = (i: number): string[] => texts.slice(i * SIZE, (i + 1) * SIZE);
      const store = await openStore(path.join(folder, `ours-${round}.db`));
      const tract = await store.tract("bench");
      await tract.user("warm");
      const mine = median(
        await timings(BATCHES, (i) => tract.batch(batch(i).map((content) => ({ content })))),
      );
      await store.close();
      // Rows of single commits stand in for those of a batch; the writer leaves out what a batch has only once.
      const single = path.join(folder, `single-${round}.db`);
      const singles = await openStore(single, { durability: "normal" });
      const singleTract = await singles.tract("bench");
      for (const text of texts) await singleTract.user(text);
      await singles.close();
      const rows = readCommitRows(single, texts);
      const bare = await openBareWriter(folder, `bare-${round}.db`, "full", { batched: true });
      const theirs = median(await timings(BATCHES, (i) => bare.write(rows.slice(i * SIZE, (i + 1) * SIZE))));
      bare.close();
      if (round === 0) continue; // Warms the compiler for both.
      ours.push((SIZE / mine) * 1_000);
      floor.push((SIZE / theirs) * 1_000);
    }
    const ratio = median(ours.map((value, i) => value / (floor[i] ?? Number.NaN)));
    return [
      {
        id: "P3",
        measure: "batch of 100 commits of 1 KB, throughput",
        ours: median(ours),
        floor: median(floor),
        unit: "commits/s",
        ratio,
        bar: "≥ 0.6×",
        pass: ratio >= 0.6,
      },
    ];
  });
}
