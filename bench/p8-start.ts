/** P8: process start to first answer, and memory after 1,000 calls, against an echo server that is bundled in the same way. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { slimBundle } from "../scripts/slim-bundle.ts";
import type { BenchResult } from "./bench-result.ts";
import { median, prose } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const STARTS = 15;
const CALLS = 1_000;
const ROOT = path.join(import.meta.dirname, "..");

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => {
    const echo = path.join(folder, "echo.mjs");
    await build({
      entryPoints: { echo: path.join(import.meta.dirname, "echo-server.ts") },
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      // The token tables must not weigh on the start of one that never asks for them.
      splitting: true,
      platform: "node",
      format: "esm",
      minify: true,
      plugins: [slimBundle],
      logLevel: "error",
    });
    return [await startTime(folder, echo), await memory(folder, echo)];
  });
}

async function startTime(folder: string, echo: string): Promise<BenchResult> {
  const ours: number[] = [];
  const floor: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    ours.push(await firstAnswer(tractArgs(folder, "start")));
    floor.push(await firstAnswer([echo]));
  }
  const ratio = median(ours.map((value, i) => value / (floor[i] ?? Number.NaN)));
  return {
    id: "P8",
    measure: "process start to first answer, against a bundled echo server, p50",
    ours: median(ours),
    floor: median(floor),
    unit: "ms",
    ratio,
    bar: "≤ 1.4×",
    pass: ratio <= 1.4,
  };
}

async function memory(folder: string, echo: string): Promise<BenchResult> {
  const mine = await memoryAfter(
    tractArgs(folder, "memory"),
    "commit",
    (i) => ({ content: prose(i, 1_000) }),
    {},
  );
  const theirs = await memoryAfter([echo], "echo", (i) => ({ text: prose(i, 1_000) }), { TOKENIZER: "1" });
  const ratio = mine / theirs;
  return {
    id: "P8",
    measure: `memory after ${CALLS} calls, against an echo server with the token tables loaded`,
    ours: mine,
    floor: theirs,
    unit: "MB",
    ratio,
    bar: "≤ 1.4×",
    pass: ratio <= 1.4,
  };
}

function tractArgs(folder: string, name: string): string[] {
  return [path.join(ROOT, "bin/tract.js"), "serve", "--stdio", "--store", path.join(folder, `${name}.db`)];
}

interface Server {
  readonly child: ChildProcess;
  readonly request: (method: string, params: object) => Promise<unknown>;
}

/** A client of a few lines, so that the client's own cost stays out of the figure. */
function start(args: string[], env: Record<string, string>): Server {
  const child = spawn(process.execPath, args, {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
  const waiting = new Map<number, (result: unknown) => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as { id?: number };
    if (message.id !== undefined) waiting.get(message.id)?.(message);
  });
  let id = 0;
  return {
    child,
    request: (method, params) =>
      new Promise((resolve) => {
        id++;
        waiting.set(id, resolve);
        child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      }),
  };
}

const HELLO = {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "bench", version: "1" },
};

async function firstAnswer(args: string[]): Promise<number> {
  const begin = performance.now();
  const server = start(args, {});
  await server.request("initialize", HELLO);
  const taken = performance.now() - begin;
  await end(server);
  return taken;
}

async function memoryAfter(
  args: string[],
  tool: string,
  argumentsOf: (i: number) => object,
  env: Record<string, string>,
): Promise<number> {
  const server = start(args, env);
  await server.request("initialize", HELLO);
  server.child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`);
  for (let i = 0; i < CALLS; i++)
    await server.request("tools/call", { name: tool, arguments: argumentsOf(i) });
  const status = readFileSync(`/proc/${server.child.pid}/status`, "utf8");
  await end(server);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

async function end(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.child.on("close", resolve));
  server.child.stdin?.end();
  await closed;
}
