/** Ends the effect of a summary or a receipt: compile shows the originals again, byte for byte (spec 3.5: uncompress). */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import { RESTORE_STRATEGY } from "../content/content-types.ts";
import { storedContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { branchChange } from "../history/branch-change.ts";
import { checkBudget } from "../history/budget.ts";
import { attachedBranch } from "../history/commit.ts";
import { sizeAround } from "../history/context-size.ts";
import { readCoverage } from "../history/coverage.ts";
import { revealItem } from "../history/internal-items.ts";
import { type CommitItem, PLAIN_ITEM, planCommits } from "../history/plan-commit.ts";
import { isoNow, type Planned, publishPlan } from "../history/publish.ts";
import { readSettings } from "../history/settings.ts";
import { invariant } from "../invariant.ts";
import { readStand, type Stand } from "./originals.ts";

export interface UncompressRequest {
  readonly summary: string;
  readonly branch?: string | undefined;
}

export interface Uncompressed {
  readonly kind: "restored";
  readonly operationId: string;
  readonly branch: string;
  readonly head: Hash;
  readonly warnings: readonly string[];
  /** The summary or edit whose effect has ended. */
  readonly summary: Hash;
  /** Commits that show again, in order; summaries among them are shown as such. */
  readonly restored: readonly Hash[];
  /** Compiled size of the branch. */
  readonly contextTokensBefore: number;
  readonly contextTokens: number;
}

/**
 * Brings back what a summary, or the receipt in a tool result's place, stands for. Nothing is lost by it: undo makes the summary stand again.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `detached-head`, `nothing-to-do` when the originals show already, `invalid-argument` for a
 *   summary that another one covers, one of another branch, or a commit that stands for nothing.
 */
export async function uncompress(engine: Engine, request: UncompressRequest): Promise<Uncompressed> {
  return await publishPlan(engine, () => planUncompress(engine, request));
}

async function planUncompress(
  engine: Engine,
  { summary, branch: asked }: UncompressRequest,
): Promise<Planned<Uncompressed>> {
  const { site, stand } = await readStand(engine, { summary, branch: asked });
  if (stand.kind === "result") throw hidesNothing(stand.commit);
  const branch = attachedBranch(site);
  const { head, tract } = site;
  if (head === null || tract === null) throw elsewhere(standing(stand), branch);
  const { item, ended, restored } =
    stand.kind === "summary" ? revealing(stand, branch) : await editingBack(engine, stand, head);
  const operationId = engine.newId();
  const now = isoNow(engine);
  const tokens = await engine.tokenCounter(tract.encoding);
  const screen = await engine.screen(engine, head.hash);
  const { author } = engine.scope;
  const base = { parent: head, branch, author, operationId, now, tokens, screen };
  const planned = planCommits(base, [item]);
  const size = await sizeAround(engine, site, planned);
  const made = planned.chain.at(-1)?.commit;
  invariant(made, "one commit was planned");
  const change = branchChange(engine, {
    site,
    branch,
    planned,
    isJudged: false,
    note: {
      id: operationId,
      type: "uncompress",
      now,
      sources: [ended],
      reason: `Brought back what ${ended.slice(0, 12)} on ${branch} stood for`,
      evidence: { summary: ended, restored: restored.length, tokens: made.tokens },
    },
  });
  const { budget } = await readSettings(engine, engine.scope.tract, head.hash);
  const warning = checkBudget(budget, size)?.warning ?? null;
  return {
    change,
    result: () => ({
      kind: "restored",
      operationId,
      branch,
      head: made.hash,
      warnings: warning === null ? [] : [warning],
      summary: ended,
      restored,
      contextTokensBefore: size.before,
      contextTokens: size.after,
    }),
  };
}

interface Return {
  readonly item: CommitItem;
  readonly ended: Hash;
  readonly restored: readonly Hash[];
}

function revealing(stand: Extract<Stand, { kind: "summary" }>, branch: string): Return {
  const { commit, coverage, isHere } = stand;
  const { hash } = commit;
  if (!isHere) throw elsewhere(hash, branch);
  const content = coverage.contents.get(hash);
  invariant(content !== undefined, "a summary behind the head is among its summaries");
  if (!coverage.summaries.some((one) => one.hash === hash)) throw shownAlready(hash);
  const cover = coverage.covers.get(hash);
  if (cover !== undefined) throw covered(hash, cover.by);
  if (content.strategy === RESTORE_STRATEGY) throw madeByRestore(hash);
  return { item: revealItem(hash), ended: hash, restored: content.sources as readonly Hash[] }; // The schema says so.
}

/** An edit of an edit is the original's: what showed before is committed again. */
async function editingBack(
  engine: Engine,
  { edit, target, before }: Extract<Stand, { kind: "edit" }>,
  head: CommitRecord,
): Promise<Return> {
  const { store, scope } = engine;
  const last = (await store.readEdits(scope.tract, target.hash, head.hash)).at(-1);
  if (last?.contentHash === before.commit.contentHash || last?.hash !== edit.hash)
    throw shownAlready(edit.hash);
  const cover = (await readCoverage(engine, head.hash)).covers.get(target.hash);
  if (cover !== undefined) throw covered(target.hash, cover.by);
  const [content] =
    before.commit.contentHash === null ? [] : await store.readContents([before.commit.contentHash]);
  invariant(content !== undefined, "the content of a commit is in the store");
  const item: CommitItem = {
    ...PLAIN_ITEM,
    content: storedContent(content),
    origin: "copied",
    operation: "edit",
    editTarget: target.hash,
    labels: before.commit.hash === target.hash ? [] : before.commit.labels,
    generationConfig: before.commit.generationConfig,
    message: before.commit.message,
  };
  return { item, ended: edit.hash, restored: [target.hash] };
}

function hidesNothing({ hash }: CommitRecord): TractError {
  return new TractError(
    "invalid-argument",
    `summary: ${hash.slice(0, 12)} is the result of a child and hides nothing`,
    {
      hint: "Leave restore out to read the child's work, or merge the child's branch to have it in this context.",
      data: { path: "summary", commit: hash },
    },
  );
}

function standing(stand: Exclude<Stand, { kind: "result" }>): Hash {
  return stand.kind === "summary" ? stand.commit.hash : stand.edit.hash;
}

function elsewhere(summary: Hash, branch: string): TractError {
  return new TractError(
    "invalid-argument",
    `summary: ${summary.slice(0, 12)} is not in the history of ${branch}`,
    {
      hint: "Give the branch that has it; without restore, expand reads it from anywhere.",
      data: { path: "summary", commit: summary, branch },
    },
  );
}

function shownAlready(summary: Hash): TractError {
  return new TractError("nothing-to-do", `what ${summary.slice(0, 12)} stood for shows already`, {
    hint: "Look at compile; nothing was stored.",
    data: { summary },
  });
}

function covered(commit: Hash, by: Hash): TractError {
  return new TractError("invalid-argument", `summary: ${commit.slice(0, 12)} is itself summarised`, {
    hint: `Bring back ${by.slice(0, 12)} first, which stands for it; or read the originals with expand, without restore.`,
    data: { path: "summary", commit, summary: by },
  });
}

function madeByRestore(summary: Hash): TractError {
  return new TractError("invalid-argument", `summary: ${summary.slice(0, 12)} was made by restore`, {
    hint: "Take that restore back with undo, or restore the later state; expand without restore reads what is set aside.",
    data: { path: "summary", commit: summary },
  });
}
