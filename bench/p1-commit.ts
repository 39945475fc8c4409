/** P1: one durable commit of 1 KB through the library, against the same rows by bare statements + hashing + token counting. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openStore } from "../src/index.ts";
import { openBareWriter, readCommitRows } from "./bare-statements.ts";
import type { BenchResult } from "./bench-result.ts";
import { median, prose, timings } from "./harness.ts";

const ROUNDS = 7;
const COMMITS = 1_000;
const BARS = { full: 1.35, normal: 1.8 } as const;

export async function run(): Promise<BenchResult[]> {
  return [await measure("full"), await measure("normal")];
}

async function measure(durability: "full" | "normal"): Promise<BenchResult> {
  const folder = mkdtempSync(path.join(tmpdir(), "tract-bench-"));
  const ours: number[] = [];
  const floor: number[] = [];
  const ratios: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const texts = Array.from({ length: COMMITS }, (_, i) => prose(round * COMMITS + i, 1_000));
      const file = path.join(folder, `ours-${round}.db`);
      const store = await openStore(file, { durability });
      const tract = await store.tract("bench");
      await tract.user("warm");
      const mine = median(await timings(COMMITS, (i) => tract.user(texts[i] ?? "")));
      await store.close();
      const rows = readCommitRows(file, texts);
      const bare = await openBareWriter(folder, `bare-${round}.db`, durability);
      const theirs = median(await timings(COMMITS, (i) => bare.write(rows.slice(i, i + 1))));
      bare.close();
      if (round === 0) continue; // Warms the compiler for both.
      ours.push(mine);
      floor.push(theirs);
      ratios.push(mine / theirs);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const ratio = median(ratios);
  const bar = BARS[durability];
  return {
    id: "P1",
    measure: `commit of 1 KB, durability ${durability}, p50`,
    ours: median(ours) * 1_000,
    floor: median(floor) * 1_000,
    unit: "µs",
    ratio,
    bar: `≤ ${bar}×`,
    pass: ratio <= bar,
  };
}
