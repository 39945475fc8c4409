/** P6: append one message and compile again, at 10k commits against 100, and what the compile adds to the commit. */
import path from "node:path";
import { openStore, type Tract } from "../src/index.ts";
import type { BenchResult } from "./bench-result.ts";
import { fill } from "./fill.ts";
import { median, prose, timings } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const LARGE = 10_000;
const SMALL = 100;
const ROUNDS = 9;
const STEPS = 100;

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => {
    const both: number[] = [];
    const alone: number[] = [];
    const small: number[] = [];
    const large = await open(path.join(folder, "large.db"), LARGE);
    for (let round = 0; round < ROUNDS; round++) {
      const little = await open(path.join(folder, `small-${round}.db`), SMALL);
      small.push(median(await timings(STEPS, (i) => step(little.tract, round * STEPS + i))));
      await little.close();
      both.push(median(await timings(STEPS, (i) => step(large.tract, round * STEPS + i))));
      alone.push(
        median(await timings(STEPS, (i) => large.tract.user(prose(5_000_000 + round * STEPS + i, 1_000)))),
      );
      await large.tract.compile();
    }
    await large.close();
    const ratio = median(both.map((value, i) => value / (small[i] ?? Number.NaN)));
    const added = median(both.map((value, i) => value - (alone[i] ?? Number.NaN)));
    return [
      {
        id: "P6",
        measure: "append and compile at 10k commits, against 100, p50",
        ours: median(both) * 1_000,
        floor: median(small) * 1_000,
        unit: "µs",
        ratio,
        bar: "≤ 1.2×",
        pass: ratio <= 1.2,
      },
      {
        id: "P6",
        measure: "the same at 10k, against the commit alone (difference in ms)",
        ours: median(both),
        floor: median(alone),
        unit: "ms",
        ratio: added,
        bar: "< 1 ms",
        pass: added < 1,
      },
    ];
  });
}

async function open(file: string, count: number): Promise<{ tract: Tract; close: () => Promise<void> }> {
  await fill(file, { count, bytes: 1_000 });
  const store = await openStore(file);
  const tract = await store.tract("bench");
  await tract.compile();
  for (let i = 0; i < 20; i++) await step(tract, 9_000_000 + i);
  return { tract, close: () => store.close() };
}

async function step(tract: Tract, i: number): Promise<void> {
  await tract.user(prose(i, 1_000));
  await tract.compile();
}
