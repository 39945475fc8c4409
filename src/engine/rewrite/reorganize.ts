/** Reorganizes a branch: makes its commits again on another base, in another order, without some, joined or with other messages (spec 3.4). */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { branchChange } from "../history/branch-change.ts";
import { attachedBranch, type WriteResult } from "../history/commit.ts";
import { planOrigHead } from "../history/orig-head.ts";
import { isoNow, type Planned, publishPlan } from "../history/publish.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import { hashesOf, type Step } from "./arrange.ts";
import { readNewestAnnotations } from "./newest-annotations.ts";
import {
  invalidArgument,
  type NamedCommits,
  type ReorganizeRequest,
  readNamedCommits,
} from "./reorganize-request.ts";
import { type Replay, replay } from "./replay.ts";
import { type ReplayRange, readReplayRange } from "./replay-range.ts";
import { type RewriteSize, sizeRewrite } from "./rewrite-budget.ts";
import type { RewriteWarning } from "./rewrite-warning.ts";
import { decideSteps } from "./steps.ts";

export interface Mapped {
  readonly from: Hash;
  /** Several old commits may have become one. null: it was left out, or was a merge. */
  readonly to: Hash | null;
}

export interface ReorganizeResult extends Omit<WriteResult, "operationId" | "warnings"> {
  /** null: a dry run. */
  readonly operationId: string | null;
  readonly dryRun: boolean;
  /** Every commit that has another hash now, in the order in which they stood. Of a dry run: what would be made, were it done at once. */
  readonly mapping: readonly Mapped[];
  /** Commits at the beginning of the range that would have been made again exactly as they are: they stay. */
  readonly kept: number;
  readonly warnings: readonly RewriteWarning[];
  /** Of the compiled context. */
  readonly tokensBefore: number;
  readonly tokensAfter: number;
}

/**
 * Reorganizes the commits of a branch that are not behind the old base: in linear order, those that were merged in too, merges themselves
 * left out. The old ones stay in the store, linked to the new ones by the operation; ORIG_HEAD keeps the old head.
 *
 * @throws TractError `invalid-argument`, `not-found`, `ambiguous-ref`, `detached-head`; `edit-target` when an edit would lose its target
 *   (data has the warnings); `nothing-to-do` when the branch is as asked already; `budget-exceeded`. In each case nothing changed.
 */
export async function reorganize(engine: Engine, request: ReorganizeRequest): Promise<ReorganizeResult> {
  return await publishPlan(engine, () => planReorganize(engine, request));
}

async function planReorganize(
  engine: Engine,
  request: ReorganizeRequest,
): Promise<Planned<ReorganizeResult>> {
  const site = await readSite(engine, { branch: request.branch });
  const branch = attachedBranch(site);
  if (site.head === null) throw unborn(branch);
  const named = await readNamedCommits(engine, request);
  const range = await readReplayRange(engine, site.head, request, named);
  const annotationOf = await readNewestAnnotations(engine, site.tract);
  const decided = await decideSteps(engine, { site, request, named, range, annotationOf });
  const operationId = engine.newId();
  const now = isoNow(engine);
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const screen = await engine.screen(engine, site.head.hash);
  const made = replay(
    engine,
    { branch, author: engine.scope.author, operationId, now, tokens, screen },
    {
      onto: range.onto,
      steps: decided.steps,
      range: new Set(range.rows.map(({ commit }) => commit.hash)),
      annotationOf,
    },
  );
  const head = (made.planned.chain.at(-1) ?? made.kept.at(-1))?.commit ?? range.onto;
  if (head === null) throw emptied(named);
  if (head.hash === site.head.hash) throw nothingToDo(branch);
  const dryRun = request.dryRun === true;
  const sized = await sizeRewrite(engine, site, {
    branch,
    now,
    base: range.onto?.hash ?? null,
    chain: [...made.kept, ...made.planned.chain],
    annotations: made.planned.annotations,
    mayRefuse: !dryRun,
  });
  const rewrite = { site, branch, now, operationId, range, named, steps: decided.steps, made, head, sized };
  const result: ReorganizeResult = {
    operationId: dryRun ? null : operationId,
    dryRun,
    branch,
    head: head.hash,
    mapping: replaced(rewrite).map(({ hash }) => ({ from: hash, to: made.places.get(hash) ?? null })),
    kept: made.kept.length,
    warnings: [...decided.warnings, ...sized.warnings],
    tokensBefore: sized.size.before,
    tokensAfter: sized.size.after,
  };
  if (dryRun) return { change: null, result: () => result };
  return { change: await reorganizeChange(engine, rewrite), result: () => result };
}

interface Rewrite {
  readonly site: Site;
  readonly branch: string;
  readonly now: string;
  readonly operationId: string;
  readonly range: ReplayRange;
  readonly named: NamedCommits;
  readonly steps: readonly Step[];
  readonly made: Replay;
  readonly head: CommitRecord;
  readonly sized: RewriteSize;
}

/** Old commits that are not in the new history as they were: those of the range in linear order, then those that edits brought along. */
function replaced({ made, range, steps }: Rewrite): readonly CommitRecord[] {
  const kept = new Set(made.kept);
  const used = new Set(steps.flatMap(hashesOf));
  return [
    ...range.rows.filter((row) => !kept.has(row)),
    ...range.lost.filter(({ commit }) => used.has(commit.hash)),
  ].map(({ commit }) => commit);
}

async function reorganizeChange(engine: Engine, rewrite: Rewrite): Promise<ChangeSet> {
  const { branch, head, made, named, now, operationId, range, site, sized } = rewrite;
  const { planned } = made;
  const sources = replaced(rewrite);
  const results = planned.chain.map(({ commit }) => commit);
  const placeOf = new Map(results.map(({ hash }, index) => [hash, index]));
  const toOf = ({ hash }: CommitRecord): number | null => placeOf.get(made.places.get(hash) ?? hash) ?? null;
  const tokens = sumOf(results);
  const isShorter = named.drop.size + named.squash.length > 0;
  const change = branchChange(engine, {
    site,
    branch,
    planned: { ...planned, contents: newContents(rewrite) },
    head: head.hash,
    // The copies have the newest annotations: nobody may have made newer ones.
    isJudged: true,
    note: {
      id: operationId,
      type: "reorganize",
      now,
      sources: sources.map(({ hash }) => hash),
      // For each source the place of its successor among the results.
      params: { onto: range.onto?.hash ?? null, mapping: sources.map(toOf) },
      ...(isShorter ? { originalTokens: sumOf(sources), compressedTokens: tokens } : {}),
      reason: `Reorganized ${sources.length} commits of ${branch} into ${results.length}`,
      evidence: { tokens, context_before: sized.size.before, context_after: sized.size.after },
    },
  });
  const origHead = site.head === null ? [] : await planOrigHead(engine, site.head.hash);
  return {
    ...change,
    refMoves: [...change.refMoves, ...origHead],
    ledger: [...change.ledger, ...sized.ledger],
  };
}

/** What is copied is in the store already. */
function newContents({ made, range }: Rewrite): Replay["planned"]["contents"] {
  const stored = new Set([...range.rows, ...range.lost].map(({ commit }) => commit.contentHash));
  return made.planned.contents.filter(({ hash }) => !stored.has(hash));
}

function sumOf(commits: readonly CommitRecord[]): number {
  return commits.reduce((sum, { tokens }) => sum + tokens, 0);
}

function nothingToDo(branch: string): TractError {
  return new TractError("nothing-to-do", `branch ${JSON.stringify(branch)} is as it was asked for already`, {
    hint: "Name another base, order, or commits to drop, squash or reword; log shows the branch as it is.",
    data: { branch },
  });
}

function unborn(branch: string): TractError {
  return new TractError("nothing-to-do", `branch ${JSON.stringify(branch)} has no commit yet`, {
    hint: "Commit something first, or name another branch.",
    data: { branch },
  });
}

function emptied(named: NamedCommits): TractError {
  return invalidArgument("drop", "would leave the branch without any commit; keep one", [...named.drop]);
}
