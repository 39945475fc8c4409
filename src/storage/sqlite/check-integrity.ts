/** What is wrong with the file beyond what can be made again: SQLite's own checks, and what rows of this backend must agree on. */
import { checkSchema } from "./check-schema.ts";
import { checkCollected } from "./collect-reads.ts";
import { checkCompileRecords } from "./compile-seals.ts";
import type { Connection } from "./connection.ts";
import type { Database } from "./database.ts";
import { checkPlans } from "./plans.ts";
import { checkUsages } from "./usages.ts";

const FINDINGS_MAX = 100;

export function checkIntegrity(database: Database, openMemory: () => Connection): readonly string[] {
  refreshSearchIndex(database);
  const own = database
    .sql<[string]>(`PRAGMA integrity_check(${FINDINGS_MAX})`)
    .all()
    .map(([finding]) => finding)
    .filter((finding) => finding !== "ok");
  const schema = checkSchema(database, openMemory);
  const findings = [
    ...own,
    ...schema.filter(({ mend }) => mend === null).map(({ detail }) => detail),
    // Without its tables there is nothing more to compare.
    ...(schema.some(({ type }) => type === "table")
      ? []
      : [
          ...checkReferences(database),
          ...checkRanges(database),
          ...checkMoves(database),
          ...checkMerges(database),
          ...checkPlans(database),
          ...checkUsages(database),
          ...checkCollected(database),
        ]),
    ...(schema.some(({ name }) => name === "compile_records" || name === "compile_counts")
      ? []
      : checkCompileRecords(database)),
  ];
  return findings.slice(0, FINDINGS_MAX);
}

/**
 * FTS5 remembers of what parts its index is made, and looks whether another connection has merged them since only when the table is read: the
 * check of SQLite does not count as that, and would call a sound index damaged.
 */
function refreshSearchIndex(database: Database): void {
  try {
    database.sql("SELECT rowid FROM search_index LIMIT 1").get();
  } catch {
    // Missing or damaged: the checks after this one say so.
  }
}

function checkReferences(database: Database): readonly string[] {
  return database
    .sql<[string, string, number]>(
      // What is told of a commit stays when gc removes it.
      `SELECT "table", parent, count(*) FROM pragma_foreign_key_check f
       WHERE NOT ("table" = 'annotations' AND parent = 'commits'
         AND EXISTS (SELECT 1 FROM annotations a JOIN collected_commits g ON g.id = a.commit_id WHERE a.key = f.rowid))
       GROUP BY 1, 2`,
    )
    .all()
    .map(([table, parent, count]) => `${count} rows of ${table} point to rows of ${parent} that are missing`);
}

/** Which ledger entries an operation's write made: its own is among them, and no other write's are. */
function checkRanges(database: Database): readonly string[] {
  const outside = database.sql<[number]>(
    `SELECT o.key FROM ledger l JOIN operations o ON o.key = ((l.key >> 32) << 32) + l.operation_sequence
     WHERE l.operation_sequence IS NOT NULL
       AND NOT (l.key & 0xffffffff BETWEEN o.ledger_from + 1 AND o.ledger_from + o.ledger_count)`,
  );
  const overlapping = database.sql<[number]>(
    `SELECT o.key FROM (
       SELECT key, ledger_from, ledger_from + ledger_count AS ledger_to,
         lag(ledger_from + ledger_count, 1, 0) OVER (PARTITION BY key >> 32 ORDER BY key) AS ledger_before FROM operations
     ) o JOIN tracts t ON t.id = o.key >> 32 WHERE o.ledger_from < o.ledger_before OR o.ledger_to > t.ledger_sequence`,
  );
  const wrong = new Set([...outside.all(), ...overlapping.all()].map(([key]) => key % 2 ** 32));
  return [...wrong].map(
    (sequence) => `operation ${sequence} counts other ledger entries as its own than its write made`,
  );
}

/**
 * Every move of a ref starts where the one before it ended. Only for the moves that are no part of an operation: of the others its ledger
 * entry tells.
 */
function checkMoves(database: Database): readonly string[] {
  return database
    .sql<[number, string]>(
      `SELECT DISTINCT operation_sequence, name FROM (
         SELECT m.*, r.name, lag(m.position) OVER moves AS was_position, lag(m.after_set) OVER moves AS was_set,
           lag(m.after_commit) OVER moves AS was_commit, lag(m.after_branch) OVER moves AS was_branch, lag(m.after_note) OVER moves AS was_note
         FROM ref_moves m JOIN refs r ON r.id = m.ref_id WHERE m.ref_id IN (SELECT ref_id FROM ref_moves WHERE position < 0)
         WINDOW moves AS (PARTITION BY m.ref_id ORDER BY m.operation_sequence, m.position)
       ) WHERE (position < 0 OR was_position < 0)
         AND (before_set IS NOT coalesce(was_set, 0) OR before_commit IS NOT was_commit OR before_branch IS NOT was_branch
           OR before_note IS NOT was_note)
       LIMIT ${FINDINGS_MAX}`,
    )
    .all()
    .map(
      ([sequence, name]) =>
        `the move of ${JSON.stringify(name)} with operation ${sequence} does not start where the one before ended`,
    );
}

/** The further parents of a merge are numbered from 1. */
function checkMerges(database: Database): readonly string[] {
  const wrong =
    database
      .sql<[number]>(
        `SELECT count(*) FROM (SELECT 1 FROM commit_parents GROUP BY lineage_id, generation HAVING min(position) <> 1 OR max(position) <> count(*))`,
      )
      .get()?.[0] ?? 0;
  return wrong === 0 ? [] : [`the parents of ${wrong} merges are not numbered as they were written`];
}
