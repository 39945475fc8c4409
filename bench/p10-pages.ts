/** P10: a page of query_ledger, query_by_config and search at a million rows, against the same page at ten thousand. */
import path from "node:path";
import { hashLedgerBody } from "../src/engine/ledger/entry.ts";
import { openStore, type Tract } from "../src/index.ts";
import { emptyChange } from "../src/storage/change-set.ts";
import { openStore as openBackend } from "../src/storage/open-store.ts";
import type { LedgerBody } from "../src/storage/records.ts";
import type { BenchResult } from "./bench-result.ts";
import { median, prose, timings } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const LARGE = 1_000_000;
const SMALL = 10_000;
const BATCH = 1_000;
const PAGES = 100;
const MS_MAX = 10;
/** Of query_by_config (spec 4.5). */
const CONFIG_MS_MAX = 5;

interface Page {
  readonly measure: string;
  readonly msMax: number;
  /** `count`: how many commits, and how many ledger entries, there are; `i` differs from call to call. */
  readonly read: (tract: Tract, count: number, i: number) => Promise<unknown>;
}

const PAGE_KINDS: readonly Page[] = [
  {
    measure: "query_ledger, newest",
    msMax: MS_MAX,
    read: (tract) => tract.queryLedger(),
  },
  {
    measure: "query_ledger, one entry in 100",
    msMax: MS_MAX,
    read: (tract, _, i) => tract.queryLedger({ eventType: "BUDGET", order: i % 2 === 0 ? "asc" : "desc" }),
  },
  {
    measure: "query_by_config, one commit in 8 and warmer than another",
    msMax: CONFIG_MS_MAX,
    read: (tract) =>
      tract.queryByConfig({
        conditions: [
          { field: "model", op: "=", value: "model-1" },
          { field: "temperature", op: ">", value: 0.5 },
        ],
      }),
  },
  {
    measure: "query_by_config, one commit of all",
    msMax: CONFIG_MS_MAX,
    read: (tract, count, i) =>
      tract.queryByConfig({
        conditions: [{ field: "seed", op: "=", value: 2 * ((i * 997) % (count / 2)) + 1 }],
      }),
  },
  {
    measure: "query_by_config, one commit in 2,000, of a branch",
    msMax: CONFIG_MS_MAX,
    read: (tract, _, i) =>
      tract.queryByConfig({
        branch: "main",
        limit: 5, // No more than there are in the small one.
        config: { extra: { run: `run-${2 * (i % 500) + 1}` } },
      }),
  },
  {
    measure: "query_by_config, no condition that an index knows",
    msMax: CONFIG_MS_MAX,
    read: (tract) =>
      tract.queryByConfig({
        branch: "main",
        conditions: [
          { field: "model", op: "!=", value: "model-1" },
          { field: "extra.slow", op: "=", value: true },
        ],
      }),
  },
  {
    measure: "search, a word of one commit in 100",
    msMax: MS_MAX,
    read: (tract) => tract.search({ query: "zebra" }),
  },
];

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => {
    const files = { large: path.join(folder, "large.db"), small: path.join(folder, "small.db") };
    await fillStore(files.small, SMALL);
    await fillStore(files.large, LARGE);
    const [large, small] = [await openStore(files.large), await openStore(files.small)];
    const [big, little] = [await large.tract("bench"), await small.tract("bench")];
    await little.search({ query: "zebra" }); // Indexes what there is.
    await big.search({ query: "zebra" });
    const results: BenchResult[] = [];
    for (const page of PAGE_KINDS) results.push(await measurePage(page, big, little));
    await large.close();
    await small.close();
    return results;
  });
}

async function measurePage({ measure, msMax, read }: Page, big: Tract, little: Tract): Promise<BenchResult> {
  const at: { readonly large: number[]; readonly small: number[] } = { large: [], small: [] };
  await read(big, LARGE, 0);
  await read(little, SMALL, 0);
  for (let i = 1; i <= PAGES; i++) {
    at.small.push(...(await timings(1, () => read(little, SMALL, i))));
    at.large.push(...(await timings(1, () => read(big, LARGE, i))));
  }
  const [ours, floor] = [median(at.large), median(at.small)];
  const ratio = ours / floor;
  return {
    id: "P10",
    measure: `page of ${measure}, at 1M rows against 10k, p50`,
    ours: ours * 1_000,
    floor: floor * 1_000,
    unit: "µs",
    ratio,
    bar: `≤ 3×, < ${msMax} ms`,
    pass: ratio <= 3 && ours < msMax,
  };
}

/** Every second commit has a generation config; every hundredth holds a rare word. As many ledger entries as commits. */
async function fillStore(file: string, count: number): Promise<void> {
  const store = await openStore(file, { durability: "normal" });
  const tract = await store.tract("bench");
  for (let from = 0; from < count; from += BATCH)
    await tract.batch(
      Array.from({ length: BATCH }, (_, k) => {
        const i = from + k;
        const content = i % 100 === 0 ? `${prose(i, 120)} zebra` : prose(i, 120);
        return i % 2 === 0
          ? { content }
          : { content, role: "assistant" as const, generationConfig: configOf(i) };
      }),
    );
  await store.close();
  await fillLedger(file, count);
}

function configOf(i: number): object {
  return {
    model: `model-${i % 8}`,
    temperature: (i % 11) / 10,
    seed: i,
    extra: { run: `run-${i % 1_000}`, slow: i % 50 === 1 },
  };
}

async function fillLedger(file: string, count: number): Promise<void> {
  const store = await openBackend(file, { durability: "normal" });
  for (let from = 0; from < count; from += BATCH)
    await store.publish({
      ...emptyChange("bench"),
      ledger: Array.from({ length: BATCH }, (_, k) => entryOf(from + k)),
    });
  await store.close();
}

function entryOf(i: number): LedgerBody {
  const isBudget = i % 100 === 0;
  const body = {
    id: `LED-bench-${i}`,
    eventType: isBudget ? "BUDGET" : "OPERATION",
    submissionId: isBudget ? "main" : `operation-${i}`,
    decision: isBudget ? "WARNED" : "annotate",
    reason: "Annotated 1 commit",
    promptsUsed: [],
    metadata: { branch: "main", tokens: i },
    provenance: { agent_class: null, agent_id: null, client: null, session_id: null, worktree: "default" },
    timestamp: new Date(Date.UTC(2027, 0, 1) + i).toISOString(),
  };
  return { ...body, bodyHash: hashLedgerBody(body) };
}
