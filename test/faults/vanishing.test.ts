/** Clients that vanish in the middle of what they asked for: the server goes too, the store is whole, the session is ended (spec 7.3). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStore, type Tract } from "../../src/index.ts";
import { addressOf, callOnce, modernRequest, startHttpProcess } from "../support/http.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { createRawClient, type ServerProcess, startServer, wireOf } from "../support/mcp-client.ts";
import { seededChance, startScript } from "./child.ts";

/** The promise is one second; a busy machine may take its time to say that a process has gone. */
const EXIT_MS_MAX = 2_500;
const MESSAGES = 20_000;
/** About as long as the import takes. */
const IMPORT_MS = 1_500;

let folder: string;
let store: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-vanishing-"));
  store = path.join(folder, "store.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function onTract(act: (tract: Tract) => Promise<void>): Promise<void> {
  const opened = await openStore(`sqlite:${store}`);
  try {
    await act(await opened.tract("demo"));
  } finally {
    await opened.close();
  }
}

function importing(branch: string): { readonly name: string; readonly arguments: object } {
  const talk = Array.from({ length: MESSAGES }, (_, i) => ({ role: "user", content: `${branch} says ${i}` }));
  return { name: "import_transcript", arguments: { text: JSON.stringify(talk), branch } };
}

/** All of an import or nothing; every session ended. */
async function expectWhole(names: readonly string[]): Promise<void> {
  await onTract(async (tract) => {
    expect((await tract.verify()).problems).toEqual([]);
    const { branches } = await tract.listBranches();
    for (const { name } of branches.filter((branch) => names.includes(branch.name)))
      expect((await tract.status({ branch: name })).commits, name).toBe(MESSAGES);
    const { sessions } = await tract.sessions();
    expect(sessions?.map(({ state }) => state)).toEqual(sessions?.map(() => "ended"));
    expect(sessions?.length).toBeGreaterThan(0);
  });
}

const ROUNDS = runs(3, 30);

it(`a client that closes stdin, or asks to end, in the middle of a long import: ${ROUNDS} times the server is gone`, {
  timeout: timeLimit(120_000),
}, async () => {
  const chance = seededChance(5);
  const names: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const args = ["--tract", "demo", "--profile", "full"];
    const server = startServer({ store, args });
    const client = createRawClient(wireOf(server));
    await client.initialize();
    await client.request("tools/call", { name: "commit", arguments: { content: `round ${round}` } });
    names.push(`talk-${round}`);
    const call = { jsonrpc: "2.0", id: 99, method: "tools/call", params: importing(`talk-${round}`) };
    await client.write(`${JSON.stringify(call)}\n`);
    // Spread over reading, checking, planning and writing.
    await new Promise((resolve) => setTimeout(resolve, ((round + chance()) / ROUNDS) * IMPORT_MS));
    expect(await timeToExit(server, round % 2 === 0 ? "stdin" : "SIGTERM")).toBeLessThan(EXIT_MS_MAX);
    expect(await server.exited).toBe(0);
  }
  await expectWhole(names);
});

/** Milliseconds until the process is gone. */
async function timeToExit(server: ServerProcess, how: "stdin" | "SIGTERM"): Promise<number> {
  const from = performance.now();
  if (how === "stdin") server.process.stdin.end();
  else server.process.kill(how);
  await server.exited;
  return performance.now() - from;
}

it("a client that is killed takes its server with it: no orphan stays", async () => {
  const client = startScript("client", [store]);
  const pid = await new Promise<number>((resolve) => {
    const watch = setInterval(() => {
      if (client.lines[0] === undefined) return;
      clearInterval(watch);
      resolve(Number(client.lines[0]));
    }, 10);
  });
  const from = performance.now();
  client.child.kill("SIGKILL");
  await client.ended;
  while (isThere(pid)) {
    expect(performance.now() - from).toBeLessThan(EXIT_MS_MAX);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await expectWhole([]);
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it("clients over HTTP that break off in the middle leave all or nothing, and the server serves the next", async () => {
  const server = startHttpProcess(store, ["--profile", "full"]);
  const address = await addressOf(server);
  const names = Array.from({ length: runs(3, 20) }, (_, i) => `talk-${i}`);
  for (const [i, name] of names.entries()) {
    const gone = new AbortController();
    const { name: tool, arguments: args } = importing(name);
    const request = modernRequest("tools/call", { name: tool, arguments: args });
    const asked = fetch(`${address}/mcp`, { ...request, signal: gone.signal }).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, ((i + 1) / names.length) * IMPORT_MS * 0.5));
    gone.abort();
    await asked;
    expect(await callOnce(address, "commit", { content: `after ${name}` })).not.toHaveProperty("error");
  }
  const from = performance.now();
  server.process.kill("SIGTERM");
  expect(await server.exited).toBe(0);
  expect(performance.now() - from).toBeLessThan(EXIT_MS_MAX);
  await expectWhole(names);
});
