/** Plans a merge with a merge commit: conflicts found and decided, resolutions directly after it (spec 3.3). */
import type { NewAnnotation } from "../../storage/change-set.ts";
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { branchChange } from "../history/branch-change.ts";
import { sizeAround } from "../history/context-size.ts";
import { type ConflictRecord, conflictMetadata, type RecordedConflict } from "../history/open-conflicts.ts";
import { type BareItem, PLAIN_ITEM, planCommits } from "../history/plan-commit.ts";
import { isoNow, type Planned } from "../history/publish.ts";
import { planSettings } from "../history/settings.ts";
import { invariant } from "../invariant.ts";
import { findConflicts } from "./conflicts.ts";
import { decideByLlm } from "./decide-by-llm.ts";
import { type Decided, decideByResolutions, decideByStrategy } from "./decisions.ts";
import { withDeletion } from "./delete-source.ts";
import { describeConflict, type Material, readMaterial } from "./material.ts";
import { broughtBy, unchanged, withBudgetWarning } from "./merge-result.ts";
import type { MergeEnds, MergeParts, MergeRequest, MergeResult, ResolutionEntry } from "./merge-types.ts";
import { type Resolved, resolveConflicts } from "./resolve.ts";
import type { JudgedState } from "./resolve-judgements.ts";
import { readSides, type SidesFacts } from "./sides.ts";
import { unfinished } from "./unfinished.ts";

export async function planThreeWay(engine: Engine, parts: MergeParts): Promise<Planned<MergeResult>> {
  const { request, ends } = parts;
  const { site, branch, theirs, sourceBranch } = ends;
  invariant(site.head, "an unborn branch is moved forward");
  const sides = await readSides(
    engine,
    { tip: site.head.hash, branch },
    { tip: theirs.hash, branch: sourceBranch },
  );
  const { conflicts, settingsToKeep } = await findConflicts(engine, site, sides);
  const decided = await decideAll(engine, { parts, conflicts });
  const left = conflicts.filter((conflict) => !decided.some((one) => one.conflict === conflict));
  const material = await readMaterial(engine, conflicts);
  const names = { ours: branch, theirs: ends.sourceName };
  const resolved = resolveConflicts(
    { engine, material, names, isLater: false, isInEffect: () => true },
    decided,
    settingsToKeep,
  );
  const base = sides.bases[0] ?? null;
  const brought = broughtBy(sides.theirs.rows);
  const remaining = [...left, ...resolved.unresolved];
  if (remaining.length > 0) {
    const told = remaining.map((conflict) => describeConflict(engine, material, conflict));
    if ((request.resolutions?.length ?? 0) > 0) throw unfinished(told);
    const result = await unchanged(engine, ends, {
      kind: "conflicts",
      base,
      conflicts: told,
      commitsBrought: brought,
    });
    return { change: null, result: () => result };
  }
  return await planMergeCommit(engine, { parts, sides, decided, material, resolved });
}

async function decideAll(
  engine: Engine,
  { parts, conflicts }: { readonly parts: MergeParts; readonly conflicts: readonly RecordedConflict[] },
): Promise<readonly Decided[]> {
  const { strategy = "report", resolutions = [] } = parts.request;
  const chosen = await decideByResolutions(engine, parts.ends.site, conflicts, resolutions);
  const isOpen = (conflict: RecordedConflict): boolean => !chosen.has(conflict);
  const byLlm = await decideByLlm(engine, parts, conflicts.filter(isOpen));
  const rest = strategy === "llm" ? undefined : decideByStrategy(strategy);
  return conflicts.flatMap((conflict) => {
    const decision = chosen.get(conflict) ?? byLlm.get(conflict) ?? rest;
    return decision === undefined ? [] : [{ conflict, decision }];
  });
}

interface MergeInput {
  readonly parts: MergeParts;
  readonly sides: SidesFacts;
  readonly decided: readonly Decided[];
  readonly material: Material;
  readonly resolved: Resolved;
}

async function planMergeCommit(engine: Engine, input: MergeInput): Promise<Planned<MergeResult>> {
  const { parts, sides, decided, material, resolved } = input;
  const { request, ends, deletion } = parts;
  const { site, branch, theirs, sourceName } = ends;
  const operationId = engine.newId();
  const now = isoNow(engine);
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const recorded = decided.filter(({ decision }) => decision.kind === "record");
  const screen = await engine.screen(engine, site.head?.hash ?? null);
  const { author } = engine.scope;
  const commitBase = { parent: site.head, branch, author, operationId, now, tokens, screen };
  const planned = planCommits(commitBase, [
    mergeItem(request, ends, {
      conflicts: recorded.map(({ conflict }) => conflict),
      names: { ours: branch, theirs: sourceName },
    }),
    ...resolved.items,
  ]);
  const annotations = annotationsFor(engine, resolved.states, { branch, now });
  const chain = [...sides.theirs.rows, ...planned.chain];
  const size = await sizeAround(engine, site, { chain, annotations });
  const settings = await planSettings(engine, site.head?.hash ?? null, chain);
  const [mergeCommit, ...edits] = planned.chain.map(({ commit }) => commit.hash);
  invariant(mergeCommit !== undefined, "a merge commit is planned");
  const kind = decided.length === 0 ? "clean" : recorded.length > 0 ? "recorded" : "resolved";
  const base = sides.bases[0] ?? null;
  const merged = branchChange(engine, {
    site,
    branch,
    planned,
    annotations,
    // What was skipped or pinned decides conflicts, so it must be what it was.
    isJudged: true,
    note: {
      id: operationId,
      type: "merge",
      now,
      sources: sourcesOf(ends, annotations),
      params: { source: sourceName, into: branch, kind, recorded: recorded.length },
      reason: `Merged ${sourceName} into ${branch}`,
      evidence: {
        ...{ kind, base, source: theirs.hash, merge_commit: mergeCommit },
        ...{ commits: sides.theirs.rows.length, conflicts: decided.length, recorded: recorded.length },
      },
    },
  });
  const { change, warnings } = withBudgetWarning(engine, merged, { settings, size, branch, now });
  return {
    change: withDeletion(change, deletion),
    result: (): MergeResult => ({
      operationId,
      branch,
      head: edits.at(-1) ?? mergeCommit,
      warnings,
      kind,
      dryRun: false,
      base,
      conflicts: decided.map(({ conflict }) => describeConflict(engine, material, conflict)),
      resolutions: decided.map(resolutionEntry),
      mergeCommit,
      edits,
      commitsBrought: broughtBy(sides.theirs.rows),
      tokensBefore: size.before,
      tokensAfter: size.after,
    }),
  };
}

function mergeItem(
  { message }: MergeRequest,
  { branch, theirs, sourceName }: MergeEnds,
  record: ConflictRecord,
): BareItem {
  return {
    ...PLAIN_ITEM,
    content: null,
    operation: "merge",
    message: message ?? `Merge ${sourceName} into ${branch}`,
    metadata: record.conflicts.length === 0 ? null : conflictMetadata(record),
    mergedTips: [theirs],
  };
}

/** The tip that is merged, and the commits that are annotated. */
export function sourcesOf({ theirs }: MergeEnds, annotations: readonly NewAnnotation[]): readonly Hash[] {
  return [...new Set([theirs.hash, ...annotations.map(({ commit }) => commit)])];
}

export function annotationsFor(
  engine: Engine,
  states: readonly JudgedState[],
  { branch, now }: { readonly branch: string; readonly now: string },
): readonly NewAnnotation[] {
  // Of several conflicts of one commit the last one speaks.
  const last = new Map(states.map((judged) => [judged.commit, judged]));
  return [...last.values()].map(({ commit, state, kind }) => ({
    commit,
    ...state,
    reason: `Resolved ${kind}`,
    author: engine.scope.author,
    createdAt: now,
    branch,
  }));
}

export function resolutionEntry({ conflict, decision }: Decided): ResolutionEntry {
  const { kind, target } = conflict;
  if (decision.kind === "pick") return { kind, target, by: decision.pick };
  if (decision.kind === "record") return { kind, target, by: "record" };
  const isByLlm = decision.kind === "content" && decision.generationConfig !== undefined;
  return { kind, target, by: isByLlm ? "llm" : "content" };
}
