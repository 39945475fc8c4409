/** Finds what gc may remove: everything of a tract that nothing leads to, in short reads between which others get their turn. */
import type { Garbage, GarbageRoot, GarbageRule } from "../garbage.ts";
import { keyOf, toIso } from "./codec.ts";
import { findCandidates } from "./collect-candidates.ts";
import { ledgerEnds } from "./collect-ledger.ts";
import {
  keepMoved,
  keepNamed,
  keepPlans,
  keepRecords,
  keepRefs,
  keepTips,
  keepUsed,
  OPERATIONS_AT_ONCE,
  operationKinds,
  readNaming,
} from "./collect-roots.ts";
import {
  type Collection,
  collections,
  collectRule,
  countSweeps,
  type Read,
  type Watermarks,
} from "./collect-state.ts";
import { type Database, findTractId } from "./database.ts";
import { EVERYDAY_OPERATION } from "./interned.ts";
import { OPERATION_TIMES, timeBracket } from "./time-bracket.ts";

const NOTHING_KEPT: Readonly<Record<GarbageRoot, number>> = {
  refs: 0,
  plans: 0,
  records: 0,
  relations: 0,
  operations: 0,
  recent: 0,
  links: 0,
  newest: 0,
};

export async function findGarbage(
  read: Read,
  tract: string,
  rule: GarbageRule,
  rest: () => Promise<void>,
): Promise<Garbage> {
  const collection = await read((database) => begin(database, tract, rule));
  const kept = { ...NOTHING_KEPT };
  if (collection === null)
    return { tract, commits: 0, contents: 0, bytes: 0, oldest: null, newest: null, kept };
  const step: Read = async (work) => {
    await rest();
    return await read(work);
  };
  kept.refs = await step((database) => keepRefs(database, collection));
  kept.plans = await step((database) => keepPlans(database, collection));
  kept.records = await keepAllRecords(step, collection);
  kept.relations = await keepRelations(step, collection);
  const { recent, operations } = await keepYoung(step, collection);
  const { links, newest, oldestAt, newestAt, ...amounts } = await findCandidates(step, collection);
  const garbage: Garbage = {
    tract,
    ...amounts,
    oldest: oldestAt === null ? null : toIso(oldestAt),
    newest: newestAt === null ? null : toIso(newestAt),
    kept: { ...kept, operations, recent, links, newest },
  };
  collections.set(garbage, collection);
  return garbage;
}

function begin(database: Database, tract: string, rule: GarbageRule): Collection | null {
  const tractId = findTractId(database, tract);
  if (tractId === null) return null;
  return {
    tract,
    tractId,
    rule: collectRule(rule),
    reach: new Map(),
    seen: watermarks(database, tractId),
    sweeps: countSweeps(database),
    candidates: new Float64Array(),
    left: 0,
    names: new Uint32Array(),
  };
}

function watermarks(database: Database, tractId: number): Watermarks {
  return {
    commitId: database.sql<[number | null]>("SELECT max(id) FROM commits").get()?.[0] ?? 0,
    operations: new Map(database.sql<[number, number]>("SELECT id, operation_sequence FROM tracts").all()),
    recordKey:
      database
        .sql<[number | null]>("SELECT max(key) FROM compile_records WHERE key < +?")
        .get(keyOf(tractId + 1, 0))?.[0] ?? 0,
    ledger: ledgerEnds(database),
  };
}

const RECORDS_AT_ONCE = 5_000;

async function keepAllRecords(step: Read, collection: Collection): Promise<number> {
  let added = 0;
  const { recordKey } = collection.seen;
  for (let after = keyOf(collection.tractId, 0); after < recordKey; after += RECORDS_AT_ONCE) {
    const to = Math.min(after + RECORDS_AT_ONCE, recordKey);
    added += await step((database) => keepRecords(database, collection, after, to));
  }
  return added;
}

/** Of every tract: one may have taken commits from another. */
async function keepRelations(step: Read, collection: Collection): Promise<number> {
  const { relatingSince, relatingTypes } = collection.rule;
  let added = 0;
  for (const kind of await step((database) => operationKinds(database, relatingTypes)))
    for (let after: number | null = 0; after !== null; ) {
      const above: number = after;
      const page = await step((database) => {
        const rows = readNaming(
          database,
          `${kindCondition(kind)} AND o.key > +? AND o.created_at >= +?`,
          kind,
          above,
          relatingSince ?? Number.MIN_SAFE_INTEGER,
        );
        for (const row of rows) added += keepNamed(database, collection, row);
        return rows;
      });
      after = page.length < OPERATIONS_AT_ONCE ? null : (page.at(-1)?.[0] ?? null);
    }
  return added;
}

/** The index on kinds leaves the everyday one out. */
function kindCondition(kind: number): string {
  return kind === EVERYDAY_OPERATION
    ? "+o.kind_id = +?"
    : `o.kind_id = +? AND o.kind_id <> ${EVERYDAY_OPERATION}`;
}

async function keepYoung(
  step: Read,
  collection: Collection,
): Promise<{ readonly recent: number; readonly operations: number }> {
  const { rule, tractId } = collection;
  const { above, below } = await step((database) =>
    timeBracket(database, tractId, OPERATION_TIMES, { since: rule.operationsSince, until: null }),
  );
  let [recent, operations] = [0, 0];
  operations += await keepOfOperations(step, collection, above);
  operations += await step((database) => keepUsed(database, collection, { above, below }));
  for (let after: number | null = 0; after !== null; ) {
    const from: number = after;
    const tips = await step((database) =>
      keepTips(database, collection, { after: from, above: above - keyOf(tractId, 0) }),
    );
    operations += tips.made;
    recent += tips.recent;
    after = tips.next;
  }
  return { recent, operations };
}

/** Operations looked at in one read, plain ones among them. */
const KEYS_AT_ONCE = 5_000;

/** What young operations named and moved. Of plain ones the commits that they made tell. */
async function keepOfOperations(step: Read, collection: Collection, above: number): Promise<number> {
  const { rule, seen, tractId } = collection;
  const last = keyOf(tractId, seen.operations.get(tractId) ?? 0);
  const plain = JSON.stringify(await step((database) => operationKinds(database, rule.plainTypes)));
  let added = 0;
  for (let after = above; after < last; ) {
    const to = Math.min(after + KEYS_AT_ONCE, last);
    const from = after;
    after = await step((database) => {
      const rows = readNaming(
        database,
        "o.key > +? AND o.key <= +? AND o.created_at >= +? AND o.kind_id NOT IN (SELECT value FROM json_each(?))",
        from,
        to,
        rule.operationsSince,
        plain,
      );
      for (const row of rows)
        added += keepNamed(database, collection, row) + keepMoved(database, collection, row);
      return rows.length < OPERATIONS_AT_ONCE ? to : (rows.at(-1)?.[0] ?? to);
    });
  }
  return added;
}
