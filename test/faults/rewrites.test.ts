/** Processes that merge, compress, reorganize and collect in one file, and are killed: all that was acknowledged is there, nothing is half done (spec 7.3). */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore, type Tract } from "../../src/index.ts";
import { openStore as openBackend } from "../../src/storage/open-store.ts";
import type { Hash } from "../../src/storage/records.ts";
import { anthropicProblems } from "../support/anthropic-rules.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { openAiProblems } from "../support/openai-rules.ts";

const REWRITER = path.join(import.meta.dirname, "rewriter.ts");
const KILLED = ["rewrite", "compress", "compact", "gc"] as const;
const ROUNDS_PER_STORE = 10;
const PAGE = 1_000;

let folder: string;
let location: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-rewrites-"));
  // Fills the cache of compiled code, so that the many processes start quickly: one that is killed leaves nothing there.
  await begin("first", KILLED);
  for (const kind of KILLED) await start(kind, { name: kind, times: 2 }).ended;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A store with a shared commit on main, and a branch for each worktree. */
async function begin(name: string, worktrees: readonly string[]): Promise<void> {
  location = `sqlite:${path.join(folder, `${name}.db`)}`;
  const store = await openStore(location);
  const tract = await store.tract("shared");
  await tract.system("Be careful.");
  await tract.createTag({ name: "shared", ref: (await tract.user("What all of us edit")).hash });
  for (const worktree of worktrees) {
    const own = await store.tract("shared", { worktree });
    await own.createBranch({ name: worktree, switch: true });
    if (worktree === "compact") {
      const settings = { budget: { max_tokens: 800, action: "compact" } };
      await own.commit({ content_type: "config", settings });
    }
  }
  await store.close();
}

interface Rewriter {
  readonly child: ChildProcess;
  /** Ids of operations and hashes of commits. */
  readonly acknowledged: { readonly operation: string[]; readonly commit: string[] };
  readonly ended: Promise<{ code: number | null; errors: string }>;
}

/** Starts a process; `onLine` hears of everything that it prints, the first time when it is ready. */
function start(
  kind: string,
  { name, times, onLine = () => {} }: { name: string; times: number; onLine?: (child: ChildProcess) => void },
): Rewriter {
  const child = spawn(process.execPath, [REWRITER, location, kind, name, String(times)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: path.join(folder, "code") },
  });
  const acknowledged = { operation: [] as string[], commit: [] as string[] };
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, errors })),
  );
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [what, id = ""] = line.split(" ");
    if (what === "operation" || what === "commit") acknowledged[what].push(id);
    onLine(child);
  });
  return { child, acknowledged, ended };
}

/** Opens the store anew: sound, whole, and every branch compiles to what providers take. */
async function expectWhole(acknowledged: {
  readonly operation: readonly string[];
  readonly commit: readonly string[];
}): Promise<void> {
  const store = await openStore(location);
  const tract = await store.tract("shared");
  expect((await tract.verify()).problems).toEqual([]);
  for (const { name } of (await tract.listBranches()).branches) await expectValid(tract, name);
  await store.close();
  await expectThere(acknowledged);
}

async function expectValid(tract: Tract, ref: string): Promise<void> {
  const context = await tract.compile({ ref, budgetTokens: 1_000_000 });
  expect(openAiProblems(context.toOpenAI()), ref).toEqual([]);
  expect(anthropicProblems(context.toAnthropic()), ref).toEqual([]);
}

/** Every acknowledged operation and commit; every operation that is there has all that it made; merges have both parents. */
async function expectThere(acknowledged: {
  readonly operation: readonly string[];
  readonly commit: readonly string[];
}): Promise<void> {
  const store = await openBackend(location);
  const commits = new Map<string, readonly Hash[]>();
  for (let after = 0, isEnd = false; !isEnd; ) {
    const { rows, next } = await store.scanCommits("shared", after, PAGE);
    for (const { commit, missing } of rows) {
      expect(missing).toEqual([]);
      if (commit.operation === "merge") expect(commit.parents).toHaveLength(2);
      commits.set(commit.hash, commit.parents);
    }
    after = next;
    isEnd = rows.length === 0;
  }
  for (const parent of [...commits.values()].flat()) expect(commits.has(parent)).toBe(true);
  const operations = new Set<string>();
  for (let after = 0, isEnd = false; !isEnd; ) {
    const { rows, next } = await store.scanOperations("shared", after, PAGE);
    for (const { id, results } of rows) {
      operations.add(id);
      // What gc has removed is noted as removed.
      const lost = results.filter((hash) => !commits.has(hash));
      expect(await store.findCollected("shared", lost)).toEqual(lost);
    }
    after = next;
    isEnd = rows.length === 0;
  }
  await store.close();
  expect(acknowledged.commit.filter((hash) => !commits.has(hash))).toEqual([]);
  expect(acknowledged.operation.filter((id) => !operations.has(id))).toEqual([]);
}

/** The instants of the kills, the same in every run as far as that can be. */
function seededChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe("kill -9", () => {
  // 500 kills in the long mode.
  it("of processes that merge, compress, reorganize and collect on one file leaves nothing half done", {
    timeout: timeLimit(240_000),
  }, async () => {
    const rounds = runs(10, 500 / KILLED.length);
    const chance = seededChance(7);
    const acknowledged = { operation: [] as string[], commit: [] as string[] };
    let total = 0;
    for (let round = 0; round < rounds; round++) {
      if (round % ROUNDS_PER_STORE === 0) {
        await begin(`store-${round}`, KILLED);
        acknowledged.operation = [];
        acknowledged.commit = [];
      }
      const rewriters = KILLED.map((kind) => startDoomed(kind, chance));
      await Promise.all(
        rewriters.map(async ({ ended }) => {
          expect((await ended).errors).toBe("");
        }),
      );
      for (const { acknowledged: told } of rewriters) {
        acknowledged.operation.push(...told.operation);
        acknowledged.commit.push(...told.commit);
        total += told.commit.length;
      }
      await expectWhole(acknowledged);
    }
    expect(total).toBeGreaterThan(rounds * KILLED.length);
  });
});

/** Killed after some lines, and then at any instant of what it does next. */
function startDoomed(kind: string, chance: () => number): Rewriter {
  let left = Math.floor(chance() * LINES_MAX);
  const delayMs = chance() * DELAY_MS_MAX;
  const onLine = (child: ChildProcess): void => {
    if (left === 0) setTimeout(() => child.kill("SIGKILL"), delayMs);
    left -= 1;
  };
  return start(kind, { name: kind, times: 10_000, onLine });
}

const LINES_MAX = 16;
const DELAY_MS_MAX = 30;

describe("many processes on one branch", () => {
  const writers = runs(8, 16);
  const times = runs(30, 100);
  it(`${writers} that commit to it and merge their own branches into it lose nothing and see no lock error`, {
    timeout: timeLimit(240_000),
  }, async () => {
    const names = Array.from({ length: writers }, (_, i) => `writer-${i}`);
    await begin("busy", names);
    const rewriters = names.map((name) => start("share", { name, times }));
    const ends = await Promise.all(rewriters.map(({ ended }) => ended));
    expect(ends).toEqual(names.map(() => ({ code: 0, errors: "" })));
    const acknowledged = {
      operation: rewriters.flatMap((rewriter) => rewriter.acknowledged.operation),
      commit: rewriters.flatMap((rewriter) => rewriter.acknowledged.commit),
    };
    expect(acknowledged.commit.length).toBeGreaterThanOrEqual(writers * times);
    await expectWhole(acknowledged);
    await expectOnMain(acknowledged.commit);
  });
});

/** Nothing that was committed to main, or merged into it, is beside it. */
async function expectOnMain(hashes: readonly string[]): Promise<void> {
  const store = await openBackend(location);
  const main = (await store.readRef("shared", "branch", "main"))?.value;
  if (main === undefined || !("commit" in main) || main.commit === null) throw new Error("main has commits");
  const reached = new Set<string>(
    (await store.readSide("shared", main.commit, null)).map(({ commit }) => commit.hash),
  );
  await store.close();
  expect(hashes.filter((hash) => !reached.has(hash))).toEqual([]);
}
