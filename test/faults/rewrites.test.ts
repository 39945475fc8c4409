/** Processes that write in every way in one file, and are killed: all that was acknowledged is there, nothing is half done (spec 7.3). */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/index.ts";
import { openStore as openBackend } from "../../src/storage/open-store.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { type Ended, seededChance, startScript } from "./child.ts";
import { expectWhole } from "./expect-whole.ts";

const KILLED = ["rewrite", "compress", "compact", "keep", "gc"] as const;
const ROUNDS_PER_STORE = 10;

let folder: string;
let location: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-rewrites-"));
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
  /** Ids of operations and hashes of commits. */
  readonly acknowledged: { readonly operation: string[]; readonly commit: string[] };
  readonly ended: Promise<Ended>;
}

/** Starts a process; `onLine` hears of everything that it prints, the first time when it is ready. */
function start(
  kind: string,
  { name, times, onLine = () => {} }: { name: string; times: number; onLine?: (child: ChildProcess) => void },
): Rewriter {
  const acknowledged = { operation: [] as string[], commit: [] as string[] };
  const { ended } = startScript("rewriter", [location, kind, name, String(times)], (line, child) => {
    const [what, id = ""] = line.split(" ");
    if (what === "operation" || what === "commit") acknowledged[what].push(id);
    onLine(child);
  });
  return { acknowledged, ended };
}

describe("kill -9", () => {
  // 500 kills in the long mode.
  it("of processes that write in every way, and collect, on one file leaves nothing half done", {
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
      await expectWhole(location, acknowledged);
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
    await expectWhole(location, acknowledged);
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
