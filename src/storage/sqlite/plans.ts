/** Reading and writing plans, which wait for summaries or for approval. */
import { StoreConflict } from "../errors.ts";
import type { Hash, PlanRecord, PlanState } from "../records.ts";
import { packPayload, parseObject, toIso, toMilliseconds, unpackPayload } from "./codec.ts";
import { type Database, findTractId } from "./database.ts";
import type { Writing } from "./publish.ts";
import { packUlid, ulidsFrom, unpackUlid } from "./ulid.ts";

/** In the order of their codes. */
const STATES: readonly PlanState[] = ["pending", "applied", "rejected", "expired"];

export interface PackedPlan {
  readonly plan: PlanRecord;
  readonly id: Uint8Array;
  readonly body: string | Uint8Array;
}

export function packPlans(plans: readonly PlanRecord[]): readonly PackedPlan[] {
  return plans.map((plan) => {
    const id = packUlid(plan.id);
    if (id === null) throw new TypeError("the id of a plan must be a ULID");
    return { plan, id, body: packPayload(JSON.stringify(plan.body)) };
  });
}

/** A plan of the same id keeps its row, and so its place among the others. */
export function writePlans({ database, tract }: Writing, plans: readonly PackedPlan[]): void {
  for (const { plan, id, body } of plans) {
    const { changes } = database
      .sql(
        `INSERT INTO plans (tract_id, plan_id, kind, state, branch, head, author_id, created_at, updated_at, body)
         VALUES (?, ?, ?, ?, ?, unhex(?), ?, ?, ?, ?)
         ON CONFLICT (tract_id, plan_id) DO UPDATE SET kind = excluded.kind, state = excluded.state, branch = excluded.branch,
           head = excluded.head, author_id = excluded.author_id, created_at = excluded.created_at, updated_at = excluded.updated_at,
           body = excluded.body
         WHERE plans.state = ${STATES.indexOf("pending")}`,
      )
      .run(
        tract.id,
        id,
        plan.kind,
        STATES.indexOf(plan.state),
        plan.branch,
        plan.head,
        database.interned.authors.idOf(plan.author),
        toMilliseconds(plan.createdAt),
        toMilliseconds(plan.updatedAt),
        body,
      );
    if (Number(changes) === 0) throw new StoreConflict({ what: "plan", id: plan.id });
  }
}

type PlanRow = [
  id: string,
  kind: string,
  state: number,
  branch: string,
  head: Hash,
  author: number,
  createdAt: number,
  updatedAt: number,
  body: string | Uint8Array,
];
const PLANS =
  "SELECT hex(plan_id), kind, state, branch, lower(hex(head)), author_id, created_at, updated_at, body FROM plans";

function toPlan(database: Database, row: PlanRow): PlanRecord {
  return {
    id: unpackUlid(row[0]),
    kind: row[1],
    state: STATES[row[2]] ?? "pending",
    branch: row[3],
    head: row[4],
    body: parseObject(unpackPayload(row[8])) ?? {},
    author: database.interned.authors.find(row[5]) ?? { kind: "user", name: null, session_id: null },
    createdAt: toIso(row[6]),
    updatedAt: toIso(row[7]),
  };
}

const ID_PREFIX_MIN = 8;

export function findPlan(database: Database, tract: string, id: string): PlanRecord | null {
  // The range of a whole id holds that id alone.
  const range = id.length < ID_PREFIX_MIN ? null : ulidsFrom(id);
  if (range === null) return null;
  const [only, other] = database
    .sql<PlanRow>(`${PLANS} WHERE tract_id = +? AND plan_id >= +? AND plan_id <= +? LIMIT 2`)
    .all(findTractId(database, tract), ...range);
  return only === undefined || other !== undefined ? null : toPlan(database, only);
}

export function listPlans(
  database: Database,
  tract: string,
  { state, limit }: { readonly state?: PlanState; readonly limit: number },
): readonly PlanRecord[] {
  if (limit <= 0) return [];
  const ofState = state === undefined ? "" : " AND state = +?";
  return database
    .sql<PlanRow>(`${PLANS} WHERE tract_id = +?${ofState} ORDER BY id DESC LIMIT +?`)
    .all(findTractId(database, tract), ...(state === undefined ? [] : [STATES.indexOf(state)]), limit)
    .map((row) => toPlan(database, row));
}

/** Names the plans of all tracts that can no longer be read. Nothing proves what they said: a plan is no evidence. */
export function checkPlans(database: Database): readonly string[] {
  const page = database.sql<[...PlanRow, key: number]>(
    PLANS.replace(" FROM", ", id FROM").concat(` WHERE id > +? ORDER BY id LIMIT ${CHECKED_AT_ONCE}`),
  );
  const findings: string[] = [];
  for (let after = 0; ; ) {
    const rows = page.all(after);
    for (const row of rows) {
      after = row[9];
      if (!isReadable(database, row)) findings.push(`plan ${after} cannot be read`);
    }
    if (rows.length < CHECKED_AT_ONCE) return findings;
  }
}

const CHECKED_AT_ONCE = 100;

function isReadable(database: Database, row: readonly unknown[]): boolean {
  try {
    const plan = toPlan(database, row.slice(0, 9) as PlanRow); // The columns of a plan, without the row's own id.
    return plan.id !== "" && STATES[row[2] as number] !== undefined && typeof plan.body === "object";
  } catch {
    return false;
  }
}
