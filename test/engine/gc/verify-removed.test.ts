/** Verify after gc: what was removed is accepted because the ledger tells of it, and for no other reason. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { monotonicFactory } from "ulid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createEngine, type Engine } from "../../../src/engine/engine.ts";
import { gc } from "../../../src/engine/gc/gc.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import type { Problem } from "../../../src/engine/ledger/findings.ts";
import { type VerifyRequest, verify } from "../../../src/engine/ledger/verify.ts";
import { search } from "../../../src/engine/search/search.ts";
import { openStore } from "../../../src/storage/open-store.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { TEST_SCOPE } from "../../support/engine.ts";
import { say } from "../../support/history.ts";

let folder: string;
let original: string;
let removed: readonly Hash[];
let last: Hash;
let copies = 0;

async function onFile<Result>(file: string, act: (engine: Engine) => Promise<Result>): Promise<Result> {
  const store = await openStore(file, { durability: "normal" });
  let now = Date.UTC(2026, 0, 1);
  const newId = monotonicFactory(() => 0.5);
  const engine = createEngine({
    store,
    clock: () => now++,
    newId: () => newId(now),
    pause: async () => {},
    scope: TEST_SCOPE,
  });
  try {
    return await act(engine);
  } finally {
    await store.close();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tract-removed-"));
  original = join(folder, "original.db");
  await onFile(original, async (engine) => {
    await commit(engine, { items: [{ content: "one" }, { content: "two" }] });
    await createBranch(engine, { name: "attempt", from: "main", switch: true });
    const made = await commit(engine, {
      items: [{ content: "three" }, { content: "four" }, { content: "five" }],
    });
    removed = made.commits.map(({ hash }) => hash);
    await annotate(engine, { refs: ["HEAD"], priority: "pinned" });
    await checkout(engine, { ref: "main" });
    await deleteBranch(engine, { name: "attempt", force: true });
    last = await say(engine, "six");
    await search(engine, { query: "one" });
    const limits = { ...engine.limits, gcSweepCommits: 2 };
    await gc({ ...engine, limits }, { dryRun: false, olderThanDays: 0, keepOperationsDays: 0 });
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function problemsAfter(
  change: (raw: Database.Database) => void,
  request: VerifyRequest = {},
): Promise<readonly Problem[]> {
  const copy = join(folder, `${++copies}.db`);
  await copyFile(original, copy);
  const raw = new Database(copy);
  raw.pragma("foreign_keys = OFF");
  change(raw);
  raw.close();
  return await onFile(copy, async (engine) => (await verify(engine, request)).problems);
}

it("accepts what gc removed", async () => {
  expect(await problemsAfter(() => {})).toEqual([]);
  expect(await problemsAfter(() => {}, { since: "2026-01-01T00:00:00.010Z" })).toEqual([]);
  expect(await problemsAfter(() => {}, { repair: true })).toEqual([]);
});

it("finds a note of a removal that the ledger does not tell of", async () => {
  const forged = "f".repeat(64);
  const found = await problemsAfter((raw) =>
    raw.prepare("INSERT INTO collected_commits SELECT 1000, id, unhex(?) FROM tracts").run(forged),
  );
  expect(found).toMatchObject([{ kind: "commit", what: "unlinked", field: "collected", hash: forged }]);
});

it("finds a commit that was taken away and noted as removed", async () => {
  const found = await problemsAfter((raw) =>
    raw.exec(`INSERT INTO collected_commits SELECT id, tract_id, hash FROM commits WHERE hash = x'${last}';
      DELETE FROM commits WHERE hash = x'${last}'; DELETE FROM search_commits WHERE commit_id = (SELECT max(id) FROM collected_commits)`),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ kind: "commit", what: "unlinked", field: "collected", hash: last }),
  );
});

it("finds one note put in the place of another, although their number is right", async () => {
  const found = await problemsAfter((raw) =>
    raw.exec(
      `UPDATE collected_commits SET hash = (SELECT hash FROM collected_commits WHERE hash = x'${removed[1]}') WHERE hash = x'${removed[0]}'`,
    ),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ what: "missing", field: "collected", hash: removed[0] }),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ what: "unlinked", field: "collected", hash: removed[1] }),
  );
});

it("finds that a note is gone", async () => {
  const found = await problemsAfter((raw) =>
    raw.exec(`DELETE FROM collected_commits WHERE hash = x'${removed[2]}'`),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ kind: "commit", what: "missing", field: "collected", hash: removed[2] }),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ kind: "commit", what: "missing", field: "results", hash: removed[2] }),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ kind: "annotation", what: "missing", field: "commit" }),
  );
});

it("finds a removed commit that shares its id with one that is there", async () => {
  const found = await problemsAfter((raw) =>
    raw.exec(`UPDATE collected_commits SET id = 1 WHERE hash = x'${removed[1]}'`),
  );
  expect(found).toContainEqual(expect.objectContaining({ kind: "database", what: "changed" }));
});

it("finds a content that is gone, whatever gc removed", async () => {
  const found = await problemsAfter((raw) => raw.exec("DELETE FROM contents WHERE id = 1"));
  expect(found).toContainEqual(
    expect.objectContaining({ kind: "commit", what: "missing", field: "content" }),
  );
});

it("finds an entry of gc that was changed", async () => {
  const found = await problemsAfter((raw) => {
    raw.exec("DROP TRIGGER ledger_no_update");
    raw.exec("UPDATE ledger SET reason = 'Removed 1 commits' WHERE reason LIKE 'Removed %'");
  });
  expect(found).toContainEqual(expect.objectContaining({ kind: "ledger", what: "changed", field: "body" }));
});
