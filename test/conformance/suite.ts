/** Runs requirement sets of the official conformance suite against our server over HTTP, on a free port that only this machine reaches. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { openStore } from "../../src/index.ts";
import { resolveConfig } from "../../src/server/config.ts";
import { HTTP_LIMITS } from "../../src/server/http/http-limits.ts";
import type { MakeServer } from "../../src/server/mcp/create-server.ts";
import { openHttp } from "../../src/server/serve-http.ts";
import { makeConformanceServer } from "./server.ts";

export const REVISIONS = ["2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof REVISIONS)[number];

export interface ConformanceReport {
  /** Of the suite's program: 0 when everything that the revision requires passed. */
  readonly exitCode: number | null;
  /** What it printed. */
  readonly output: string;
  /** Every check of every scenario that ran, in no order. */
  readonly checks: readonly ConformanceCheck[];
  /** What our server logged. */
  readonly log: string;
}

export interface ConformanceCheck {
  readonly scenario: string;
  readonly id: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  readonly errorMessage?: string;
}

/** @param makeServer Another server than the one with the suite's fixtures. */
export async function runConformance(
  revision: Revision,
  makeServer: MakeServer = makeConformanceServer,
): Promise<ConformanceReport> {
  const folder = await mkdtemp(join(tmpdir(), "tract-conformance-"));
  await fill(`${folder}/test.db`);
  let log = "";
  const server = await openHttp(configIn(folder), {
    writeLine: (line) => {
      log += line;
    },
    limits: HTTP_LIMITS,
    makeServer,
  });
  try {
    const results = join(folder, "results");
    const url = `http://127.0.0.1:${server.port}/mcp`;
    const ended = await runSuite([
      "server",
      "--url",
      url,
      "--requirements",
      revision,
      "--output-dir",
      results,
    ]);
    return { ...ended, checks: await readChecks(results), log };
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Names of the scenarios that servers must pass. */
export async function requiredScenarios(revision: Revision): Promise<readonly string[]> {
  const file = new URL(`../requirements/${revision}.yaml`, PROGRAM);
  const [, listed = ""] = /^server:\n((?: {2}- \S+\n)+)/m.exec(await readFile(file, "utf8")) ?? [];
  return listed.match(/[^\s-]\S*/g) ?? [];
}

const PROGRAM = import.meta.resolve("@modelcontextprotocol/conformance/dist/index.js");

/** With something in it, so that the suite sees our own resources as well as its fixtures. */
async function fill(file: string): Promise<void> {
  const store = await openStore(file);
  const tract = await store.tract("demo");
  await tract.commit("hello");
  await store.close();
}

function configIn(folder: string): ReturnType<typeof resolveConfig> {
  return resolveConfig({
    flags: {
      "http.port": "0",
      store: `sqlite:${folder}/test.db`,
      tract: "demo",
      profile: "full",
      log_level: "warn",
    },
    env: {},
    cwd: folder,
    homedir: folder,
    platform: process.platform,
    exists: existsSync,
    readFile: (path) => (existsSync(path) ? readFileSync(path, "utf8") : null),
  });
}

async function runSuite(
  args: readonly string[],
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [fileURLToPath(PROGRAM), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: SUITE_MS_MAX,
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [output, mistakes, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exitCode, output: output + mistakes };
}

/** It takes about two seconds. */
const SUITE_MS_MAX = 60_000;

/** The suite writes a folder per scenario: `server-NAME-TIME`; none when it could not begin. */
async function readChecks(results: string): Promise<readonly ConformanceCheck[]> {
  const folders = existsSync(results) ? await readdir(results) : [];
  const read = folders.map(async (folder) => {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT/.exec(folder)?.[1] ?? folder;
    const written: unknown = JSON.parse(await readFile(join(results, folder, "checks.json"), "utf8"));
    return (written as readonly ConformanceCheck[]).map((check) => ({ ...check, scenario }));
  });
  return (await Promise.all(read)).flat();
}
