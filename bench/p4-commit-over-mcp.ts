/** P4: a commit over MCP stdio, against an echo tool on the same SDK and transport. */
import path from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { BenchResult } from "./bench-result.ts";
import { median, prose, timings } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const ROUNDS = 5;
const CALLS = 500;
const BARS = { normal: 2.2, full: 4 } as const;
const ROOT = path.join(import.meta.dirname, "..");

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => [
    await measure(folder, "normal"),
    await measure(folder, "full"),
  ]);
}

async function measure(folder: string, durability: "normal" | "full"): Promise<BenchResult> {
  const ours: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const store = path.join(folder, `${durability}-${round}.db`);
    const tract = await connect([
      path.join(ROOT, "bin/tract.js"),
      "serve",
      "--stdio",
      "--store",
      store,
      "--durability",
      durability,
    ]);
    const echo = await connect([path.join(import.meta.dirname, "echo-server.ts")]);
    const call = async (client: Client, name: string, args: Record<string, unknown>): Promise<void> => {
      const result = await client.callTool({ name, arguments: args });
      if (result.isError) throw new Error(JSON.stringify(result.structuredContent));
    };
    await timings(100, (i) => call(tract, "commit", { content: prose(i, 1_000) }));
    await timings(100, (i) => call(echo, "echo", { text: prose(i, 1_000) }));
    ours.push(
      median(await timings(CALLS, (i) => call(tract, "commit", { content: prose(1_000 + i, 1_000) }))),
    );
    floor.push(median(await timings(CALLS, (i) => call(echo, "echo", { text: prose(1_000 + i, 1_000) }))));
    await tract.close();
    await echo.close();
  }
  const ratio = median(ours.map((value, i) => value / (floor[i] ?? Number.NaN)));
  const bar = BARS[durability];
  return {
    id: "P4",
    measure: `commit of 1 KB over MCP stdio, durability ${durability}, against an echo tool, p50`,
    ours: median(ours) * 1_000,
    floor: median(floor) * 1_000,
    unit: "µs",
    ratio,
    bar: `≤ ${bar}×`,
    pass: ratio <= bar,
  };
}

async function connect(args: string[]): Promise<Client> {
  const client = new Client({ name: "bench", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: "ignore" }));
  return client;
}
