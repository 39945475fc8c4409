/** Reading and writing what APIs reported: a row at the place of the commit, sealed, because no hash covers it. */
import { hash } from "node:crypto";
import type { Hash, UsageRecord } from "../records.ts";
import { toIso, toMilliseconds } from "./codec.ts";
import type { Database } from "./database.ts";
import { findTractId } from "./database.ts";
import type { Writing } from "./publish.ts";
import { findPlace, firstParentSpans, hasMerges } from "./reach.ts";
import { requirePlace } from "./write-commits.ts";

/** The columns of a report in the order in which its seal covers them. */
type UsageRow = [
  commit: Hash,
  promptTokens: number,
  completionTokens: number,
  annotationSequence: number,
  createdAt: number,
];
const COLUMNS =
  "lower(hex(c.hash)), u.prompt_tokens, u.completion_tokens, u.annotation_sequence, u.created_at";
const JOIN = "usages u JOIN commits c ON c.lineage_id = u.lineage_id AND c.generation = u.generation";

function sealUsage(row: UsageRow): string {
  return hash("sha256", `tract.usage.v1\n${JSON.stringify(row)}`, "hex");
}

/** After the annotations of the same change. */
export function writeUsages(writing: Writing): void {
  const { change, database, tract } = writing;
  for (const { commit, promptTokens, completionTokens, createdAt } of change.usages) {
    const { lineage, generation } = requirePlace(writing, commit);
    const time = toMilliseconds(createdAt);
    const sequence = tract.annotationSequence;
    database
      .sql(
        `INSERT INTO usages (lineage_id, generation, prompt_tokens, completion_tokens, annotation_sequence, created_at, seal)
         VALUES (?, ?, ?, ?, ?, ?, unhex(?))
         ON CONFLICT (lineage_id, generation) DO UPDATE SET prompt_tokens = excluded.prompt_tokens,
           completion_tokens = excluded.completion_tokens, annotation_sequence = excluded.annotation_sequence,
           created_at = excluded.created_at, seal = excluded.seal`,
      )
      .run(
        lineage,
        generation,
        promptTokens,
        completionTokens,
        sequence,
        time,
        sealUsage([commit, promptTokens, completionTokens, sequence, time]),
      );
  }
}

function toUsage([
  commit,
  promptTokens,
  completionTokens,
  annotationSequence,
  createdAt,
]: UsageRow): UsageRecord {
  return { commit, promptTokens, completionTokens, annotationSequence, createdAt: toIso(createdAt) };
}

export function findUsage(database: Database, tract: string, head: Hash): UsageRecord | null {
  const tractId = findTractId(database, tract);
  const place = tractId === null ? null : findPlace(database, tractId, head);
  if (place === null) return null;
  const nearest = database.sql<[...UsageRow, generation: number]>(
    `SELECT ${COLUMNS}, u.generation FROM ${JOIN} WHERE u.lineage_id = +? AND u.generation >= +? AND u.generation <= +?
     ORDER BY u.generation DESC LIMIT 1`,
  );
  for (const span of firstParentSpans(database, place).toReversed()) {
    const row = nearest.get(span.lineage, span.from, span.to);
    const later = row === undefined ? span : { ...span, from: row[5] + 1 };
    if (hasChange(database, later)) return null;
    if (row !== undefined) return toUsage([row[0], row[1], row[2], row[3], row[4]]);
  }
  return null;
}

/** True when something of a span is no plain append. */
function hasChange(
  database: Database,
  span: { readonly lineage: number; readonly from: number; readonly to: number },
): boolean {
  const { lineage, from, to } = span;
  const change = database.sql<[number]>(
    `SELECT 1 FROM commits INDEXED BY commits_change
     WHERE lineage_id = +? AND generation >= +? AND generation <= +? AND operation <> 0 LIMIT 1`,
  );
  return change.get(lineage, from, to) !== undefined || hasMerges(database, span);
}

export function readUsages(
  database: Database,
  tract: string,
  commits: readonly Hash[],
): readonly UsageRecord[] {
  const tractId = findTractId(database, tract);
  const statement = database.sql<UsageRow>(
    `SELECT ${COLUMNS} FROM commits c JOIN usages u ON u.lineage_id = c.lineage_id AND u.generation = c.generation
     WHERE c.tract_id = +? AND c.hash = unhex(?)`,
  );
  return commits.flatMap((commit) => {
    const row = tractId === null ? undefined : statement.get(tractId, commit);
    return row === undefined ? [] : [toUsage(row)];
  });
}

/** Names the reports of all tracts that are not what was written, or whose commit is gone. */
export function checkUsages(database: Database): readonly string[] {
  const page = database.sql<[...UsageRow, seal: string, lineage: number, generation: number]>(
    `SELECT ${COLUMNS}, lower(hex(u.seal)), u.lineage_id, u.generation FROM ${JOIN.replace("JOIN", "LEFT JOIN")}
     WHERE (u.lineage_id, u.generation) > (+?, +?) ORDER BY u.lineage_id, u.generation LIMIT ${CHECKED_AT_ONCE}`,
  );
  const findings: string[] = [];
  for (let [lineage, generation] = [-1, -1]; ; ) {
    const rows = page.all(lineage, generation);
    for (const row of rows) {
      [lineage, generation] = [row[6], row[7]];
      const [commit, promptTokens, completionTokens, annotationSequence, createdAt, seal] = row;
      const isSound =
        sealUsage([commit, promptTokens, completionTokens, annotationSequence, createdAt]) === seal;
      if (commit === ("" as Hash)) findings.push(`a usage report names a commit that is missing`);
      else if (!isSound) findings.push(`the usage report of commit ${commit} is not what was written`);
    }
    if (rows.length < CHECKED_AT_ONCE) return findings;
  }
}

const CHECKED_AT_ONCE = 1_000;
