/** Plans what a merge of a contained source does: conflicts that an earlier merge of it recorded are resolved by edits at the head, without a new merge commit, or told (spec 3.3). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { branchChange } from "../history/branch-change.ts";
import { sizeAround } from "../history/context-size.ts";
import { readCoverage } from "../history/coverage.ts";
import {
  markedCommit,
  type OpenConflict,
  type RecordedConflict,
  readOpenConflicts,
} from "../history/open-conflicts.ts";
import { planCommits } from "../history/plan-commit.ts";
import { isoNow, type Planned } from "../history/publish.ts";
import { planSettings } from "../history/settings.ts";
import { invariant } from "../invariant.ts";
import { decideByLlm } from "./decide-by-llm.ts";
import { type Decided, decideByResolutions, decideByStrategy } from "./decisions.ts";
import { withDeletion } from "./delete-source.ts";
import { type Conflict, describeConflict, readMaterial } from "./material.ts";
import { unchanged, withBudgetWarning } from "./merge-result.ts";
import type { MergeParts, MergeResult } from "./merge-types.ts";
import { annotationsFor, resolutionEntry, sourcesOf } from "./plan-three-way.ts";
import { type Resolved, resolveConflicts } from "./resolve.ts";
import { unfinished } from "./unfinished.ts";

/** What is open of a source that is contained: resolved as asked, or else told. */
export async function planContained(engine: Engine, parts: MergeParts): Promise<Planned<MergeResult>> {
  const { request, ends } = parts;
  const { strategy, resolutions = [] } = request;
  const rest = strategy === "ours" || strategy === "theirs" || strategy === "both" ? strategy : "report";
  const open = await openFrom(engine, parts);
  const chosen = await decideByResolutions(
    engine,
    ends.site,
    open.map(({ conflict }) => conflict),
    resolutions,
  );
  const isLeft = ({ conflict }: OpenConflict): boolean => !chosen.has(conflict);
  const left = open.filter(isLeft).map(({ conflict }) => conflict);
  const byLlm = await decideByLlm(engine, parts, left);
  const byStrategy = decideByStrategy(rest);
  const decided = open.flatMap(({ conflict }): readonly Decided[] => {
    const decision = chosen.get(conflict) ?? byLlm.get(conflict) ?? byStrategy;
    return decision === undefined ? [] : [{ conflict, decision }];
  });
  return decided.length === 0
    ? await planUpToDate(engine, parts, open)
    : await planEdits(engine, { parts, open, decided });
}

/** Nothing is written; conflicts on record are told again. */
async function planUpToDate(
  engine: Engine,
  { request, ends }: MergeParts,
  open: readonly OpenConflict[],
): Promise<Planned<MergeResult>> {
  const recorded = open.map(({ conflict }) => conflict);
  const material = await readMaterial(engine, recorded);
  const result = await unchanged(engine, ends, {
    kind: "up_to_date",
    base: ends.theirs.hash,
    conflicts: recorded.map((conflict) => describeConflict(engine, material, conflict)),
    warnings:
      request.deleteSource === true ? [`nothing was merged, so ${ends.sourceName} is left as it is`] : [],
  });
  return { change: null, result: () => result };
}

/** The open conflicts of the merges that brought the source, or a part of it. */
async function openFrom(engine: Engine, { ends }: MergeParts): Promise<readonly OpenConflict[]> {
  const { store, scope } = engine;
  const found: OpenConflict[] = [];
  const isOfSource = new Map<Hash, boolean>();
  for (const one of await readOpenConflicts(engine, ends.site.head?.hash ?? null)) {
    const { hash, parents } = one.merge;
    let isOne = isOfSource.get(hash);
    if (isOne === undefined) {
      isOne = false;
      for (const parent of parents.slice(1))
        isOne ||= await store.isReachable(scope.tract, parent, ends.theirs.hash);
      isOfSource.set(hash, isOne);
    }
    if (isOne) found.push(one);
  }
  return found;
}

interface LaterInput {
  readonly parts: MergeParts;
  readonly open: readonly OpenConflict[];
  readonly decided: readonly Decided[];
}

/** What stays open under a summary that is touched is marked anew. */
function withNeighbours(
  open: readonly OpenConflict[],
  decided: readonly Decided[],
  isInEffect: (summary: Hash) => boolean,
): readonly Decided[] {
  const summaryOf = ({ conflict }: { readonly conflict: RecordedConflict }): Hash | null =>
    conflict.compressedBy === null ? null : markedCommit(conflict);
  const touched = new Set(decided.map(summaryOf));
  const stay = open.filter((one) => {
    const summary = summaryOf(one);
    const isTouched = summary !== null && touched.has(summary) && isInEffect(summary);
    return isTouched && !decided.some(({ conflict }) => conflict === one.conflict);
  });
  return [...decided, ...stay.map(({ conflict }): Decided => ({ conflict, decision: { kind: "record" } }))];
}

async function planEdits(
  engine: Engine,
  { parts, open, decided }: LaterInput,
): Promise<Planned<MergeResult>> {
  const { ends } = parts;
  const { branch, theirs, sourceName } = ends;
  const material = await readMaterial(
    engine,
    open.map(({ conflict }) => conflict),
  );
  const names = open[0]?.names ?? { ours: branch, theirs: sourceName };
  const { summaries } = await readCoverage(engine, ends.site.head?.hash ?? null);
  const isInEffect = (summary: Hash): boolean => summaries.some(({ hash }) => hash === summary);
  const context = { engine, material, names, isLater: true, isInEffect };
  const resolved = resolveConflicts(context, withNeighbours(open, decided, isInEffect), {});
  const describe = (some: readonly Decided["conflict"][]) =>
    some.map((conflict) => describeConflict(engine, material, conflict));
  if (resolved.unresolved.length > 0) {
    const conflicts = describe(resolved.unresolved);
    if ((parts.request.resolutions?.length ?? 0) > 0) throw unfinished(conflicts);
    const result = await unchanged(engine, ends, { kind: "conflicts", base: theirs.hash, conflicts });
    return { change: null, result: () => result };
  }
  return await planEditCommits(engine, {
    parts,
    decided,
    resolved,
    stillOpen: open.length - decided.length,
    told: describe(decided.map(({ conflict }) => conflict)),
  });
}

async function planEditCommits(
  engine: Engine,
  input: {
    readonly parts: MergeParts;
    readonly decided: readonly Decided[];
    readonly resolved: Resolved;
    readonly stillOpen: number;
    readonly told: readonly Conflict[];
  },
): Promise<Planned<MergeResult>> {
  const { parts, decided, resolved, stillOpen, told } = input;
  const { site, branch, theirs, sourceName } = parts.ends;
  const operationId = engine.newId();
  const now = isoNow(engine);
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const screen = await engine.screen(engine, site.head?.hash ?? null);
  const { author } = engine.scope;
  const commitBase = { parent: site.head, branch, author, operationId, now, tokens, screen };
  const planned = planCommits(commitBase, resolved.items);
  const annotations = annotationsFor(engine, resolved.states, { branch, now });
  const size = await sizeAround(engine, site, { chain: planned.chain, annotations });
  const settings = await planSettings(engine, site.head?.hash ?? null, planned.chain);
  const edits = planned.chain.map(({ commit }) => commit.hash);
  const head = edits.at(-1) ?? site.head?.hash;
  invariant(head !== undefined, "a branch with conflicts has commits");
  const resolving = branchChange(engine, {
    site,
    branch,
    planned,
    annotations,
    isJudged: true,
    note: {
      id: operationId,
      type: "merge",
      now,
      sources: sourcesOf(parts.ends, annotations),
      params: { source: sourceName, into: branch, kind: "resolved", recorded: 0 },
      reason: `Resolved ${decided.length} recorded ${decided.length === 1 ? "conflict" : "conflicts"} of ${sourceName} on ${branch}`,
      evidence: { kind: "resolved", source: theirs.hash, conflicts: decided.length },
    },
  });
  const { change, warnings } = withBudgetWarning(engine, resolving, { settings, size, branch, now });
  return {
    change: withDeletion(change, parts.deletion),
    result: (): MergeResult => ({
      operationId,
      branch,
      head,
      warnings: stillOpen === 0 ? warnings : [...warnings, stillOpenWords(stillOpen, sourceName)],
      kind: "resolved",
      dryRun: false,
      base: theirs.hash,
      conflicts: told,
      resolutions: decided.map(resolutionEntry),
      mergeCommit: null,
      edits,
      commitsBrought: { count: 0, commits: [] },
      tokensBefore: size.before,
      tokensAfter: size.after,
    }),
  };
}

function stillOpenWords(count: number, source: string): string {
  const open = count === 1 ? "1 conflict is" : `${count} conflicts are`;
  return `${open} still open; merge ${source} without resolutions shows what is left`;
}
