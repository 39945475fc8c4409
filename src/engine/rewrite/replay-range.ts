/** Finds the commits that reorganize makes again, in linear order, and what they are to stand on (spec 3.4; spec 9, 19). */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { chainDistance } from "../history/chain-distance.ts";
import { coverageOf, isSummaryRow, readCoverage } from "../history/coverage.ts";
import { linearize } from "../history/linearize.ts";
import { resolveCommit } from "../history/revision.ts";
import { invariant } from "../invariant.ts";
import { invalidArgument, type NamedCommits, type ReorganizeRequest } from "./reorganize-request.ts";

export interface ReplayRange {
  /** null: the range begins with the first commit of all, and stays there. */
  readonly onto: CommitRecord | null;
  /** Behind the head, neither behind `onto` nor behind the old base; merges among them. */
  readonly rows: readonly ChainCommit[];
  /** Behind the old base and not behind `onto`: the branch loses sight of them. */
  readonly lost: readonly ChainCommit[];
  /** Behind `onto`, where a summary stands for them, which is not so at the head. */
  readonly covered: ReadonlySet<Hash>;
  /** The base, if it is the new one too and was merged in: the range then has commits that stood before it. */
  readonly mergedBase: Hash | null;
}

/**
 * @throws TractError `invalid-argument` (nothing asked for, a base or a named commit that is not in the branch's history, an onto that
 *   descends from the head), `not-found`, `ambiguous-ref`.
 */
export async function readReplayRange(
  engine: Engine,
  head: CommitRecord,
  request: ReorganizeRequest,
  named: NamedCommits,
): Promise<ReplayRange> {
  const { store, scope } = engine;
  const { branch } = request;
  if (request.onto === undefined && request.from === undefined && named.all.size === 0) throw nothingAsked();
  const onto =
    request.onto === undefined ? undefined : await resolveCommit(engine, { ref: request.onto, branch });
  if (onto !== undefined) await refuseDescendant(engine, onto, head);
  const from =
    request.from === undefined ? undefined : await resolveCommit(engine, { ref: request.from, branch });
  if (from !== undefined && !(await store.isReachable(scope.tract, from, head.hash)))
    throw invalidArgument("from", `is not in the history of the branch: ${from.slice(0, 12)}`, [from]);
  const base = from ?? onto ?? (await baseBefore(engine, head.hash, named));
  const target = onto ?? base;
  const behind = await store.readSide(scope.tract, head.hash, base);
  const isMoved = target !== null && target !== base;
  const there = isMoved ? await store.readSide(scope.tract, target, base) : [];
  const present = new Set(there.map(({ commit }) => commit.hash));
  const lost = isMoved && base !== null ? await store.readSide(scope.tract, base, target) : [];
  const rows = linearize(
    behind.filter(({ commit }) => !present.has(commit.hash)),
    head.hash,
  );
  const known = new Set(rows.map(({ commit }) => commit.hash));
  for (const [hash, path] of named.all)
    if (!known.has(hash))
      throw invalidArgument(
        path,
        `names commit ${hash.slice(0, 12)}, which is not among those that are made again`,
        [hash],
      );
  const hasMerges = rows.some(({ commit }) => commit.operation === "merge");
  const isAside =
    from !== undefined && !isMoved && hasMerges && (await chainDistance(engine, from, head.hash)) === null;
  const mergedBase = isAside ? from : null;
  const covered = onto === undefined ? NONE : await readCovered(engine, head.hash, onto, rows);
  return { onto: target === null ? null : await readOne(engine, target), rows, lost, covered, mergedBase };
}

const NONE: ReadonlySet<Hash> = new Set();

async function readCovered(
  engine: Engine,
  head: Hash,
  onto: Hash,
  rows: readonly ChainCommit[],
): Promise<ReadonlySet<Hash>> {
  const there = await engine.store.readSummaries(engine.scope.tract, onto);
  if (there.length === 0) return NONE;
  const { covers } = coverageOf([...there, ...rows.filter(isSummaryRow)]);
  const now = await readCoverage(engine, head);
  return new Set([...covers.keys()].filter((hash) => !now.covers.has(hash)));
}

async function readOne({ store, scope }: Engine, hash: Hash): Promise<CommitRecord> {
  const [commit] = await store.readCommits(scope.tract, [hash]);
  invariant(commit, "a resolved commit is in the store");
  return commit;
}

async function refuseDescendant({ store, scope }: Engine, onto: Hash, head: CommitRecord): Promise<void> {
  if (onto === head.hash || !(await store.isReachable(scope.tract, head.hash, onto))) return;
  throw new TractError(
    "invalid-argument",
    `onto: ${onto.slice(0, 12)} descends from the head already; nothing was changed`,
    {
      hint: "Nothing has to be made again for that: merge fast-forwards the branch to it.",
      data: { path: "onto", onto, head: head.hash },
    },
  );
}

function nothingAsked(): TractError {
  return new TractError("invalid-argument", "reorganize was not told what to do; nothing was changed", {
    hint: "Give onto, order, drop, squash, reword or from.",
    data: { path: "" },
  });
}

/** Commits of the chain looked at together on the way to the named ones. */
const CHAIN_PAGE = 500;

/**
 * The commit of the first-parent chain that stands before all named ones; null when one came with the first commit. A commit that was merged
 * in stands behind the merge that brought it.
 */
async function baseBefore(engine: Engine, head: Hash, named: NamedCommits): Promise<Hash | null> {
  const { store, scope } = engine;
  const missing = new Set(named.all.keys());
  let after: Hash | undefined;
  for (;;) {
    const page = await store.readLog(scope.tract, {
      head,
      limit: CHAIN_PAGE,
      firstParent: true,
      ...(after === undefined ? {} : { after }),
    });
    for (const { hash, parents } of page) {
      missing.delete(hash);
      if (missing.size === 0) return parents[0] ?? null;
    }
    after = page.at(-1)?.hash;
    if (after === undefined) break;
    await refuseStrangers(engine, head, missing, named);
  }
  await refuseStrangers(engine, head, missing, named);
  return await baseOfMerged(engine, head, named);
}

async function refuseStrangers(
  { store, scope }: Engine,
  head: Hash,
  hashes: ReadonlySet<Hash>,
  named: NamedCommits,
): Promise<void> {
  for (const hash of hashes)
    if (!(await store.isReachable(scope.tract, hash, head)))
      throw invalidArgument(
        named.all.get(hash) ?? "refs",
        `names commit ${hash.slice(0, 12)}, which is not in the history of the branch`,
        [hash],
      );
}

/** Some named commit was merged in: linear order says which merge of the chain it belongs to. */
async function baseOfMerged({ store, scope }: Engine, head: Hash, named: NamedCommits): Promise<Hash | null> {
  const rows = await store.readChain(scope.tract, head);
  invariant(rows !== null, "the whole chain of a head can be read");
  const order = linearize(rows, head);
  const parents = new Map(order.map(({ commit }) => [commit.hash, commit.parents[0]]));
  const chain = new Set<Hash>();
  for (let at: Hash | undefined = head; at !== undefined; at = parents.get(at)) chain.add(at);
  const oldest = order.findIndex(({ commit }) => named.all.has(commit.hash));
  const bringer = order.slice(oldest).find(({ commit }) => chain.has(commit.hash));
  return bringer?.commit.parents[0] ?? null;
}
