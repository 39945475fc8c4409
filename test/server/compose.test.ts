/** The composition: nothing before the first call, one store for all, and who is said to act. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { commit } from "../../src/engine/history/commit.ts";
import { createServices, type Services, type WayIn } from "../../src/server/compose.ts";
import { type ConfigInputs, resolveConfig } from "../../src/server/config.ts";
import { createIdleIndexing } from "../../src/server/idle-indexing.ts";
import { createLog } from "../../src/server/log.ts";
import { StoreError } from "../../src/storage/errors.ts";

let folder: string;
let opened: Services[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-compose-"));
});
afterEach(async () => {
  for (const services of opened) await services.close();
  opened = [];
  rmSync(folder, { recursive: true, force: true });
});

function services(flags: ConfigInputs["flags"] = {}, wayIn: Partial<WayIn> = {}): Services {
  const inputs = {
    flags,
    env: {},
    cwd: folder,
    homedir: folder,
    platform: "linux",
    readFile: () => null,
    exists: () => false,
  } as const;
  const made = createServices(resolveConfig(inputs), {
    authorKind: "agent",
    writeLog: () => undefined,
    files: "import_root",
    ...wayIn,
  });
  opened.push(made);
  return made;
}

describe("the store", () => {
  test("is neither made nor opened before the first call", async () => {
    const made = services();
    await made.close();
    expect(existsSync(join(folder, ".local"))).toBe(false);
  });

  test("is the same for all calls", async () => {
    const made = services();
    const [one, two] = await Promise.all([made.engineFor({}), made.engineFor({ tract: "other" })]);
    expect(one.store).toBe(two.store);
    expect(one.compileCache).toBe(two.compileCache);
    expect([one.scope.tract, two.scope.tract]).toEqual(["default", "other"]);
  });

  test("is tried again at the next call when it could not be opened", async () => {
    const place = join(folder, "t.db");
    mkdirSync(place);
    const made = services({ store: place });
    await expect(made.engineFor({})).rejects.toBeInstanceOf(StoreError);
    rmSync(place, { recursive: true });
    expect((await made.engineFor({})).store.kind).toBe("sqlite");
  });
});

describe("who acts", () => {
  test("is, for an agent, the client with a session of its own", async () => {
    const made = services({ profile: "full" });
    const { author, provenance } = (await made.engineFor({ client: "claude" })).scope;
    expect(author).toEqual({
      kind: "agent",
      name: "claude",
      session_id: expect.stringMatching(/^SES-[0-9A-Z]{26}$/),
    });
    expect(provenance).toEqual({
      agent_id: "claude",
      agent_class: "full",
      session_id: author.session_id,
      client: "claude",
    });
    expect((await made.engineFor({})).scope.author.session_id).toBe(author.session_id);
    expect((await services().engineFor({})).scope.author.session_id).not.toBe(author.session_id);
  });

  test("is what the settings say, where they do", async () => {
    const made = services({ "agent.id": "ada", "agent.class": "researcher" });
    const { author, provenance } = (await made.engineFor({ client: "claude" })).scope;
    expect([author.name, provenance.agent_id, provenance.agent_class, provenance.client]).toEqual([
      "ada",
      "ada",
      "researcher",
      "claude",
    ]);
  });

  test("is, in the CLI, a user, and each command is a session of its own", async () => {
    const { author, provenance } = (await services({}, { authorKind: "user" }).engineFor({})).scope;
    const session_id = expect.stringMatching(/^SES-[0-9A-Z]{26}$/);
    expect(author).toEqual({ kind: "user", name: null, session_id });
    expect(provenance.agent_class).toBeNull();
  });
});

test("a worktree is made only when settings name it, not when a call does", async () => {
  const made = services({ worktree: "mine" });
  const create = async (worktree?: string): Promise<boolean> =>
    (await made.engineFor(worktree === undefined ? {} : { worktree })).scope.createWorktree;
  expect([await create(), await create("mine"), await create("other")]).toEqual([true, true, false]);
});

test("settings reach the engine", async () => {
  const flags = {
    compile_budget: "77",
    encoding: "cl100k_base",
    default_branch: "trunk",
    "ledger.reason_chars": "9",
    "redaction.action": "reject",
  } as const;
  const { settings } = await services(flags).engineFor({});
  expect(settings).toEqual({
    encoding: "cl100k_base",
    defaultBranch: "trunk",
    compileBudget: 77,
    ledger: { reasonChars: 9, excerptChars: 240 },
    redaction: "reject",
  });
});

describe("idle indexing", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const fake = (left: readonly (number | Error)[], isReadonly = false) => {
    const calls: number[] = [];
    const lines: string[] = [];
    const indexForSearch = async (): Promise<number> => {
      const next = left[calls.push(Date.now()) - 1] ?? 0;
      if (next instanceof Error) throw next;
      return next;
    };
    const store = { isReadonly, indexForSearch };
    const indexing = createIdleIndexing({
      batch: 5,
      idleMs: 250,
      log: createLog("debug", (line) => lines.push(line)),
    });
    return { calls, lines, store, indexing };
  };

  test("waits until calls pause, then goes on batch by batch until nothing is left", async () => {
    const { calls, store, indexing } = fake([10, 5, 0]);
    for (let call = 0; call < 5; call++) {
      indexing.postpone(store);
      await vi.advanceTimersByTimeAsync(200);
    }
    expect(calls).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toHaveLength(3);
  });

  test("gives way to a call between batches", async () => {
    const { calls, store, indexing } = fake([10, 5, 0]);
    indexing.postpone(store);
    await vi.advanceTimersByTimeAsync(250);
    indexing.postpone(store);
    await vi.advanceTimersByTimeAsync(249);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(calls).toHaveLength(3);
  });

  test("is put off by a busy store until the next pause", async () => {
    const { calls, lines, store, indexing } = fake([new StoreError("store-busy", "busy"), 0]);
    indexing.postpone(store);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toHaveLength(1);
    expect(lines.join("")).toContain("put off");
    indexing.postpone(store);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toHaveLength(2);
  });

  test("never begins on a store that cannot be written, nor after the end", async () => {
    const readonly = fake([1], true);
    readonly.indexing.postpone(readonly.store);
    const ended = fake([1]);
    ended.indexing.postpone(ended.store);
    await ended.indexing.stop();
    ended.indexing.postpone(ended.store);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([...readonly.calls, ...ended.calls]).toEqual([]);
  });
});

test("what was committed is found by search without having waited for the index", async () => {
  const made = services();
  const engine = await made.engineFor({});
  await commit(engine, { items: [{ content: "a needle in the haystack" }] });
  await vi.waitFor(
    async () => {
      const hits = await engine.store.search("default", { terms: ["needle"], limit: 5, offset: 0 });
      expect(hits).toHaveLength(1);
    },
    { timeout: 5_000 },
  );
});
