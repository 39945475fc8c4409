/** `npm run bench [-- name …]`: runs the benches, prints a table, writes bench/out/results.json. */
import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { BenchResult } from "./bench-result.ts";

const BENCHES: Readonly<Record<string, () => Promise<{ run: () => Promise<BenchResult[]> }>>> = {
  p1: () => import("./p1-commit.ts"),
  p2: () => import("./p2-commit-at-1m.ts"),
  p3: () => import("./p3-batch.ts"),
  p4: () => import("./p4-commit-over-mcp.ts"),
  p5: () => import("./p5-cold-compile.ts"),
  p6: () => import("./p6-append-and-compile.ts"),
  p8: () => import("./p8-start.ts"),
  p9: () => import("./p9-tokens.ts"),
  p10: () => import("./p10-pages.ts"),
  p11: () => import("./p11-size.ts"),
  p12: () => import("./p12-verify.ts"),
  p13: () => import("./p13-rewrite.ts"),
  p14: () => import("./p14-writers.ts"),
  policies: () => import("./session-with-policies.ts"),
};

/** Benches that share a store run together. */
const ALIASES: Readonly<Record<string, string>> = { p7: "p2" };

const asked = [...new Set(process.argv.slice(2).map((name) => ALIASES[name] ?? name))];
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(", ")}. Benches: ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}

const results: BenchResult[] = [];
console.log(`Node ${process.version}, ${os.cpus().length} × ${os.cpus()[0]?.model ?? "unknown processor"}\n`);
console.log("| id | measure | ours | floor | unit | ratio | bar | |\n|---|---|---:|---:|---|---:|---|---|");
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
  const bench = await BENCHES[name]?.();
  for (const result of (await bench?.run()) ?? []) {
    results.push(result);
    console.log(row(result));
  }
}
const out = path.join(import.meta.dirname, "out");
mkdirSync(out, { recursive: true });
writeFileSync(
  path.join(out, "results.json"),
  `${JSON.stringify({ node: process.version, cpus: os.cpus().length, results }, null, 2)}\n`,
);

function row(result: BenchResult): string {
  const { id, measure, ours, floor, unit, ratio, bar, pass, note } = result;
  return `| ${id} | ${measure}${note === undefined ? "" : ` (${note})`} | ${digits(ours)} | ${digits(floor)} | ${unit} | ${digits(ratio)} | ${bar} | ${pass ? "met" : "**missed**"} |`;
}

function digits(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
