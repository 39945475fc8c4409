/** A server under mixed load for a long time, over stdio and HTTP at once: memory, file handles and the log stay flat (spec 7.3). */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/index.ts";
import { addressOf, callOnce, type HttpProcess, startHttpProcess } from "../support/http.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import {
  createRawClient,
  type RawClient,
  type ServerProcess,
  startServer,
  wireOf,
} from "../support/mcp-client.ts";

const MIB = 1024 * 1024;
/** Each round makes about 20 calls of each server. */
const ROUNDS = runs(24, 1_500);
/** Memory of a process whose heap has not been collected just now goes up and down by so much. */
const MEMORY_SLACK_BYTES = 24 * MIB;
const LOG_BYTES_MAX = 16 * MIB;
const FILLER = "We looked at several ways to do this and talked about each of them at some length. ";

let folder: string;
let store: string;
let stdio: ServerProcess;
let client: RawClient;
let http: HttpProcess;
let address: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-soak-"));
  store = path.join(folder, "store.db");
  stdio = startServer({ store, args: ["--tract", "demo", "--profile", "full"] });
  client = createRawClient(wireOf(stdio));
  await client.initialize();
  http = startHttpProcess(store, ["--profile", "full"]);
  address = await addressOf(http);
});
afterAll(async () => {
  stdio.process.stdin.end();
  http.process.kill("SIGTERM");
  await Promise.all([stdio.exited, http.exited]);
  rmSync(folder, { recursive: true, force: true });
});

interface Result {
  readonly operation_id?: string | null;
  readonly error?: unknown;
}

type Call = (name: string, args: object) => Promise<Result>;

const overStdio: Call = async (name, args) =>
  (await client.request("tools/call", { name, arguments: args })).result.structuredContent;
const overHttp: Call = (name, args) => callOnce(address, name, args);

/** Work that leaves the history as long as it was: what it makes is given up, and collected now and then. */
async function work(call: Call, name: string, round: number): Promise<void> {
  const ask = async (tool: string, args: object): Promise<Result> => {
    const result = await call(tool, args);
    if (result.error !== undefined) throw new Error(`${tool}: ${JSON.stringify(result.error)}`);
    return result;
  };
  const branch = `${name}-${round}`;
  await ask("branch", { action: "create", name: branch, from: "start" });
  for (let i = 0; i < 6; i++) await ask("commit", { branch, content: `${branch} ${i} ${FILLER.repeat(5)}` });
  await ask("compress", { branch, from: `${branch}~4`, to: `${branch}~2`, summary: `${branch} in short` });
  await ask("compile", { ref: branch, budget_tokens: 2_000 });
  await ask("search", { query: `${branch} ways` });
  await ask("log", { ref: branch });
  await ask("show", { refs: [branch] });
  await ask("status", { branch });
  await ask("query_ledger", { limit: 20 });
  const judged = await ask("annotate", { branch, refs: [branch], priority: "important" });
  await ask("undo", { operation: judged.operation_id });
  await ask("branch", { action: "delete", name: branch, force: true });
  if (round % 10 === 9) await ask("gc", { dry_run: false, older_than_days: 0, keep_operations_days: 0 });
}

interface Sample {
  readonly memory: number;
  readonly handles: number;
  readonly log: number;
}

function sample({ pid }: { readonly pid?: number | undefined }): Sample {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    memory: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
    log: statSync(`${store}-wal`, { throwIfNoEntry: false })?.size ?? 0,
  };
}

/** Medians of the second and the last third; the first is for warming up. */
function thirds(
  samples: readonly Sample[],
  key: keyof Sample,
): { readonly middle: number; readonly last: number } {
  const third = Math.floor(samples.length / 3);
  const medianOf = (part: readonly Sample[]): number =>
    part.map((each) => each[key]).sort((a, b) => a - b)[Math.floor(part.length / 2)] ?? Number.NaN;
  return { middle: medianOf(samples.slice(third, 2 * third)), last: medianOf(samples.slice(2 * third)) };
}

/** What is not flat. */
function grown(samples: readonly Sample[]): readonly string[] {
  const memory = thirds(samples, "memory");
  const handles = thirds(samples, "handles");
  return [
    ...(memory.last > memory.middle * 1.1 + MEMORY_SLACK_BYTES ? [`memory ${JSON.stringify(memory)}`] : []),
    ...(handles.last > handles.middle + 2 ? [`handles ${JSON.stringify(handles)}`] : []),
    ...(samples.some(({ log }) => log > LOG_BYTES_MAX) ? ["log"] : []),
  ];
}

describe("what tells whether something grows", () => {
  const flat: Sample = { memory: 100 * MIB, handles: 20, log: MIB };
  const series = (change: (i: number) => Partial<Sample>): readonly Sample[] =>
    Array.from({ length: 60 }, (_, i) => ({ ...flat, ...change(i) }));

  it("finds what grows, and nothing where only noise is", () => {
    expect(grown(series(() => ({})))).toEqual([]);
    expect(grown(series((i) => ({ memory: (100 + (i % 7)) * MIB })))).toEqual([]);
    expect(grown(series((i) => ({ memory: (100 + 4 * i) * MIB })))).toHaveLength(1);
    expect(grown(series((i) => ({ handles: 20 + Math.floor(i / 4) })))).toHaveLength(1);
    expect(grown(series((i) => ({ log: i * MIB })))).toHaveLength(1);
  });
});

describe.skipIf(process.platform !== "linux")("a soak (reads /proc)", () => {
  it(`of ${ROUNDS} rounds leaves memory, file handles and log as they were`, {
    timeout: timeLimit(120_000),
  }, async () => {
    await overStdio("commit", { content: "the first" });
    await overStdio("tag", { action: "create", name: "start" });
    const ofStdio: Sample[] = [];
    const ofHttp: Sample[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([work(overStdio, "stdio", round), work(overHttp, "http", round)]);
      ofStdio.push(sample(stdio.process));
      ofHttp.push(sample(http.process));
    }
    for (const [name, samples] of [
      ["stdio", ofStdio],
      ["http", ofHttp],
    ] as const) {
      const [memory, handles] = [thirds(samples, "memory"), thirds(samples, "handles")];
      console.info(name, {
        memoryMiB: [memory.middle, memory.last].map((bytes) => Math.round(bytes / MIB)),
        handles: [handles.middle, handles.last],
        logMiBMax: Math.round((Math.max(...samples.map(({ log }) => log)) / MIB) * 10) / 10,
      });
      expect(grown(samples), name).toEqual([]);
    }
    const opened = await openStore(`sqlite:${store}`);
    expect((await (await opened.tract("demo")).verify()).problems).toEqual([]);
    await opened.close();
  });
});
