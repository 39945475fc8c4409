/** Finds the commits of a range that a stub names (spec 2.2, stage 7): both ends included, oldest first, a page at a time. */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { chainDistance } from "./chain-distance.ts";
import { linearize } from "./linearize.ts";
import type { RangeExpression } from "./range.ts";
import { resolveCommit } from "./revision.ts";
import { readSite } from "./snapshot.ts";

export interface RangeRequest {
  readonly range: RangeExpression;
  readonly branch: string | undefined;
  /** Commits of the range to leave out at its start. */
  readonly offset: number;
  readonly limit: number;
}

export interface RangePage {
  readonly hashes: readonly Hash[];
  /** Commits of the whole range. */
  readonly total: number;
}

/**
 * Reads a page of what stands from `from` to `to`. Along first parents it costs what the page costs, however long the range is; over merged
 * branches the order is that of compile behind HEAD, which is read for it.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` when `from` does not stand before `to`.
 */
export async function readRange(engine: Engine, request: RangeRequest): Promise<RangePage> {
  const { scope, store } = engine;
  const { range, branch, offset, limit } = request;
  const from = await resolveCommit(engine, { ref: range.from, branch });
  const to = await resolveCommit(engine, { ref: range.to, branch });
  const distance = await chainDistance(engine, from, to);
  if (distance === null) return await readOverMerges(engine, request, { from, to });
  const total = distance + 1;
  const count = Math.min(limit, total - offset);
  if (count <= 0) return { hashes: [], total };
  const newest = await store.readAncestor(scope.tract, to, distance - (offset + count - 1));
  const rows =
    newest === null
      ? []
      : await store.readLog(scope.tract, { head: newest, limit: count, firstParent: true });
  return { hashes: rows.map((row) => row.hash).reverse(), total };
}

/** A stub may span what came from several branches; then its ends are on no one chain. */
async function readOverMerges(
  engine: Engine,
  { branch, offset, limit }: RangeRequest,
  { from, to }: { readonly from: Hash; readonly to: Hash },
): Promise<RangePage> {
  const { scope, store } = engine;
  const { head } = await readSite(engine, { branch });
  const chain = head === null ? null : await store.readChain(scope.tract, head.hash);
  const order = head === null || chain === null ? [] : linearize(chain, head.hash);
  const hashes = order.map(({ commit }) => commit.hash);
  const [first, last] = [hashes.indexOf(from), hashes.indexOf(to)];
  if (first < 0 || last < first) throw await notInOrder(engine, from, to);
  return { hashes: hashes.slice(first, last + 1).slice(offset, offset + limit), total: last - first + 1 };
}

async function notInOrder({ scope, store }: Engine, from: Hash, to: Hash): Promise<TractError> {
  const isReversed = await store.isReachable(scope.tract, to, from);
  return new TractError(
    "invalid-argument",
    `the range ${from.slice(0, 12)}..${to.slice(0, 12)} does not go forward along one branch`,
    {
      hint: isReversed
        ? "Swap its ends: the older commit comes first."
        : "Name two commits of one branch, the older one first, and that branch as branch unless HEAD is on it; log shows them in order.",
      data: { from, to },
    },
  );
}
