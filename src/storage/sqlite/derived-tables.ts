/** Tables and columns that only repeat what other rows say, to find it sooner: checked against those rows, and filled again from them. */
import { keyOf, operationKeyOf } from "./codec.ts";
import { CONFIG_VALUES } from "./config-values.ts";
import type { Database } from "./database.ts";

/** Something that can be made again. */
export interface Derived {
  /** As verify names it when it was built anew. */
  readonly name: string;
  /** What it is read from, besides itself. */
  readonly tables: readonly string[];
  /** In a word what is wrong; null when it is sound. */
  readonly check: (database: Database) => string | null;
  /** null: by building the search index. */
  readonly rebuild: ((database: Database) => void) | null;
}

const CONFIG_COMMITS = `SELECT lineage_id, generation FROM commits
  WHERE kind_id IN (SELECT id FROM names WHERE kind = 'content' AND CASE WHEN json_valid(identity) THEN identity ->> 0 = 'config' END)`;

const configCommits: Derived = {
  name: "config commits",
  tables: ["commits", "names", "config_commits"],
  check: (database) => {
    const wrong = countOf(
      database,
      `SELECT (SELECT count(*) FROM (${CONFIG_COMMITS} EXCEPT SELECT lineage_id, generation FROM config_commits))
        + (SELECT count(*) FROM (SELECT lineage_id, generation FROM config_commits EXCEPT ${CONFIG_COMMITS}))`,
    );
    return wrong === 0 ? null : `${wrong} places in config_commits are not those of commits with settings`;
  },
  rebuild: (database) =>
    database.exec(`DELETE FROM config_commits;
      INSERT INTO config_commits (lineage_id, generation) ${CONFIG_COMMITS};`),
};

const configValues: Derived = {
  name: "config values",
  tables: ["commits", "config_values"],
  check: (database) => {
    const wrong = countOf(
      database,
      `SELECT (SELECT count(*) FROM (${CONFIG_VALUES} EXCEPT SELECT tract_id, field, value, commit_id FROM config_values))
        + (SELECT count(*) FROM (SELECT tract_id, field, value, commit_id FROM config_values EXCEPT SELECT * FROM (${CONFIG_VALUES})))`,
    );
    return wrong === 0 ? null : `${wrong} rows of config_values are not those of generation configs`;
  },
  rebuild: (database) =>
    database.exec(`DELETE FROM config_values;
      INSERT INTO config_values (tract_id, field, value, commit_id) ${CONFIG_VALUES};`),
};

const operationUses: Derived = {
  name: "operation uses",
  tables: ["commits", "operations", "operation_uses"],
  check: (database) => {
    const isThere = database.sql<[number]>(
      "SELECT 1 FROM operation_uses WHERE hash = +? AND operation_key = +?",
    );
    let expected = 0;
    let missing = 0;
    forEachUse(database, (hash, key) => {
      expected++;
      if (isThere.get(hash, key) === undefined) missing++;
    });
    const extra = (countOf(database, "SELECT count(*) FROM operation_uses") ?? 0) - (expected - missing);
    return missing + extra === 0
      ? null
      : `of operation_uses ${missing} rows are missing and ${extra} belong to no operation`;
  },
  rebuild: (database) => {
    database.exec("DELETE FROM operation_uses");
    const insert = database.sql("INSERT INTO operation_uses (hash, operation_key) VALUES (?, ?)");
    forEachUse(database, (hash, key) => void insert.run(hash, key));
  },
};

const OPERATIONS_PAGE = 1000;
const HASH_BYTES = 32;

/** Every commit that an operation names but did not make, as writeOperation notes it. */
function forEachUse(database: Database, visit: (hash: Uint8Array, key: number) => void): void {
  // Left out are those that name one commit, which they made: most of them.
  const page = database.sql<[key: number, tractId: number, results: Uint8Array, sources: Uint8Array]>(
    `SELECT key, tract_id, coalesce(results, x''), coalesce(sources, x'') FROM operations o
     WHERE key > +? AND NOT (sources IS NULL AND EXISTS (
       SELECT 1 FROM commits c WHERE c.tract_id = o.tract_id AND c.hash = o.results AND ${operationKeyOf("c")} = o.key))
     ORDER BY key LIMIT ${OPERATIONS_PAGE}`,
  );
  const maker = database.sql<[number]>(
    "SELECT operation_sequence FROM commits WHERE tract_id = +? AND hash = +?",
  );
  for (let after = 0; ; ) {
    const rows = page.all(after);
    for (const [key, tractId, results, sources] of rows) {
      const seen = new Set<string>();
      for (const hash of [...hashesOf(results), ...hashesOf(sources)]) {
        const hex = hash.toString("hex");
        if (seen.has(hex)) continue;
        seen.add(hex);
        const madeBy = maker.get(tractId, hash)?.[0];
        if (madeBy === undefined || keyOf(tractId, madeBy) !== key) visit(hash, key);
      }
      after = key;
    }
    if (rows.length < OPERATIONS_PAGE) return;
  }
}

function hashesOf(joined: Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(joined.buffer, joined.byteOffset, joined.byteLength);
  return Array.from({ length: Math.ceil(bytes.length / HASH_BYTES) }, (_, index) =>
    bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
}

/** The latest time of each tract's rows, and by how much a later row was ever earlier (time-bracket.ts). */
function timesOf(table: "operations" | "ledger", time: string, prefix: string): string {
  return `SELECT t.id, t.created_at AS made, max(t.created_at, coalesce(r.latest, t.created_at)) AS latest, max(0, coalesce(r.skew, 0)) AS skew
    FROM tracts t LEFT JOIN (
      SELECT tract, max(at) AS latest, max(max(started, coalesce(before, started)) - at) AS skew FROM (
        SELECT o.key >> 32 AS tract, o.${time} AS at, s.created_at AS started,
          max(o.${time}) OVER (PARTITION BY o.key >> 32 ORDER BY o.key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM ${table} o JOIN tracts s ON s.id = o.key >> 32
      ) GROUP BY tract
    ) r ON r.tract = t.id
    WHERE t.${prefix}_time IS NOT max(t.created_at, coalesce(r.latest, t.created_at)) OR t.${prefix}_skew IS NOT max(0, coalesce(r.skew, 0))`;
}
const OPERATION_TIMES = timesOf("operations", "created_at", "operation");
const LEDGER_TIMES = timesOf("ledger", "timestamp", "ledger");

const tractTimes: Derived = {
  name: "tract times",
  tables: ["tracts", "operations", "ledger"],
  check: (database) => {
    const wrong = countOf(
      database,
      `SELECT (SELECT count(*) FROM (${OPERATION_TIMES})) + (SELECT count(*) FROM (${LEDGER_TIMES}))`,
    );
    return wrong === 0
      ? null
      : "the latest times of a tract and their skew are not those of its operations and ledger entries";
  },
  rebuild: (database) =>
    database.exec(`UPDATE tracts SET operation_time = r.latest, operation_skew = r.skew FROM (${OPERATION_TIMES}) r WHERE r.id = tracts.id;
      UPDATE tracts SET ledger_time = r.latest, ledger_skew = r.skew FROM (${LEDGER_TIMES}) r WHERE r.id = tracts.id;`),
};

const searchIndex: Derived = {
  name: "search index",
  tables: ["contents", "commits", "search_index", "search_commits", "search_progress"],
  check: (database) => {
    const wrong = countOf(
      database,
      `SELECT (SELECT count(*) FROM contents k WHERE k.id <= p.contents_to AND NOT EXISTS (SELECT 1 FROM search_index_docsize d WHERE d.id = k.id))
         + (SELECT count(*) FROM search_index_docsize d WHERE d.id > p.contents_to)
         + (SELECT count(*) FROM commits c WHERE c.id <= p.commits_to AND c.content_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM search_commits s WHERE s.content_id = c.content_id AND s.commit_id = c.id))
         + (SELECT count(*) FROM search_commits s LEFT JOIN commits c ON c.id = s.commit_id
             WHERE s.commit_id > p.commits_to OR c.content_id IS NOT s.content_id)
         + (p.contents_to > (SELECT coalesce(max(id), 0) FROM contents)) + (p.commits_to > (SELECT coalesce(max(id), 0) FROM commits))
       FROM (SELECT 1) LEFT JOIN search_progress p`,
    );
    return wrong === 0 ? null : "the search index claims to hold other rows than it does";
  },
  rebuild: null,
};

/** null: the row that was to be counted from is missing. */
function countOf(database: Database, sql: string): number | null {
  return database.sql<[number | null]>(sql).get()?.[0] ?? null;
}

export const DERIVED: readonly Derived[] = [
  configCommits,
  configValues,
  operationUses,
  tractTimes,
  searchIndex,
];
