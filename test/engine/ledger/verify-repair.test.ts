/** Repairing: what only repeats other rows is made again, everything else is left as it is (spec 4.6). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { type DamagedStores, makeDamagedStores } from "../../support/damaged-store.ts";

let stores: DamagedStores;
beforeAll(async () => {
  stores = await makeDamagedStores();
});
afterAll(() => stores.remove());

/** Damage to what only repeats other rows, and how it is named when it is made again. */
const MENDED: readonly (readonly [what: string, damage: string, name: string, trigger?: string])[] = [
  ["a place of settings left out", "DELETE FROM config_commits", "config commits"],
  ["a place of settings too much", "INSERT INTO config_commits VALUES (1, 0)", "config commits"],
  ["a value of a generation config left out", "DELETE FROM config_values", "config values"],
  ["another value", "UPDATE config_values SET value = 'n'", "config values"],
  ["a value of another commit", "UPDATE config_values SET commit_id = commit_id + 1", "config values"],
  ["a dropped table of generation configs", "DROP TABLE config_values", "table config_values"],
  ["a dropped index of generated commits", "DROP INDEX commits_generated", "index commits_generated"],
  [
    "a use of a commit left out",
    "DELETE FROM operation_uses WHERE operation_key % 4294967296 = 8",
    "operation uses",
  ],
  [
    "a use of a commit too much",
    "INSERT INTO operation_uses SELECT zeroblob(32), max(key) FROM operations",
    "operation uses",
  ],
  ["another latest time", "UPDATE tracts SET operation_time = operation_time + 1", "tract times"],
  ["another skew", "UPDATE tracts SET ledger_skew = ledger_skew + 1", "tract times"],
  [
    "a search index that claims more",
    "UPDATE search_progress SET contents_to = 99, commits_to = 99",
    "search index",
  ],
  ["a content taken from the search index", "DELETE FROM search_index WHERE rowid = 1", "search index"],
  ["a commit taken from the search index", "DELETE FROM search_commits WHERE commit_id = 2", "search index"],
  ["a dropped index", "DROP INDEX annotations_commit", "index annotations_commit"],
  [
    "another index of the same name",
    "DROP INDEX commits_edit; CREATE INDEX commits_edit ON commits (message)",
    "index commits_edit",
  ],
  ["a dropped table of what is derived", "DROP TABLE config_commits", "table config_commits"],
  ["an update trigger left out", "SELECT 1", "trigger ledger_no_update", "ledger_no_update"],
  ["a delete trigger left out", "SELECT 1", "trigger ledger_no_delete", "ledger_no_delete"],
  ["a replace trigger left out", "SELECT 1", "trigger ledger_no_replace", "ledger_no_replace"],
];

describe("verify with repair makes again", () => {
  for (const [what, damage, name, trigger] of MENDED) {
    it(what, async () => {
      await stores.onCopy(
        (raw) => void raw.exec(damage),
        async (engine) => {
          const found = await verify(engine);
          expect(found.problems.map(({ kind, field }) => [kind, field])).toContainEqual([
            "database",
            "derived",
          ]);
          const entries = await engine.store.countLedger("test", {});
          const repaired = await verify(engine, { repair: true });
          expect(repaired.problems).toEqual(found.problems);
          expect(repaired.repaired).toContain(name);
          expect(await engine.store.countLedger("test", {})).toBe(entries + 1);
          expect((await verify(engine)).problems).toEqual([]);
        },
        trigger,
      );
    });
  }

  it("nothing of a table that holds more than others say", async () => {
    await stores.onCopy(
      (raw) => void raw.exec("DROP TABLE compile_records"),
      async (engine) => {
        const { ok, repaired } = await verify(engine, { repair: true });
        expect([ok, repaired]).toEqual([false, ["search index"]]);
        expect((await verify(engine)).ok).toBe(false);
      },
    );
  });
});

describe("verify with repair", () => {
  it("leaves damage as it is and writes nothing to a damaged tract", async () => {
    await stores.onCopy(
      (raw) => raw.exec("UPDATE commits SET message = 'other' WHERE id = 1"),
      async (engine) => {
        const before = await engine.store.findTract("test");
        const first = await verify(engine, { repair: true });
        expect([first.ok, first.repaired]).toEqual([false, ["search index"]]);
        expect(await engine.store.findTract("test")).toEqual(before);
        expect((await verify(engine)).problems).toEqual(first.problems);
      },
    );
  });
});
