/** Damage done to the file behind Tract's back: each kind is found and named (spec 4.6, 7.3). */
import type Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { type DamagedStores, makeDamagedStores } from "../../support/damaged-store.ts";

let stores: DamagedStores;
beforeAll(async () => {
  stores = await makeDamagedStores();
});
afterAll(() => stores.remove());

type Damage = string | ((raw: Database.Database) => void);

/** The problems after some SQL has been run on the file, each as "kind what field". */
async function problemsAfter(damage: Damage): Promise<readonly string[]> {
  const change =
    typeof damage === "string" ? (raw: Database.Database): void => void raw.exec(damage) : damage;
  const { ok, problems } = await stores.verifyAfter(change);
  expect(ok).toBe(false);
  return problems.map(({ kind, what, field }) => `${kind} ${what} ${field ?? "-"}`);
}

/** What was done, and all that verify must say of it. */
const NAMED: readonly (readonly [what: string, damage: Damage, problems: readonly string[]])[] = [
  [
    "a flipped letter in a body",
    "UPDATE contents SET body = replace(body, 'Be', 'We') WHERE id = 1",
    ["content changed body"],
  ],
  [
    "a body with other spacing",
    "UPDATE contents SET body = replace(body, ',', ', ') WHERE id = 1",
    ["content changed body"],
  ],
  [
    "a body that is no JSON",
    "UPDATE contents SET body = substr(body, 2) WHERE id = 1",
    ["content changed body"],
  ],
  [
    "a flipped byte in a packed body",
    (raw) => {
      const row = raw.prepare("SELECT id, body FROM contents WHERE typeof(body) = 'blob'").get() as {
        id: number;
        body: Buffer;
      };
      const body = Buffer.from(row.body);
      body[20] = (body[20] ?? 0) ^ 1;
      raw.prepare("UPDATE contents SET body = ? WHERE id = ?").run(body, row.id);
    },
    ["content unreadable -"],
  ],
  [
    "a deleted content",
    "DELETE FROM contents WHERE id = 2",
    ["database changed -", "commit missing content"],
  ],
  ["another message", "UPDATE commits SET message = 'other' WHERE id = 1", ["commit changed message"]],
  ["other metadata", "UPDATE commits SET metadata = '{\"k\":2}' WHERE id = 2", ["commit changed hash"]],
  ["metadata that is no JSON", "UPDATE commits SET metadata = '{' WHERE id = 2", ["commit unreadable -"]],
  [
    "metadata that was not there",
    "UPDATE commits SET metadata = '{}' WHERE id = 1",
    ["commit changed metadata"],
  ],
  ["other labels", "UPDATE commits SET labels = '[\"m\"]' WHERE id = 2", ["commit changed hash"]],
  [
    "another time",
    "UPDATE commits SET created_at = created_at - 5 WHERE id = 5",
    ["commit changed created_at", "commit disordered created_at"],
  ],
  ["another content", "UPDATE commits SET content_id = 3 WHERE id = 2", ["commit changed hash"]],
  [
    "another number of tokens",
    "UPDATE commits SET tokens = tokens + 1 WHERE id = 6",
    ["commit changed tokens"],
  ],
  [
    "another edit target",
    "UPDATE commits SET edit_target = edit_target + 1 WHERE edit_target IS NOT NULL",
    ["commit changed hash"],
  ],
  [
    "a deleted edit target",
    "DELETE FROM commits WHERE id = (SELECT edit_target FROM commits WHERE edit_target IS NOT NULL)",
    ["commit missing edit_target"],
  ],
  [
    "another author",
    "UPDATE names SET identity = '[\"user\",\"Eve\",null]' WHERE kind = 'author'",
    ["commit changed hash"],
  ],
  [
    "a commit moved to another parent",
    "UPDATE commits SET lineage_id = lineage_id + 1 WHERE id = 1",
    ["commit missing parents"],
  ],
  [
    "a deleted commit in the middle",
    "DELETE FROM commits WHERE id = 4",
    ["commit missing parents", "commit missing results"],
  ],
  [
    "a deleted tip",
    "DELETE FROM commits WHERE id = (SELECT max(id) FROM commits)",
    ["commit missing results"],
  ],
  [
    "a commit that names another operation",
    "UPDATE commits SET operation_sequence = 1 WHERE id = 6",
    ["commit changed operation"],
  ],
  [
    "a deleted operation",
    "DELETE FROM operations WHERE key % 4294967296 = 3",
    ["operation missing -", "commit missing operation", "ledger unlinked submission_id"],
  ],
  [
    "the newest operation deleted",
    "DELETE FROM operations WHERE key = (SELECT max(key) FROM operations)",
    ["operation missing -"],
  ],
  [
    "another time of an operation",
    "UPDATE operations SET created_at = created_at + 1 WHERE key % 4294967296 = 3",
    ["operation changed created_at"],
  ],
  [
    "an operation marked as undone",
    "UPDATE operations SET undone = 1 WHERE key % 4294967296 = 3",
    ["operation changed undone"],
  ],
  ["an undone operation not marked", "UPDATE operations SET undone = 0", ["operation changed undone"]],
  [
    "another result",
    (raw) => setFirstByte(raw, "operations", "results", "key % 4294967296 = 3"),
    ["commit missing results", "ledger changed body"],
  ],
  ["a ref put back", "UPDATE refs SET commit_id = commit_id - 1 WHERE name = 'main'", ["ref changed value"]],
  ["a deleted ref", "UPDATE refs SET is_set = 0 WHERE name = 'v1'", ["ref missing -"]],
  [
    "a ref made by hand",
    "INSERT INTO refs SELECT NULL, tract_id, kind, 'forged', 1, commit_id, NULL, NULL, updated_at FROM refs WHERE name = 'main'",
    ["ref unlinked -"],
  ],
  ["another note of a tag", "UPDATE refs SET note = 'second' WHERE name = 'v1'", ["ref changed value"]],
  ["a HEAD attached elsewhere", "UPDATE refs SET branch = 'main' WHERE kind = 2", ["ref changed value"]],
  [
    "another move of a ref",
    "UPDATE ref_moves SET after_commit = 1 WHERE operation_sequence = 3",
    ["operation changed ref_moves"],
  ],
  [
    "a deleted move of a ref",
    "DELETE FROM ref_moves WHERE operation_sequence = 3 AND position >= 0",
    ["operation changed ref_moves"],
  ],
  ["a renamed branch", "UPDATE refs SET name = 'mein' WHERE name = 'main'", ["operation changed ref_moves"]],
  ["a deleted annotation", "DELETE FROM annotations WHERE key % 4294967296 = 1", ["annotation missing -"]],
  [
    "an annotation of another commit",
    "UPDATE annotations SET commit_id = 1 WHERE key % 4294967296 = 1",
    ["annotation changed commit"],
  ],
  [
    "an annotation of no commit",
    "UPDATE annotations SET commit_id = 999 WHERE key % 4294967296 = 1",
    ["annotation missing commit"],
  ],
  [
    "labels of an annotation that are no JSON",
    "UPDATE annotations SET labels = '[' WHERE key % 4294967296 = 1",
    ["annotation unreadable -"],
  ],
  [
    "another reason in the ledger",
    "UPDATE ledger SET reason = 'Nothing happened', reason_id = NULL WHERE key % 4294967296 = 3",
    ["ledger changed body"],
  ],
  [
    "another time in the ledger",
    "UPDATE ledger SET timestamp = timestamp + 1 WHERE key % 4294967296 = 3",
    ["ledger changed body"],
  ],
  [
    "another provenance",
    "UPDATE names SET identity = json_set(identity, '$.agent_id', 'eve') WHERE kind = 'provenance'",
    ["ledger changed body"],
  ],
  [
    "metadata of the ledger that is no JSON",
    "UPDATE ledger SET metadata = '{' WHERE key % 4294967296 = 1",
    ["ledger unreadable -"],
  ],
  [
    "another body hash",
    (raw) => setFirstByte(raw, "ledger", "body_hash", "key % 4294967296 = 3"),
    ["ledger changed body_hash"],
  ],
  [
    "another entry hash",
    (raw) => setFirstByte(raw, "ledger", "entry_hash", "key % 4294967296 = 3"),
    ["ledger changed entry_hash"],
  ],
  [
    "the newest entry hash changed",
    (raw) => setFirstByte(raw, "ledger", "entry_hash", "key = (SELECT max(key) FROM ledger)"),
    ["ledger changed entry_hash"],
  ],
  [
    "a deleted entry in the middle",
    "DELETE FROM ledger WHERE key % 4294967296 = 3",
    ["ledger missing -", "operation unlinked ledger"],
  ],
  ["the first entry deleted", "DELETE FROM ledger WHERE key % 4294967296 = 1", ["ledger missing -"]],
  ["a cut tail", "DELETE FROM ledger WHERE key % 4294967296 > 10", ["ledger missing -"]],
  [
    "a cut tail, and the tract's count with it",
    "DELETE FROM ledger WHERE key % 4294967296 > 10; UPDATE tracts SET ledger_sequence = 10",
    ["tract changed ledger_head"],
  ],
  [
    "a shorter count with the entries still there",
    "UPDATE tracts SET ledger_sequence = 10, ledger_head = (SELECT entry_hash FROM ledger WHERE key % 4294967296 = 10)",
    ["tract changed ledger_sequence"],
  ],
  [
    "two entries swapped",
    "UPDATE ledger SET key = -key WHERE key % 4294967296 IN (3, 4); UPDATE ledger SET key = -key + CASE -key % 4294967296 WHEN 3 THEN 1 ELSE -1 END WHERE key < 0",
    ["ledger changed entry_hash"],
  ],
  [
    "another head of the ledger",
    (raw) => setFirstByte(raw, "tracts", "ledger_head", "1"),
    ["tract changed ledger_head"],
  ],
  ["another encoding of the tract", "UPDATE tracts SET encoding = 'cl100k_base'", ["tract changed encoding"]],
  [
    "another priority of one of several annotations",
    "UPDATE annotations SET priority = 0 WHERE key % 4294967296 = 2",
    ["annotation changed priority"],
  ],
  [
    "another reason of an annotation",
    "UPDATE annotations SET reason = 'wanted' WHERE key % 4294967296 = 1",
    ["annotation changed reason"],
  ],
  [
    "other labels of an annotation",
    "UPDATE annotations SET labels = '[\"y\"]' WHERE key % 4294967296 = 2",
    ["annotation changed labels"],
  ],
  [
    "an annotation that keeps its commit as long as nobody said",
    'UPDATE annotations SET retain = \'{"instructions":"all"}\' WHERE key % 4294967296 = 1',
    ["annotation changed retain"],
  ],
  [
    "another priority of all annotations of an operation",
    "UPDATE annotations SET priority = 0 WHERE reason IS NOT NULL",
    ["annotation changed state"],
  ],
  [
    "other arguments of an operation",
    "UPDATE operations SET params = '{\"a\":1}' WHERE params IS NOT NULL",
    ["operation changed record"],
  ],
  [
    "arguments of an operation that had none",
    "UPDATE operations SET params = '{\"a\":1}' WHERE key % 4294967296 = 3",
    ["operation changed params"],
  ],
  [
    "an idempotency key that was not given",
    "UPDATE operations SET idempotency_key = 'k' WHERE key % 4294967296 = 3",
    ["operation changed idempotency_key"],
  ],
  [
    "another author of an operation that made no commit",
    "INSERT INTO names (kind, identity) VALUES ('author', '[\"user\",\"Eve\",null]'); UPDATE operations SET author_id = (SELECT max(id) FROM names) WHERE key % 4294967296 = 8",
    ["operation changed record"],
  ],
  [
    "another place of an operation's ledger entries",
    "UPDATE operations SET ledger_from = ledger_from + 1 WHERE key % 4294967296 = 3",
    ["database changed -"],
  ],
  [
    "another number of an operation's ledger entries",
    "UPDATE operations SET ledger_count = 9 WHERE key % 4294967296 = 3",
    ["database changed -"],
  ],
  [
    "a worktree that was made with another branch",
    "UPDATE ref_moves SET before_set = 1, before_branch = 'side' WHERE position < 0",
    ["database changed -"],
  ],
  [
    "another field of a compile record",
    "UPDATE compile_records SET token_count = token_count + 1 WHERE key % 4294967296 = 1",
    ["database changed -"],
  ],
  [
    "the first compile record deleted",
    "DELETE FROM compile_records WHERE key % 4294967296 = 1",
    ["database changed -"],
  ],
  [
    "the newest compile record deleted",
    "DELETE FROM compile_records WHERE key % 4294967296 = 2",
    ["database changed -"],
  ],
  [
    "an entry of the ledger replaced",
    "INSERT OR REPLACE INTO ledger SELECT key, kind_id, provenance_id, operation_sequence, timestamp, id, submission, 'Nothing happened', NULL, prompts, metadata, body_hash, entry_hash FROM ledger WHERE key % 4294967296 = 3",
    ["ledger changed body"],
  ],
  ["a table with another column", "ALTER TABLE content_types ADD COLUMN x TEXT", ["database changed -"]],
  ...["annotations", "commits", "contents", "ledger", "operations", "refs"].map(
    (table) => [`the table of ${table} gone`, `DROP TABLE ${table}`, ["database changed -"]] as const,
  ),
  [
    "a trigger that is not Tract's",
    "CREATE TRIGGER eve AFTER INSERT ON commits BEGIN DELETE FROM ledger; END",
    ["database changed -"],
  ],
  ["an index that is not that of its table", confuseIndex, ["database changed -"]],
];

/** Flips a bit of a blob. */
function setFirstByte(raw: Database.Database, table: string, column: string, where: string): void {
  const value = raw.prepare(`SELECT ${column} FROM ${table} WHERE ${where}`).pluck().get() as Buffer;
  const changed = Buffer.from(value);
  changed[0] = (changed[0] ?? 0) ^ 1;
  raw.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(changed);
}

/** Gives an index another order of columns than its rows are in. */
function confuseIndex(raw: Database.Database): void {
  raw.unsafeMode(true);
  raw.pragma("writable_schema = ON");
  raw.exec(
    "UPDATE sqlite_master SET sql = 'CREATE UNIQUE INDEX commits_hash ON commits (hash, tract_id)' WHERE name = 'commits_hash'",
  );
  raw.pragma("writable_schema = RESET");
}

describe("verify names", () => {
  for (const [what, damage, expected] of NAMED) {
    it(what, async () => {
      const problems = await problemsAfter(damage);
      expect(problems).toEqual(expect.arrayContaining([...expected]));
    });
  }

  it("the commit, the entry and the ref", async () => {
    const { problems } = await stores.verifyAfter((raw) =>
      raw.exec(
        "UPDATE commits SET message = 'other' WHERE id = 1; UPDATE ledger SET reason = 'x', reason_id = NULL WHERE key % 4294967296 = 3; UPDATE refs SET note = 'x' WHERE name = 'v1'",
      ),
    );
    const hash = await stores.onCopy(
      () => {},
      async ({ store }) => (await store.scanCommits("test", 0, 1)).rows[0]?.commit.hash,
    );
    expect(problems.map(({ kind, hash: of, sequence, name }) => [kind, of, sequence, name])).toEqual([
      ["ledger", null, 3, null],
      ["commit", hash, null, null],
      ["ref", null, null, "tag v1"],
    ]);
  });

  it("no stored content", async () => {
    const { problems } = await stores.verifyAfter((raw) =>
      raw.exec("UPDATE contents SET body = 'SECRET'; UPDATE commits SET message = 'SECRET'"),
    );
    expect(problems.length).toBeGreaterThan(5);
    expect(JSON.stringify(problems)).not.toContain("SECRET");
  });

  it("at most so many problems, and counts the rest", async () => {
    const result = await stores.onCopy(
      (raw) => raw.exec("UPDATE commits SET message = 'other'"),
      (engine) => verify({ ...engine, limits: { ...engine.limits, verifyProblemsMax: 3 } }),
    );
    expect([result.ok, result.problems.length, result.problemsOmitted]).toEqual([false, 3, 12]);
  });

  it("damage since a time only when it is that new", async () => {
    const damage = (raw: Database.Database): void =>
      void raw.exec("UPDATE commits SET message = 'other' WHERE id = 1");
    expect((await stores.verifyAfter(damage, { since: "2026-01-01" })).ok).toBe(false);
    expect((await stores.verifyAfter(damage, { since: "2026-01-01T00:00:00.200Z" })).ok).toBe(true);
  });
});
