/** Puts an earlier state back as a new operation on top: what came since is set aside, nothing is lost (spec 3.7). */
import type { NewAnnotation } from "../../storage/change-set.ts";
import type { Hash, JsonObject } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { NO_ANNOTATION, sameState } from "../history/annotation-state.ts";
import { branchChange } from "../history/branch-change.ts";
import { attachedBranch, type WriteResult } from "../history/commit.ts";
import { readCommitItems } from "../history/commit-items.ts";
import { type CommitItem, type PlannedCommits, planCommits } from "../history/plan-commit.ts";
import { isoNow, type Plan, publishPlan } from "../history/publish.ts";
import { resolveCommit } from "../history/revision.ts";
import { partsOf, wholeOf } from "../history/setting-parts.ts";
import { readSettings, type TractSettings } from "../history/settings.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import { type EarlierState, readEarlierState } from "./earlier-state.ts";
import { planReturn } from "./plan-restore.ts";
import { sizeRewrite } from "./rewrite-budget.ts";

export const RESTORABLE = ["commits", "config", "annotations"] as const;
export type Restorable = (typeof RESTORABLE)[number];

export interface RestoreRequest {
  /** A commit behind the head, or a tag or expression that names one; `@{n}` means the moment n operations ago. */
  readonly ref: string;
  /** Default: all three. */
  readonly only?: Restorable | undefined;
  /** Default: the worktree's. */
  readonly branch?: string | undefined;
}

export interface RestoreResult extends WriteResult {
  /** The commit whose state is back. */
  readonly restored: Hash;
  /** The commits made for it. */
  readonly commits: readonly Hash[];
  /** Commits that came since and are set aside; they stay in history. */
  readonly setAside: readonly Hash[];
  /** Commits whose annotation is what it was then. */
  readonly annotated: readonly Hash[];
  /** Compiled size in tokens. */
  readonly tokensBefore: number;
  readonly tokensAfter: number;
}

/**
 * Makes the context what it was at an earlier commit: later messages are covered, later edits and summaries taken back, settings and
 * annotations as they were then. One operation, which undo takes back.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `detached-head`, `invalid-argument` for a ref that is not behind the head or an unknown
 *   `only`, `nothing-to-do` when all is as it was.
 */
export async function restore(engine: Engine, request: RestoreRequest): Promise<RestoreResult> {
  const { only } = request;
  if (only !== undefined && !RESTORABLE.includes(only)) throw unknownPart(only);
  return await publishPlan(engine, () => planRestore(engine, request));
}

async function planRestore(engine: Engine, request: RestoreRequest): Promise<Plan<RestoreResult>> {
  const site = await readSite(engine, { branch: request.branch });
  const branch = attachedBranch(site);
  const ref = await resolveCommit(engine, { ref: request.ref, branch: request.branch });
  const state = await readEarlierState(engine, { site, ref, expression: request.ref });
  if (state === null) throw notBehind(request.ref, branch);
  const isMeant = (part: Restorable): boolean => request.only === undefined || request.only === part;
  const returned = isMeant("commits") ? planReturn(engine, state) : { items: [], setAside: [] };
  const config = isMeant("config") ? await planConfig(engine, site, ref) : [];
  const now = isoNow(engine);
  const annotations = isMeant("annotations") ? planAnnotations(engine, state, { now, branch }) : [];
  const items = [...returned.items, ...config];
  if (items.length + annotations.length === 0) throw nothingChanged(request.ref);
  const operationId = engine.newId();
  const planned = await planItems(engine, { site, branch, operationId, now }, items);
  // What was there once may come back, however large it is.
  const { size, warnings, ledger } = await sizeRewrite(engine, site, {
    ...{ branch, now },
    base: site.head?.hash ?? null,
    chain: planned.chain,
    annotations: [...planned.annotations, ...annotations],
    mayRefuse: false,
  });
  const commits = planned.chain.map(({ commit }) => commit.hash);
  const change = branchChange(engine, {
    site,
    branch,
    planned,
    annotations,
    isJudged: true,
    note: {
      id: operationId,
      type: "restore",
      now,
      sources: [...new Set([ref, ...returned.setAside, ...annotations.map(({ commit }) => commit)])],
      params: { ref, only: request.only ?? null },
      originalTokens: size.before,
      compressedTokens: size.after,
      reason: `Restored ${request.only ?? "the state"} of ${ref.slice(0, 12)} on ${branch}`,
      evidence: { ref, set_aside: returned.setAside.length, annotated: annotations.length, commits },
    },
  });
  return {
    change: { ...change, ledger: [...change.ledger, ...ledger] },
    result: () => ({
      operationId,
      branch,
      head: commits.at(-1) ?? site.head?.hash ?? null,
      warnings: warnings.map(({ message }) => message),
      restored: ref,
      commits,
      setAside: returned.setAside,
      annotated: annotations.map(({ commit }) => commit),
      tokensBefore: size.before,
      tokensAfter: size.after,
    }),
  };
}

async function planItems(
  engine: Engine,
  at: { readonly site: Site; readonly branch: string; readonly operationId: string; readonly now: string },
  items: readonly CommitItem[],
): Promise<PlannedCommits> {
  const { site, ...base } = at;
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const screen = await engine.screen(engine, site.head?.hash ?? null);
  return planCommits({ ...base, parent: site.head, author: engine.scope.author, tokens, screen }, items);
}

/** One config commit with what is different now; null unsets what was not set then. */
async function planConfig(engine: Engine, site: Site, ref: Hash): Promise<readonly CommitItem[]> {
  const { tract } = engine.scope;
  const then = await readSettings(engine, tract, ref);
  const now = await readSettings(engine, tract, site.head?.hash ?? null);
  const [before, after] = [settingParts(then), settingParts(now)];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  if (changed.length === 0) return [];
  const settings = wholeOf(Object.fromEntries(changed.map((key) => [key, before[key] ?? null])));
  return await readCommitItems(engine, site, [{ content: { content_type: "config", settings } }]);
}

function settingParts(settings: TractSettings): JsonObject {
  return partsOf(settings as unknown as JsonObject); // They were read from JSON.
}

/** Rows for the commits of the earlier state whose newest annotation says something else now. */
function planAnnotations(
  engine: Engine,
  { order, annotationsThen, annotationsNow }: EarlierState,
  at: { readonly now: string; readonly branch: string },
): readonly NewAnnotation[] {
  const { author } = engine.scope;
  return order.flatMap(({ commit: { hash } }) => {
    const before = annotationsThen.get(hash) ?? NO_ANNOTATION;
    if (sameState(before, annotationsNow.get(hash) ?? NO_ANNOTATION)) return [];
    const { priority, retain, labels } = before;
    const { now: createdAt, branch } = at;
    return { commit: hash, priority, retain, labels, reason: null, author, createdAt, branch };
  });
}

function unknownPart(only: string): TractError {
  return new TractError(
    "invalid-argument",
    `only: there is no ${JSON.stringify(String(only).slice(0, 80))}`,
    {
      hint: `Use one of ${RESTORABLE.join(", ")}, or leave it out for all of them.`,
      data: { path: "only", expected: RESTORABLE },
    },
  );
}

function notBehind(ref: string, branch: string): TractError {
  return new TractError(
    "invalid-argument",
    `${JSON.stringify(ref.slice(0, 100))} is not behind the head of ${branch}`,
    {
      hint: "Restore a commit that log shows on this branch; to go to one of another branch use reset, checkout or merge.",
      data: { path: "ref", branch },
    },
  );
}

function nothingChanged(ref: string): TractError {
  return new TractError(
    "nothing-to-do",
    `the state is that of ${JSON.stringify(ref.slice(0, 100))} already; nothing was stored`,
    {
      hint: "Look at log and diff for what came since.",
      data: { ref: ref.slice(0, 100) },
    },
  );
}
