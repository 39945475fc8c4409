/** Commits contents to a branch: one or a batch, all or nothing, in one operation (spec 1.4, 1.5). */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { CommitRecord, Hash, JsonObject, OperationRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { branchChange } from "./branch-change.ts";
import {
  type BudgetCheck,
  type BudgetReport,
  budgetEntry,
  checkBudget,
  recordRefusal,
  type SizeChange,
} from "./budget.ts";
import { type CommitRequestItem, readCommitItems } from "./commit-items.ts";
import { pointAt } from "./context-size.ts";
import { makeRoom, type Room, roomWords } from "./make-room.ts";
import { type PlannedCommits, planCommits } from "./plan-commit.ts";
import { isoNow, type OperationNote, type Planned, publishPlan } from "./publish.ts";
import { noteUnreported, reportedSizes } from "./reported-size.ts";
import { resolveRef } from "./revision.ts";
import { planSettings, readSettings, rememberSettings, type TractSettings } from "./settings.ts";
import { readSite, type Site } from "./snapshot.ts";

export interface CommitRequest {
  /** One commit, or a batch: all or nothing, one operation. */
  readonly items: readonly CommitRequestItem[];
  /** Default: the worktree's branch. Committing to another one moves no HEAD. */
  readonly branch?: string | undefined;
  /** The write fails with `branch-moved` unless the branch is exactly here (a ref expression; "" or null: unborn). */
  readonly expectedHead?: string | null | undefined;
  /** The same key gives the first result again and stores nothing (spec 9, 21). */
  readonly idempotencyKey?: string | undefined;
  /** Also says how large the compiled context is now. Always so on a branch with a budget. */
  readonly contextTokens?: boolean | undefined;
}

/** What every write tells. */
export interface WriteResult {
  readonly operationId: string;
  readonly branch: string;
  readonly head: Hash | null;
  readonly warnings: readonly string[];
}

export interface CommitResult extends WriteResult {
  readonly commits: readonly CommitRecord[];
  /** Compiled size in tokens after the commit; null when not asked for. */
  readonly contextTokens: number | null;
  readonly budget: BudgetReport | null;
}

/**
 * Commits to a branch.
 *
 * @throws TractError `invalid-content`, `content-too-large`, `invalid-argument`, `detached-head`, `edit-target`, `not-found`, `branch-moved`
 *   (with `expectedHead`), `budget-exceeded` (action reject); in each case nothing is stored.
 */
export function commit(engine: Engine, request: CommitRequest): Promise<CommitResult> {
  return publishPlan(engine, () => planCommit(engine, request));
}

/**
 * Plans a commit, for operations that write something of their own together with it.
 *
 * @param at Where it stands, when the caller has read that already and planned on it.
 * @throws TractError as `commit`.
 */
export async function planCommit(
  engine: Engine,
  request: CommitRequest,
  at?: Site,
): Promise<Planned<CommitResult>> {
  const site = at ?? (await readSite(engine, { branch: request.branch }));
  if (request.idempotencyKey !== undefined && site.tract !== null) {
    const earlier = await engine.store.findOperationByKey(engine.scope.tract, request.idempotencyKey);
    if (earlier) return { change: null, result: await repeatedResult(engine, earlier) };
  }
  const branch = attachedBranch(site);
  if (request.expectedHead !== undefined) await expectHead(engine, site, request.expectedHead);
  const items = await readCommitItems(engine, site, request.items);
  const encoding = site.tract?.encoding ?? engine.settings.encoding;
  const operationId = engine.newId();
  const now = isoNow(engine);
  const tokens = await engine.tokenCounter(encoding);
  const screen = await engine.screen(engine, site.head?.hash ?? null, branch);
  const { author } = engine.scope;
  const base = { parent: site.head, branch, author, operationId, now, tokens, screen };
  const planned = planCommits(base, items);
  const settings = await planSettings(engine, site.head?.hash ?? null, planned.chain);
  // The plain commit of a library user costs no compile.
  const isMeasured = settings.budget !== null || request.contextTokens === true;
  const crowded = isMeasured ? await sizeAfter(engine, { site, planned, settings }) : null;
  const room =
    crowded === null ? null : await makeRoom(engine, { site, base, planned, settings, size: crowded });
  const size = room?.size ?? crowded;
  const budget = size === null ? null : checkBudget(settings.budget, size);
  if (budget?.isRefused) throw await recordRefusal(engine, { site, branch, now, budget });
  const all = room?.planned ?? planned;
  const head = all.chain.at(-1)?.commit;
  invariant(head, "a commit request has at least one item");
  const change = commitChange(engine, {
    site,
    branch,
    planned: all,
    room,
    operationId,
    now,
    request,
    budget,
  });
  return {
    change,
    result: ({ ledgerSequence }) => {
      rememberSettings(engine.settingsCache, head.hash, settings);
      noteUnreported(
        engine,
        { tract: change.tract, head: site.head?.hash ?? null, ledgerSequence: site.tract?.ledgerSequence },
        { head: head.hash, entryCount: change.ledger.length, ledgerSequence },
      );
      return {
        operationId,
        branch,
        head: head.hash,
        warnings: warningsOf(budget, room),
        commits: planned.chain.map((row) => row.commit),
        contextTokens: size?.after ?? null,
        budget: budget?.report ?? null,
      };
    },
  };
}

function warningsOf(budget: BudgetCheck | null, room: Room | null): readonly string[] {
  const made =
    room === null ? [] : [`the context was compacted to fit its budget: ${roomWords(room.compaction)}`];
  return budget?.warning == null ? made : [...made, budget.warning];
}

/** The branch that a write goes to. */
export function attachedBranch(site: Site): string {
  if (site.branch !== null) return site.branch;
  throw new TractError("detached-head", "HEAD is detached: it names a commit, not a branch", {
    hint: "Make a branch here with branch (action create, switch true), or name the branch to commit to.",
    data: { head: site.head?.hash ?? null },
  });
}

async function expectHead(engine: Engine, site: Site, expected: string | null): Promise<void> {
  const actual = site.head?.hash ?? null;
  const wanted =
    expected === null || expected === "" ? null : (await resolveRef(engine, { ref: expected })).commit;
  if (wanted === actual) return;
  throw new TractError(
    "branch-moved",
    `branch ${JSON.stringify(site.branch)} is not at the expected head; nothing was stored`,
    {
      hint: "Look at what came in between with log, then commit again with the actual head.",
      data: { branch: site.branch, expected_head: wanted, actual_head: actual },
    },
  );
}

interface SizeInput {
  readonly site: Site;
  readonly planned: PlannedCommits;
  readonly settings: TractSettings;
}

/** Compiled size before and after; where there is no budget, nobody asks for the size before. */
async function sizeAfter(engine: Engine, { site, planned, settings }: SizeInput): Promise<SizeChange> {
  const head = site.head?.hash ?? null;
  const before = pointAt(engine, site, head, await readSettings(engine, engine.scope.tract, head));
  return await reportedSizes(engine, { before, after: { ...before, settings }, planned });
}

interface CommitChange {
  readonly site: Site;
  readonly branch: string;
  /** With those that made room. */
  readonly planned: PlannedCommits;
  readonly room: Room | null;
  readonly operationId: string;
  readonly now: string;
  readonly request: CommitRequest;
  readonly budget: BudgetCheck | null;
}

function commitChange(engine: Engine, input: CommitChange): ChangeSet {
  const { site, branch, planned, room, operationId, now, request, budget } = input;
  const commits = planned.chain.map((row) => row.commit);
  const made = room === null ? commits : commits.slice(0, -room.compaction.items.length);
  const change = branchChange(engine, {
    site,
    branch,
    planned,
    isJudged: budget !== null,
    note: {
      id: operationId,
      type: "commit",
      now,
      idempotencyKey: request.idempotencyKey ?? null,
      ...(room === null ? {} : roomNote(room)),
      reason: `Committed ${describe(made)} to ${branch}`,
      evidence: {
        // One commit is named by `after`; a list only says more for a batch.
        ...(commits.length > 1 ? { commits: commits.map((made) => made.hash) } : {}),
        tokens: commits.reduce((sum, made) => sum + made.tokens, 0),
      },
    },
  });
  if (budget === null) return change;
  const event = { now, branch, report: budget.report };
  const told = [
    ...(room === null
      ? []
      : [budgetEntry(engine, { decision: "COMPACTED", ...event, compacted: roomEvidence(room) })]),
    ...(budget.warning === null ? [] : [budgetEntry(engine, { decision: "WARNED", ...event })]),
  ];
  return { ...change, ledger: [...change.ledger, ...told] };
}

/** Name in an operation's params of how many of its commits made room for the others. */
const ROOM_COMMITS = "compaction_commits";

function roomNote({
  compaction,
}: Room): Pick<OperationNote, "sources" | "params" | "originalTokens" | "compressedTokens"> {
  const { items, sources, originalTokens, compressedTokens } = compaction;
  return { sources, params: { [ROOM_COMMITS]: items.length }, originalTokens, compressedTokens };
}

function roomEvidence({ compaction }: Room): JsonObject {
  return {
    masked: compaction.maskedCount,
    summaries: compaction.summaryCount,
    original_tokens: compaction.originalTokens,
    compressed_tokens: compaction.compressedTokens,
  };
}

function describe(commits: readonly CommitRecord[]): string {
  const [only] = commits;
  if (commits.length > 1 || only === undefined) return `${commits.length} commits`;
  return only.operation === "edit" ? `an edit (${only.contentType})` : `1 commit (${only.contentType})`;
}

/** What a retried write with the same idempotency key gets: the result of the first one. */
async function repeatedResult(engine: Engine, operation: OperationRecord): Promise<() => CommitResult> {
  const made = await engine.store.readCommits(engine.scope.tract, operation.results);
  const commits = made.slice(0, made.length - Number(operation.params[ROOM_COMMITS] ?? 0));
  return () => ({
    operationId: operation.id,
    branch: operation.branch ?? engine.settings.defaultBranch,
    head: made.at(-1)?.hash ?? null,
    warnings: ["this idempotency key was used before: nothing new was stored, this is the first result"],
    commits,
    contextTokens: null,
    budget: null,
  });
}
