/** Spawns a child: a worktree of its own, on a branch or in a tract of its own, with as much of the context as it is given (spec 3.6). */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { Hash } from "../../storage/records.ts";
import { parseContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { branchChange } from "../history/branch-change.ts";
import { attachedBranch, type WriteResult } from "../history/commit.ts";
import { PLAIN_ITEM, type PlannedCommits, planCommits } from "../history/plan-commit.ts";
import { isoNow, type Plan, publishPlan } from "../history/publish.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import type { ChildPlace } from "../history/spawn-link.ts";
import { invariant } from "../invariant.ts";
import { childTractChange } from "./child-change.ts";
import { type ChildKind, findChildPlace } from "./child-name.ts";
import type { InheritFilter } from "./inherit.ts";
import { type PlannedChild, planChild } from "./plan-child.ts";

export const INHERITS = ["head", "full", "selective", "none"] as const;
export type Inherit = (typeof INHERITS)[number];

export interface SpawnRequest {
  /** What the child is for. It becomes the child's newest message, of role user and pinned; never an instruction. */
  readonly purpose: string;
  /**
   * `head` (default): copies of the compiled context. `full`: the history itself; a branch shares the commits, a tract gets the same ones.
   * `selective`: of the compiled context what `filter` asks for. `none`: nothing. The settings of the branch are inherited in each case.
   */
  readonly inherit?: Inherit | undefined;
  /** With `selective`, and only there. */
  readonly filter?: InheritFilter | undefined;
  /** Cap of what `head` and `selective` copy, in tokens; no setting of the child. Default: the branch's compile_budget, else none. */
  readonly budgetTokens?: number | undefined;
  /** Of the child's worktree (and branch, or last part of its tract). Default: made from the purpose. */
  readonly name?: string | undefined;
  /**
   * `branch` (default): in this tract, so that diff, merge and search reach what the child does. `tract`: apart, for work that shares
   * nothing but its result.
   */
  readonly as?: ChildKind | undefined;
  /** The parent branch. Default: the worktree's. */
  readonly branch?: string | undefined;
}

export interface SpawnResult extends WriteResult {
  /** To be given as `tract` and `worktree` by whoever does the child's work. */
  readonly child: ChildPlace;
  /** Compiled size of the child's context. */
  readonly tokens: number;
  /** The commit on the parent's branch that tells of the child; not compiled. */
  readonly commit: Hash;
}

/**
 * Spawns a child in one operation. Undoing it takes back the pointer and, of a branch, branch and worktree; a tract stays.
 *
 * @throws TractError `invalid-argument`, `exists`, `invalid-name`, `detached-head`, `not-found` (branch), `budget-too-small`,
 *   `content-too-large`; in each case nothing is stored.
 */
export async function spawn(engine: Engine, request: SpawnRequest): Promise<SpawnResult> {
  checkRequest(request);
  return await publishPlan(engine, () => planSpawn(engine, request));
}

async function planSpawn(engine: Engine, request: SpawnRequest): Promise<Plan<SpawnResult>> {
  const { purpose, as = "branch", inherit = "head", name } = request;
  const site = await readSite(engine, { branch: request.branch });
  const branch = attachedBranch(site);
  // A name that is made from the purpose must not say what may not be stored of it.
  const screen = await engine.screen(engine, site.head?.hash ?? null);
  const told = screen?.redact(purpose, null)?.text ?? purpose;
  const place = await findChildPlace(engine, { as, name, purpose: told });
  const operationId = engine.newId();
  const now = isoNow(engine);
  const child = await planChild(engine, { ...request, as, inherit }, { site, place, operationId, now });
  const pointer = await planPointer(engine, { site, branch, place, operationId, now }, { purpose, inherit });
  const spawned: Spawned = { site, branch, place, operationId, now, child, pointer, as, inherit };
  const commit = pointer.chain[0]?.commit.hash;
  invariant(commit, "a spawn commits its pointer");
  return {
    change: parentChange(engine, spawned, request.budgetTokens),
    ...(as === "branch" ? {} : { also: [await childTractChange(engine, spawned)] }),
    result: () => ({
      operationId,
      branch,
      head: commit,
      warnings: child.warnings,
      child: place,
      tokens: child.tokens,
      commit,
    }),
  };
}

/** All that a spawn comes to. */
export interface Spawned {
  readonly site: Site;
  /** Of the parent. */
  readonly branch: string;
  readonly place: ChildPlace;
  readonly operationId: string;
  readonly now: string;
  readonly child: PlannedChild;
  /** The parent's commit. */
  readonly pointer: PlannedCommits;
  readonly as: ChildKind;
  readonly inherit: Inherit;
}

async function planPointer(
  engine: Engine,
  at: Pick<Spawned, "site" | "branch" | "place" | "operationId" | "now">,
  told: { readonly purpose: string; readonly inherit: Inherit },
): Promise<PlannedCommits> {
  const { site, branch, place, operationId, now } = at;
  const { contentTypes: types, limits } = engine;
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const content = parseContent(
    { content_type: "metadata", kind: "spawn", data: { child: { ...place }, ...told } },
    { types, limits, path: "purpose" },
  );
  const screen = await engine.screen(engine, site.head?.hash ?? null);
  const { author } = engine.scope;
  return planCommits({ parent: site.head, branch, author, operationId, now, tokens, screen }, [
    { ...PLAIN_ITEM, content, operation: "append", message: `Spawned ${place.worktree}` },
  ]);
}

/** The pointer, and of a child in this tract its commits, branch and worktree. */
function parentChange(engine: Engine, spawned: Spawned, budgetTokens: number | undefined): ChangeSet {
  const { site, branch, place, operationId, now, child, pointer, as, inherit } = spawned;
  const own = as === "branch" ? child.planned : NOTHING;
  const head = pointer.chain[0]?.commit.hash;
  const made = [...pointer.chain, ...own.chain];
  const change = branchChange(engine, {
    site,
    branch,
    planned: {
      chain: made,
      contents: [...pointer.contents, ...own.contents],
      annotations: own.annotations,
    },
    ...(head === undefined ? {} : { head }),
    isJudged: child.isJudged,
    note: {
      id: operationId,
      type: "spawn",
      now,
      sources: child.sources,
      params: {
        child: { ...place },
        as,
        inherit,
        budget_tokens: budgetTokens ?? null,
        // The last commit that the child was given.
        from: child.head,
      },
      reason: `Spawned a child of ${branch} as a ${as}`,
      evidence: {
        commits: made.length,
        tokens: made.reduce((sum, row) => sum + row.commit.tokens, 0),
        child_head: child.head,
      },
    },
  });
  if (as === "tract") return change;
  return {
    ...change,
    refMoves: [
      ...change.refMoves,
      { kind: "branch", name: place.branch, before: null, after: { commit: child.head } },
      { kind: "worktree", name: place.worktree, before: null, after: { branch: place.branch } },
    ],
  };
}

const NOTHING: PlannedCommits = { chain: [], contents: [], annotations: [] };

function checkRequest({ purpose, inherit = "head", filter, budgetTokens }: SpawnRequest): void {
  if (!/\S/.test(purpose)) throw invalid("purpose", "what the child is for, in a sentence");
  const isFiltered = Object.values(filter ?? {}).some((list) => list !== undefined && list.length > 0);
  if (inherit === "selective" && !isFiltered)
    throw invalid("filter", "types, labels or priorities with inherit selective");
  if (inherit !== "selective" && filter !== undefined)
    throw invalid("filter", `no filter with inherit ${inherit}; it goes with selective`);
  if (budgetTokens !== undefined && (inherit === "full" || inherit === "none"))
    throw invalid(
      "budget_tokens",
      `no budget_tokens with inherit ${inherit}; it goes with head and selective`,
    );
}

function invalid(path: string, expected: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: "Correct this argument and call again; nothing was stored.",
    data: { path, expected },
  });
}
