/** A store with one of everything, and copies of it that somebody has changed behind Tract's back. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { monotonicFactory } from "ulid";
import { compile } from "../../src/engine/compile/compile.ts";
import { createEngine, type Engine, withScope } from "../../src/engine/engine.ts";
import { annotate } from "../../src/engine/history/annotate.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { checkout } from "../../src/engine/history/checkout.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { revealItem, summaryItem } from "../../src/engine/history/internal-items.ts";
import { isoNow } from "../../src/engine/history/publish.ts";
import { recordUsage } from "../../src/engine/history/record-usage.ts";
import { resolveCommit } from "../../src/engine/history/revision.ts";
import { createTag } from "../../src/engine/history/tag.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { type VerifyRequest, type VerifyResult, verify } from "../../src/engine/ledger/verify.ts";
import { search } from "../../src/engine/search/search.ts";
import { openStore } from "../../src/storage/open-store.ts";
import type { PlanRecord } from "../../src/storage/records.ts";
import { TEST_SCOPE } from "./engine.ts";
import { say } from "./history.ts";
import { mergeOf, publishItems } from "./publish-items.ts";

export interface DamagedStores {
  /** Verifies a copy of the store after `change` has been done to its file; the copy stays damaged, the original never is. */
  readonly verifyAfter: (
    change: (raw: Database.Database) => void,
    request?: VerifyRequest,
  ) => Promise<VerifyResult>;
  /** Runs `act` on a copy of the store after `change`; the named trigger stays away from it. */
  readonly onCopy: <Result>(
    change: (raw: Database.Database) => void,
    act: (engine: Engine) => Promise<Result>,
    withoutTrigger?: string,
  ) => Promise<Result>;
  /** Verifies a copy with one bit of the file changed; `at` is taken modulo its bytes that are not zero. */
  readonly verifyFlipped: (at: number, bit: number) => Promise<VerifyResult>;
  readonly remove: () => Promise<void>;
}

export async function makeDamagedStores(): Promise<DamagedStores> {
  const folder = await mkdtemp(join(tmpdir(), "tract-damaged-"));
  const original = join(folder, "original.db");
  await onFile(original, fill);
  let copies = 0;
  const onCopy: DamagedStores["onCopy"] = async (change, act, withoutTrigger) => {
    const copy = join(folder, `${++copies}.db`);
    await copyFile(original, copy);
    damage(copy, change, withoutTrigger);
    return await onFile(copy, act);
  };
  return {
    onCopy,
    verifyFlipped: async (at, bit) => {
      const copy = join(folder, `${++copies}.db`);
      const bytes = await readFile(original);
      const used = [...bytes.keys()].filter((place) => bytes[place] !== 0);
      const place = used[at % used.length] ?? 0;
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      await writeFile(copy, bytes);
      return await onFile(copy, (engine) => verify(engine));
    },
    verifyAfter: (change, request = {}) => onCopy(change, (engine) => verify(engine, request)),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Somebody with an SQLite shell: no trigger and no foreign key is in the way. */
function damage(file: string, change: (raw: Database.Database) => void, withoutTrigger?: string): void {
  const raw = new Database(file);
  raw.pragma("foreign_keys = OFF");
  const triggers = raw
    .prepare<[], { name: string; table: string; sql: string }>(
      "SELECT name, tbl_name AS \"table\", sql FROM sqlite_master WHERE type = 'trigger'",
    )
    .all();
  for (const { name } of triggers) raw.exec(`DROP TRIGGER ${name}`);
  change(raw);
  const isThere = raw.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  for (const { name, table, sql } of triggers)
    if (name !== withoutTrigger && isThere.get(table) !== undefined) raw.exec(sql);
  raw.close();
}

async function onFile<Result>(file: string, act: (engine: Engine) => Promise<Result>): Promise<Result> {
  const store = await openStore(`sqlite:${file}`, { durability: "normal" });
  let now = Date.UTC(2026, 0, 1);
  const clock = (): number => (now += 10);
  const ulid = monotonicFactory(() => 0.5);
  const parts = { store, clock, newId: () => ulid(clock()), pause: async () => {}, scope: TEST_SCOPE };
  try {
    return await act(createEngine(parts));
  } finally {
    await store.close();
  }
}

/** At least one row in each table that operations write to, and more than one of each kind of hash. */
async function fill(engine: Engine): Promise<void> {
  await say(engine, "Be helpful", { role: "system" });
  await commit(engine, {
    items: [
      { content: "one", labels: ["l"], metadata: { k: 1 }, generationConfig: { model: "m" } },
      { content: "two", role: "assistant", name: "Ada", message: "second" },
      { content: { content_type: "config", settings: { recent: 3 } } },
      {
        content: {
          content_type: "tool_io",
          tool_name: "t",
          direction: "call",
          payload: { a: [1] },
          call_id: "c",
        },
      },
    ],
  });
  await say(engine, `long ${"text ".repeat(3_000)}`);
  await say(engine, "uno", { editTarget: "HEAD~4" });
  await annotate(engine, {
    refs: ["HEAD~1", "HEAD~3"],
    priority: "pinned",
    reason: "needed",
    addLabels: ["x"],
  });
  await createBranch(engine, { name: "side", from: "HEAD~2" });
  await say(withScope(engine, { tool: { name: "commit", arguments: "" } }), "on the side", {
    branch: "side",
  });
  await createTag(engine, { name: "v1", ref: "HEAD", note: "first" });
  await checkout(engine, { ref: "side" });
  await say(engine, "to be undone", { priority: "important" });
  await undo(engine, {});
  await makeInternal(engine);
  await say(engine, "last");
  await search(engine, { query: "text" });
  await compile(engine, { record: true });
  await compile(engine, { record: true });
  await recordUsage(engine, { usage: { prompt_tokens: 1_000, completion_tokens: 20 } });
}

/** What compress and merge write: a summary that a reveal ends, a merge, another summary, tokens and a plan. */
async function makeInternal(engine: Engine): Promise<void> {
  const source = await resolveCommit(engine, { ref: "HEAD~1" });
  const tip = await say(engine, "to sum up");
  const summary = { sources: [source, tip], strategy: "summarize", text: "in short" };
  const now = isoNow(engine);
  const plan: PlanRecord = {
    id: engine.newId(),
    kind: "compress",
    state: "applied",
    branch: "side",
    head: tip,
    body: { sources: [source, tip] },
    author: engine.scope.author,
    createdAt: now,
    updatedAt: now,
  };
  await publishItems(
    engine,
    [
      summaryItem(engine, summary),
      (made) => revealItem(made[0]!.hash),
      await mergeOf(engine, "main"),
      summaryItem(engine, { ...summary, text: "shorter" }),
    ],
    {
      note: {
        sources: [source, tip],
        originalTokens: 100,
        compressedTokens: 7,
        evidence: { original_tokens: 100, compressed_tokens: 7 },
      },
      change: { plans: [plan] },
    },
  );
}
