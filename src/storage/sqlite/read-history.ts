/** Reading ancestry: what is behind a commit, how much of it, what two commits share, and which edits are in it. */
import type { CommitRecord, Hash } from "../records.ts";
import {
  COMMIT_OPERATIONS,
  PLACED_COLUMNS,
  PLACED_JOINS,
  type PlacedRow,
  toPlacedCommit,
} from "./commit-rows.ts";
import type { Database } from "./database.ts";
import { commonReach, findPlaceIn, firstParentSpans, reaches, reachOf, spansOf, tipsOf } from "./reach.ts";

export function isReachable(database: Database, tract: string, ancestor: Hash, descendant: Hash): boolean {
  const from = findPlaceIn(database, tract, descendant);
  const to = findPlaceIn(database, tract, ancestor);
  if (from === null || to === null) return false;
  if (from.lineage === to.lineage && to.generation <= from.generation) return true;
  // A child is always stored after its parents.
  return to.id <= from.id && reaches(reachOf(database, from), to);
}

export function countReachable(database: Database, tract: string, head: Hash, without?: Hash): number {
  const headPlace = findPlaceIn(database, tract, head);
  if (headPlace === null) return 0;
  const withoutPlace = without === undefined ? null : findPlaceIn(database, tract, without);
  const spans = spansOf(
    database,
    reachOf(database, headPlace),
    withoutPlace === null ? undefined : reachOf(database, withoutPlace),
  );
  return spans.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

export function readAncestor(database: Database, tract: string, commit: Hash, n: number): Hash | null {
  const start = findPlaceIn(database, tract, commit);
  if (start === null || n < 0) return null;
  const generation = start.generation - n;
  const span = firstParentSpans(database, start).find(
    ({ from, to }) => from <= generation && generation <= to,
  );
  if (span === undefined) return null;
  const row = database
    .sql<[Hash]>("SELECT lower(hex(hash)) FROM commits WHERE lineage_id = +? AND generation = +?")
    .get(span.lineage, generation);
  return row?.[0] ?? null;
}

export function readMergeBases(database: Database, tract: string, a: Hash, b: Hash): readonly Hash[] {
  const [one, other] = [findPlaceIn(database, tract, a), findPlaceIn(database, tract, b)];
  if (one === null || other === null) return [];
  const common = commonReach(reachOf(database, one), reachOf(database, other));
  const statement = database.sql<[id: number, createdAt: number, hash: Hash]>(
    "SELECT id, created_at, lower(hex(hash)) FROM commits WHERE lineage_id = +? AND generation = +?",
  );
  return tipsOf(database, common)
    .flatMap(({ lineage, generation }) => statement.all(lineage, generation))
    .sort((x, y) => y[1] - x[1] || y[0] - x[0])
    .map(([, , hash]) => hash);
}

export function readEdits(
  database: Database,
  tract: string,
  target: Hash,
  head: Hash,
): readonly CommitRecord[] {
  const targetPlace = findPlaceIn(database, tract, target);
  const headPlace = findPlaceIn(database, tract, head);
  if (targetPlace === null || headPlace === null) return [];
  const rows = database
    .sql<PlacedRow>(
      `SELECT ${PLACED_COLUMNS} FROM commits c ${PLACED_JOINS} WHERE c.edit_target = +? AND c.operation = +? ORDER BY c.id`,
    )
    .all(targetPlace.id, COMMIT_OPERATIONS.indexOf("edit"));
  if (rows.length === 0) return [];
  const reach = reachOf(database, headPlace);
  return rows
    .filter(([, lineage, generation]) => reaches(reach, { lineage, generation }))
    .map((row) => toPlacedCommit(database, row));
}
