/** P14: 16 processes committing to one file, against one process: total throughput, and how long the log becomes. */
import { type ChildProcess, fork } from "node:child_process";
import { statSync } from "node:fs";
import path from "node:path";
import type { BenchResult } from "./bench-result.ts";
import { paired } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const ROUNDS = 3;
/** 500 for each of the processes, as in the reliability suite's long form. */
const COMMITS = 8_000;
const PROCESSES = 16;
const MIB = 1024 * 1024;
const WRITER = path.join(import.meta.dirname, "p14-writer.ts");

/** All on one branch have to plan again when another was faster; each on its own has to wait for the lock alone. */
const PLACES = { one: "all on one branch", own: "each on a branch of its own" } as const;
type Place = keyof typeof PLACES;

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => {
    const logBytes: number[] = [];
    const results: BenchResult[] = [];
    for (const place of ["own", "one"] as const) results.push(await measure(folder, place, logBytes));
    const longest = Math.max(...logBytes);
    return [
      ...results,
      {
        id: "P14",
        measure: "the longest write-ahead log meanwhile",
        ours: longest / MIB,
        floor: 64,
        unit: "MiB",
        ratio: longest / (64 * MIB),
        bar: "< 64 MiB",
        pass: longest < 64 * MIB,
      },
    ];
  });
}

async function measure(folder: string, place: Place, logBytes: number[]): Promise<BenchResult> {
  const throughput = async (round: number, processes: number): Promise<number> => {
    const file = path.join(folder, `${place}-${round}-${processes}.db`);
    const done = await commitBy(file, processes, place);
    logBytes.push(done.logBytes);
    return done.commitsPerSecond;
  };
  const { ours, floor, ratio } = await paired(
    ROUNDS,
    (round) => throughput(round, PROCESSES),
    (round) => throughput(round, 1),
  );
  return {
    id: "P14",
    measure: `commits of 1 KB by ${PROCESSES} processes, ${PLACES[place]}, durability full, against one process, throughput`,
    ours,
    floor,
    unit: "commits/s",
    ratio,
    bar: "≥ 0.7×",
    pass: ratio >= 0.7,
    note: "no lock error seen",
  };
}

/** Starts the writers, lets them begin together, and counts from there until the last has ended. */
async function commitBy(
  file: string,
  processes: number,
  place: Place,
): Promise<{ readonly commitsPerSecond: number; readonly logBytes: number }> {
  const each = String(COMMITS / processes);
  const writers = Array.from({ length: processes }, (_, i) =>
    fork(WRITER, [`sqlite:${file}`, String(i), each, place], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    }),
  );
  await Promise.all(writers.map((writer) => hears(writer, "ready")));
  let logBytes = 0;
  const watch = setInterval(() => {
    logBytes = Math.max(logBytes, statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0);
  }, 20);
  const start = performance.now();
  const ended = Promise.all(writers.map((writer) => hears(writer, "done")));
  for (const writer of writers) writer.send("begin");
  await ended;
  const seconds = (performance.now() - start) / 1_000;
  clearInterval(watch);
  return { commitsPerSecond: COMMITS / seconds, logBytes };
}

/** A writer that ends before it says so has met an error, which it printed. */
async function hears(writer: ChildProcess, word: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    writer.on("message", (message) => {
      if (message === word) resolve();
    });
    writer.once("exit", () => reject(new Error("a writer failed")));
  });
}
