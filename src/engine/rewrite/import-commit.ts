/** Imports commits: the same contents on this branch as new commits, from any branch or tract of the store (spec 3.4). */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { Hash, JsonObject } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { branchChange } from "../history/branch-change.ts";
import { attachedBranch, type WriteResult } from "../history/commit.ts";
import { type PlannedCommits, planCommits } from "../history/plan-commit.ts";
import { isoNow, type Planned, publishPlan } from "../history/publish.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import { type ImportItems, importItems } from "./import-items.ts";
import {
  type ImportedCommits,
  type ImportRequest,
  readImportedCommits,
  readNewTypes,
} from "./import-source.ts";
import { IMPORT_TYPE, ImportTargets } from "./import-targets.ts";
import type { Mapped } from "./reorganize.ts";
import { type RewriteSize, sizeRewrite } from "./rewrite-budget.ts";
import { type OnMissingTarget, type RewriteWarning, short, warn } from "./rewrite-warning.ts";
import { pairsOf, toolRowsOf } from "./tool-splits.ts";

export interface ImportCommitRequest extends ImportRequest {
  /** For edits whose target is not on this branch. Default: error. */
  readonly onMissingTarget?: OnMissingTarget | undefined;
}

export interface ImportCommitResult extends Omit<WriteResult, "warnings"> {
  /** In the order of the new commits, targets that came along included; then edits that were left out, with null. */
  readonly mapping: readonly Mapped[];
  readonly warnings: readonly RewriteWarning[];
  /** Of the compiled context. */
  readonly tokensBefore: number;
  readonly tokensAfter: number;
}

/**
 * Imports commits with their labels, metadata, authors and newest annotations. An edit applies to the commit that it replaced where that is
 * on this branch, else to its copy by an earlier import. A summary stays one where all its sources are here, else it is a user's message.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument`, `detached-head`, `edit-target` (an edit without target, with the
 *   choices in data), `nothing-to-do`, `budget-exceeded`; in each case nothing is stored.
 */
export async function importCommit(
  engine: Engine,
  request: ImportCommitRequest,
): Promise<ImportCommitResult> {
  return await publishPlan(engine, () => planImport(engine, request));
}

async function planImport(
  engine: Engine,
  request: ImportCommitRequest,
): Promise<Planned<ImportCommitResult>> {
  const site = await readSite(engine, { branch: request.branch });
  const branch = attachedBranch(site);
  const source = await readImportedCommits(engine, request);
  const targets = new ImportTargets(engine, site, source.tract);
  const chosen = await importItems(engine, source, targets, request.onMissingTarget ?? "error");
  if (chosen.items.length === 0) throw nothingLeft(chosen.dropped);
  const operationId = engine.newId();
  const now = isoNow(engine);
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const screen = await engine.screen(engine, site.head?.hash ?? null);
  const { author } = engine.scope;
  const base = { parent: site.head, branch, author, operationId, now, tokens, screen };
  const planned = planCommits(base, chosen.items);
  const sized = await sizeRewrite(engine, site, {
    branch,
    now,
    base: site.head?.hash ?? null,
    chain: planned.chain,
    annotations: planned.annotations,
    mayRefuse: true,
  });
  const made = chosen.from.map(({ commit }, i) => ({
    from: commit.hash,
    to: planned.chain[i]?.commit.hash ?? null,
  }));
  const change = await importChange(engine, {
    site,
    branch,
    now,
    operationId,
    source,
    chosen,
    planned,
    sized,
  });
  return {
    change,
    result: () => ({
      operationId,
      branch,
      head: planned.chain.at(-1)?.commit.hash ?? null,
      mapping: [...made, ...chosen.dropped.map((from) => ({ from, to: null }))],
      warnings: [...source.warnings, ...chosen.warnings, ...loneTools(chosen), ...sized.warnings],
      tokensBefore: sized.size.before,
      tokensAfter: sized.size.after,
    }),
  };
}

async function importChange(
  engine: Engine,
  input: {
    readonly site: Site;
    readonly branch: string;
    readonly now: string;
    readonly operationId: string;
    readonly source: ImportedCommits;
    readonly chosen: ImportItems;
    readonly planned: PlannedCommits;
    readonly sized: RewriteSize;
  },
): Promise<ChangeSet> {
  const { branch, chosen, now, operationId, planned, site, sized, source } = input;
  const from = chosen.from.map(({ commit }) => commit.hash);
  // Commits of another tract are none of this one: only its own can be sources.
  const params: JsonObject =
    source.tract === null ? { from_tract: null } : { from_tract: source.tract, sources: from };
  const count = planned.chain.length;
  const change = branchChange(engine, {
    site,
    branch,
    planned,
    isJudged: true,
    note: {
      id: operationId,
      type: IMPORT_TYPE,
      now,
      sources: source.tract === null ? from : [],
      params,
      eventType: "IMPORTED",
      reason: `Imported ${count} ${count === 1 ? "commit" : "commits"} to ${branch}`,
      evidence: {
        ...(source.tract === null ? {} : { from_tract: source.tract }),
        commits: count,
        tokens: planned.chain.reduce((sum, { commit }) => sum + commit.tokens, 0),
      },
    },
  });
  const types =
    source.tract === null
      ? []
      : await readNewTypes(engine, source.tract, new Set(planned.contents.map(({ type }) => type)));
  const own = new Set(types.map(({ name }) => name));
  return {
    ...change,
    contentTypes: [...change.contentTypes.filter(({ name }) => !own.has(name)), ...types],
    ledger: [...change.ledger, ...sized.ledger],
  };
}

/** Calls that come without their result, and results without their call. */
function loneTools({ from }: ImportItems): readonly RewriteWarning[] {
  const rows = toolRowsOf(from);
  const pairs = pairsOf(rows);
  return rows.flatMap(({ hash, content }) => {
    if (pairs.has(hash)) return [];
    const other = content.direction === "call" ? "result" : "call";
    return [warn("splits-pair", `${content.direction} ${short(hash)} came without its ${other}`, [hash])];
  });
}

/** Of one refusal. */
const DROPPED_TOLD_MAX = 20;

function nothingLeft(dropped: readonly Hash[]): TractError {
  return new TractError("nothing-to-do", "nothing is left to import", {
    hint: "Import the targets of the edits too, or choose as_append or with_target.",
    data: { dropped: dropped.slice(0, DROPPED_TOLD_MAX), dropped_count: dropped.length },
  });
}
