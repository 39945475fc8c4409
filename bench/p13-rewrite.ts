/** P13: merge and reorganize against batched commits of as many rows, marking for gc against reading the ids; a compile before and after compress; what mask cuts. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { openStore } from "../src/index.ts";
import type { BenchResult } from "./bench-result.ts";
import { fill } from "./fill.ts";
import { median, prose, timed, timings } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const ROUNDS = 5;
const COMMITS = 1_000;
const BYTES = 1_000;
const MANY = 1_000_000;

type OpenTract = Awaited<ReturnType<Awaited<ReturnType<typeof openStore>>["tract"]>>;

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => [
    await merging(folder),
    await reorganizing(folder),
    await compressing(folder),
    await marking(folder),
    ...(await masking(folder)),
  ]);
}

function said(seed: number, count: number): { readonly content: string }[] {
  return Array.from({ length: count }, (_, i) => ({ content: prose(seed + i, BYTES) }));
}

/** A store of its own for each round, with the warm-up round left out. */
async function eachRound(
  folder: string,
  name: string,
  measure: (tract: OpenTract, round: number) => Promise<{ readonly ours: number; readonly floor: number }>,
): Promise<{ readonly ours: number; readonly floor: number; readonly ratio: number }> {
  const pairs: { readonly ours: number; readonly floor: number }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const store = await openStore(path.join(folder, `${name}-${round}.db`));
    const tract = await store.tract("bench");
    const pair = await measure(tract, round);
    await store.close();
    if (round > 0) pairs.push(pair);
  }
  return {
    ours: median(pairs.map(({ ours }) => ours)),
    floor: median(pairs.map(({ floor }) => floor)),
    ratio: median(pairs.map(({ ours, floor }) => ours / floor)),
  };
}

/** Two branches of 1,000 commits each; the floor commits 2,000 in one batch. */
async function merging(folder: string): Promise<BenchResult> {
  const figures = await eachRound(folder, "merge", async (tract, round) => {
    await tract.batch(said(round * 10_000, 10));
    await tract.createBranch({ name: "side" });
    await tract.batch(said(round * 10_000 + 10, COMMITS));
    await tract.batch(said(round * 10_000 + 10 + COMMITS, COMMITS), { branch: "side" });
    const ours = await timed(() => tract.merge({ source: "side" }));
    const rows = said(round * 10_000 + 10 + 2 * COMMITS, 2 * COMMITS);
    await tract.createBranch({ name: "floor", from: "HEAD~5" });
    const floor = await timed(() => tract.batch(rows, { branch: "floor" }));
    return { ours, floor };
  });
  const measure = "merge of 1k + 1k commits of 1 KB, against a batch of 2k";
  return { id: "P13", measure, ...figures, unit: "ms", bar: "≤ 1.5×", pass: figures.ratio <= 1.5 };
}

/** 1,000 commits made again without one of them; the floor commits 1,000 in one batch. */
async function reorganizing(folder: string): Promise<BenchResult> {
  const figures = await eachRound(folder, "reorganize", async (tract, round) => {
    await tract.batch(said(round * 10_000, 10));
    await tract.batch(said(round * 10_000 + 10, COMMITS + 1));
    const ours = await timed(() => tract.reorganize({ drop: [`HEAD~${COMMITS}`] }));
    const rows = said(round * 10_000 + 20 + COMMITS, COMMITS);
    await tract.createBranch({ name: "floor", from: "HEAD~5" });
    const floor = await timed(() => tract.batch(rows, { branch: "floor" }));
    return { ours, floor };
  });
  const measure = "reorganize of 1k commits of 1 KB, against a batch of 1k";
  return { id: "P13", measure, ...figures, unit: "ms", bar: "≤ 2×", pass: figures.ratio <= 2 };
}

/** A cold compile of 2,000 messages of which 1,800 are summarised, against one before that. */
async function compressing(folder: string): Promise<BenchResult> {
  const file = path.join(folder, "compress.db");
  await fill(file, { count: 2_000, bytes: BYTES });
  const cold = async (): Promise<number> => {
    const store = await openStore(file);
    const tract = await store.tract("bench");
    await tract.log({ limit: 1 }); // Opens the file.
    const [taken] = await timings(1, () => tract.compile());
    await store.close();
    return taken ?? Number.NaN;
  };
  const before = median(await series(2 * ROUNDS, cold));
  const store = await openStore(file);
  const tract = await store.tract("bench");
  await tract.compress({ from: "HEAD~1999", to: "HEAD~200", summary: "What was said before." });
  await store.close();
  const after = median(await series(2 * ROUNDS, cold));
  const ratio = after / before;
  return {
    id: "P13",
    measure: "cold compile of 2k messages, 1.8k of them summarised, against the same before",
    ours: after,
    floor: before,
    unit: "ms",
    ratio,
    bar: "≤ 1.25×",
    pass: ratio <= 1.25,
  };
}

async function series(count: number, call: () => Promise<number>): Promise<readonly number[]> {
  const values: number[] = [];
  for (let i = 0; i <= count; i++) values.push(await call());
  return values.slice(1);
}

/** Third-party transcripts that lie beside the checkout on some machines; never part of the repository. */
const DATA = path.join(import.meta.dirname, "../../shared/data");
const TRAJECTORIES = ["swe-agent-marshmallow-long.traj", "swe-agent-marshmallow-function-calling.traj"];

/** Compiled tokens of long tool-using transcripts before and after mask with keep 2. */
async function masking(folder: string): Promise<BenchResult[]> {
  if (!existsSync(DATA)) return [];
  const store = await openStore(path.join(folder, "mask.db"));
  const results: BenchResult[] = [];
  for (const name of TRAJECTORIES) {
    const tract = await store.tract(`t${results.length}`);
    await tract.importTranscript({ text: readFileSync(path.join(DATA, name), "utf8"), branch: "main" });
    const before = (await tract.status()).tokens;
    await tract.compress({ strategy: "mask", keep: 2 });
    const after = (await tract.status()).tokens;
    const ratio = 1 - after / before;
    results.push({
      id: "7.2",
      measure: `share of tokens that mask with keep 2 cuts, ${name}`,
      ours: after,
      floor: before,
      unit: "tokens",
      ratio,
      bar: "≥ 0.6",
      pass: ratio >= 0.6,
    });
  }
  await store.close();
  return results;
}

/** What gc would remove of a million commits, half of them on no branch; the floor reads the ids. */
async function marking(folder: string): Promise<BenchResult> {
  const file = path.join(folder, "many.db");
  await fill(file, { count: MANY / 2, bytes: 20 });
  const store = await openStore(file, { durability: "normal" });
  const tract = await store.tract("bench");
  await tract.createBranch({ name: "gone", from: "HEAD~1000", switch: true });
  for (let i = 0; i < MANY / 2; i += 10_000)
    await tract.batch(Array.from({ length: 10_000 }, (_, k) => ({ content: `gone ${i + k}` })));
  await tract.switchBranch("main");
  await tract.deleteBranch({ name: "gone", force: true });
  await tract.user("The newest commit always stays, and what is behind it.");
  const days = { olderThanDays: 0, keepOperationsDays: 0 };
  const { removed } = await tract.gc(days);
  if (removed.commits !== MANY / 2) throw new Error(`gc would remove ${removed.commits} commits`);
  const ours = median(await series(ROUNDS, () => timed(() => tract.gc(days))));
  await store.close();
  const database = new Database(file, { readonly: true });
  const ids = database.prepare("SELECT id FROM commits ORDER BY id").raw();
  const floor = median(await series(ROUNDS, () => timed(() => ids.all().length)));
  database.close();
  const ratio = ours / floor;
  return {
    id: "P13",
    measure: "gc, dry run: mark of 1M commits, against reading their ids",
    ours,
    floor,
    unit: "ms",
    ratio,
    bar: "≤ 3×",
    pass: ratio <= 3,
  };
}
