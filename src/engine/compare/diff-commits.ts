/** Which commits only one of two points in history has (spec 3.1). */
import type { Hash } from "../../storage/records.ts";
import { pageLimit } from "../cursor.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { type CommitEntry, commitEntries } from "../history/commit-entry.ts";
import type { CommitsDiff, DiffRequest } from "./diff.ts";
import { readEnds } from "./ends.ts";

/** @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` (limit, a cursor). */
export async function diffCommits(engine: Engine, request: DiffRequest): Promise<CommitsDiff> {
  const limit = pageLimit(engine.limits, request.limit);
  if (request.cursor !== undefined) throw noPages();
  const { a, b } = await readEnds(engine, request);
  const list = async (head: Hash | null, without: Hash | null): Promise<readonly CommitEntry[]> =>
    request.stat === true ? [] : await readOnly(engine, { head, without, limit });
  return {
    kind: "commits",
    a,
    b,
    totals: { onlyA: await countOnly(engine, a, b), onlyB: await countOnly(engine, b, a) },
    onlyA: await list(a, b),
    onlyB: await list(b, a),
  };
}

interface Side {
  readonly head: Hash | null;
  readonly without: Hash | null;
  readonly limit: number;
}

async function readOnly(engine: Engine, { head, without, limit }: Side): Promise<readonly CommitEntry[]> {
  if (head === null || head === without) return [];
  const rows = await engine.store.readLog(engine.scope.tract, {
    head,
    ...(without === null ? {} : { exclude: without }),
    firstParent: false,
    limit,
  });
  return await commitEntries(engine, rows);
}

async function countOnly({ scope, store }: Engine, head: Hash | null, without: Hash | null): Promise<number> {
  if (head === null || head === without) return 0;
  return await store.countReachable(scope.tract, head, without ?? undefined);
}

function noPages(): TractError {
  return new TractError("invalid-argument", "cursor: a diff of commits has no pages", {
    hint: "List the rest with log: ref a..b is what b has and a has not, with first_parent false.",
    data: { path: "cursor" },
  });
}
