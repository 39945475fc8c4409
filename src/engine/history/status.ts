/** Says where a worktree stands: branch, size of the context, budget, latest commits and operations. Never writes (spec 3.1). */
import type { Hash, OperationRecord, PlanRecord } from "../../storage/records.ts";
import type { Store } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { type CommitEntry, commitEntries } from "./commit-entry.ts";
import { countUnread } from "./inbox.ts";
import { type ConflictKind, readOpenConflicts } from "./open-conflicts.ts";
import { reportedSize } from "./reported-size.ts";
import { type Budget, readSettings } from "./settings.ts";
import { readSite, type Site } from "./snapshot.ts";

export interface StatusRequest {
  /** Of this branch; default: where the worktree's HEAD is. */
  readonly branch?: string | undefined;
  /** Also lists the tracts of the store. */
  readonly tracts?: boolean | undefined;
}

export interface BudgetStatus {
  readonly maxTokens: number;
  readonly used: number;
  /** Of the budget, rounded to a tenth; over 100 when it is exceeded. */
  readonly percent: number;
  readonly action: Budget["action"];
}

export interface ProposalEntry {
  readonly planId: string;
  /** The tool that takes the plan_id, compress or collapse; of a policy's proposal, which the tool proposals takes, `policy`. */
  readonly kind: string;
  /** Name of the policy, and why it proposes; null for plans. */
  readonly policy: string | null;
  readonly reason: string | null;
  readonly branch: string;
  readonly createdAt: string;
}

export interface ConflictEntry {
  readonly kind: ConflictKind;
  /** Hash of the commit, or the key of the setting. */
  readonly target: string;
  /** The merge commit that recorded it. */
  readonly merge: Hash;
}

export interface TractSummary {
  readonly name: string;
  readonly createdAt: string;
  /** Time of the newest operation; null before the first. */
  readonly lastActivity: string | null;
  readonly branches: number;
  readonly operations: number;
}

export interface StatusResult {
  readonly tract: string;
  readonly worktree: string;
  /** null when HEAD is detached. */
  readonly branch: string | null;
  readonly detached: boolean;
  /** null before the first commit. */
  readonly head: Hash | null;
  /** Commits reachable from HEAD, over all parents. */
  readonly commits: number;
  /** Tokens of the compiled context, framing included. */
  readonly tokens: number;
  /** How `tokens` was found: `counted:<encoding>`, or `api:<prompt>+<completion>` when it rests on what was reported. */
  readonly tokenSource: string;
  /** null when the branch has none. */
  readonly budget: BudgetStatus | null;
  /** Conflicts that merges recorded and nobody has resolved since, those of the newest merge first. */
  readonly conflicts: readonly ConflictEntry[];
  /** The newest plans that wait for summaries or for approval, newest first. */
  readonly proposals: readonly ProposalEntry[];
  /** Messages in the worktree's inbox that HEAD has not merged. */
  readonly unread: number;
  /** The three newest commits behind HEAD, newest first. */
  readonly recent: readonly CommitEntry[];
  /** The three newest operations of the tract, newest first. */
  readonly operations: readonly OperationRecord[];
  readonly store: { readonly kind: Store["kind"]; readonly bytes: number };
  /** By name; only when asked for. */
  readonly tracts?: readonly TractSummary[];
}

/**
 * The state of the worktree. A tract that nobody has written to has an empty one.
 *
 * @throws TractError `not-found` for an unknown worktree or branch.
 */
export async function status(engine: Engine, request: StatusRequest = {}): Promise<StatusResult> {
  const { scope, store } = engine;
  const site = await readSite(engine, { branch: request.branch });
  const head = site.head?.hash ?? null;
  return {
    tract: scope.tract,
    worktree: scope.worktree,
    branch: site.branch,
    detached: site.branch === null,
    head,
    commits: head === null ? 0 : await store.countReachable(scope.tract, head),
    ...(await measure(engine, site)),
    conflicts: (await readOpenConflicts(engine, head)).map(({ conflict, merge }) => ({
      kind: conflict.kind,
      target: conflict.target,
      merge: merge.hash,
    })),
    proposals: (await store.listPlans(scope.tract, { state: "pending", limit: PROPOSALS_SHOWN })).map(
      proposalEntry,
    ),
    unread: await countUnread(engine, site),
    recent: await readRecent(engine, head),
    operations: await store.readOperations(scope.tract, { limit: OPERATIONS_SHOWN }),
    store: { kind: store.kind, bytes: await store.readSize() },
    ...(request.tracts === true && { tracts: await readTracts(engine) }),
  };
}

function proposalEntry({ id: planId, kind, branch, createdAt, body }: PlanRecord): ProposalEntry {
  const own = (name: "policy" | "reason"): string | null => {
    const value = kind === "policy" ? body[name] : null;
    return typeof value === "string" ? value : null;
  };
  return { planId, kind, policy: own("policy"), reason: own("reason"), branch, createdAt };
}

const PROPOSALS_SHOWN = 10;
const COMMITS_SHOWN = 3;
const OPERATIONS_SHOWN = 3;

async function measure(
  engine: Engine,
  site: Site,
): Promise<Pick<StatusResult, "tokens" | "tokenSource" | "budget">> {
  const { scope } = engine;
  const head = site.head?.hash ?? null;
  const settings = await readSettings(engine, scope.tract, head);
  const encoding = site.tract?.encoding ?? engine.settings.encoding;
  const annotationSequence = site.tract?.annotationSequence ?? 0;
  const { tokens, tokenSource } = await reportedSize(engine, {
    tract: scope.tract,
    encoding,
    head,
    annotationSequence,
    settings,
  });
  return { tokens, tokenSource, budget: budgetStatus(settings.budget, tokens) };
}

function budgetStatus(budget: Budget | null, used: number): BudgetStatus | null {
  if (budget === null) return null;
  const percent = Math.round((used / budget.max_tokens) * 1_000) / 10;
  return { maxTokens: budget.max_tokens, used, percent, action: budget.action };
}

async function readRecent(engine: Engine, head: Hash | null): Promise<readonly CommitEntry[]> {
  if (head === null) return [];
  const newest = { head, limit: COMMITS_SHOWN, firstParent: true };
  return await commitEntries(engine, await engine.store.readLog(engine.scope.tract, newest));
}

async function readTracts({ store }: Engine): Promise<readonly TractSummary[]> {
  const summaries: TractSummary[] = [];
  for (const { name, createdAt, operationSequence } of await store.listTracts()) {
    const [newest] = await store.readOperations(name, { limit: 1 });
    const branches = (await store.listRefs(name, "branch")).length;
    const lastActivity = newest?.createdAt ?? null;
    summaries.push({ name, createdAt, lastActivity, branches, operations: operationSequence });
  }
  return summaries;
}
