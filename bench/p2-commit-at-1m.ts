/** P2 and P7 share a store of a million commits: the price of a commit there, and of a page of log far down. */
import path from "node:path";
import { openStore } from "../src/index.ts";
import type { BenchResult } from "./bench-result.ts";
import { fill } from "./fill.ts";
import { median, prose, timings } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const LARGE = 1_000_000;
const SMALL = 1_000;
const COMMITS = 500;
const ROUNDS = 5;
const PAGES = 200;
const DEPTH = 900_000;

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => {
    const large = path.join(folder, "large.db");
    await fill(large, { count: LARGE, bytes: 200 });
    return [await commitAtSize(folder, large), await logAtDepth(large)];
  });
}

async function commitAtSize(folder: string, large: string): Promise<BenchResult> {
  const ratios: number[] = [];
  const at: { large: number[]; small: number[] } = { large: [], small: [] };
  const big = await openStore(large);
  const bigTract = await big.tract("bench");
  await bigTract.user("warm");
  for (let round = 0; round < ROUNDS; round++) {
    const file = path.join(folder, `small-${round}.db`);
    await fill(file, { count: SMALL, bytes: 200 });
    const store = await openStore(file);
    const tract = await store.tract("bench");
    await tract.user("warm");
    const text = (i: number): string => prose(2_000_000 + round * COMMITS + i, 1_000);
    const small = median(await timings(COMMITS, (i) => tract.user(text(i))));
    const big = median(await timings(COMMITS, (i) => bigTract.user(text(i))));
    await store.close();
    at.small.push(small);
    at.large.push(big);
    ratios.push(big / small);
  }
  await big.close();
  const ratio = median(ratios);
  return {
    id: "P2",
    measure: "commit at 1M commits, against 1k, p50",
    ours: median(at.large) * 1_000,
    floor: median(at.small) * 1_000,
    unit: "µs",
    ratio,
    bar: "≤ 1.25×",
    pass: ratio <= 1.25,
  };
}

async function logAtDepth(file: string): Promise<BenchResult> {
  const store = await openStore(file);
  const tract = await store.tract("bench");
  const top: number[] = [];
  const deep: number[] = [];
  await tract.log({ limit: 50 });
  for (let i = 0; i < PAGES; i++) {
    top.push(...(await timings(1, () => tract.log({ limit: 50, ref: `HEAD~${i}` }))));
    deep.push(...(await timings(1, () => tract.log({ limit: 50, ref: `HEAD~${DEPTH + i}` }))));
  }
  await store.close();
  const ratio = median(deep) / median(top);
  return {
    id: "P7",
    measure: "log page of 50 at depth 900k, against depth 0, p50",
    ours: median(deep) * 1_000,
    floor: median(top) * 1_000,
    unit: "µs",
    ratio,
    bar: "≤ 2×",
    pass: ratio <= 2,
  };
}
