/** Merges what another branch, tag or commit has into a branch; conflicts are data, never a dead end (spec 3.3). */
import type { Engine } from "../engine.ts";
import type { Planned } from "../history/publish.ts";
import { Inquiry } from "../llm/inquiry.ts";
import { MERGE_WORDS } from "./decide-by-llm.ts";
import { planSourceDeletion, type SourceDeletion } from "./delete-source.ts";
import { checkMerge, readMergeEnds } from "./merge-ends.ts";
import type { MergeParts, MergeRequest, MergeResult } from "./merge-types.ts";
import { planFastForward } from "./plan-fast-forward.ts";
import { planContained } from "./plan-later-resolution.ts";
import { planThreeWay } from "./plan-three-way.ts";

/**
 * Merges a source into a branch.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `detached-head` (without `into`), `invalid-argument` (source and target are one branch;
 *   resolutions of unknown targets, told with the known ones), `invalid-content`, `conflicts` (resolutions were given and some conflicts
 *   remain; data has them), `in-use` (deleteSource), `llm-not-configured`, other codes of the LLM, `cancelled`; in each case nothing is written but
 *   the ledger's entries of failed calls.
 */
export async function merge(engine: Engine, request: MergeRequest): Promise<MergeResult> {
  checkMerge(engine, request);
  const inquiry = new Inquiry(engine, request, MERGE_WORDS);
  return await inquiry.publish(() => planMerge(engine, request, inquiry));
}

async function planMerge(
  engine: Engine,
  request: MergeRequest,
  inquiry: Inquiry,
): Promise<Planned<MergeResult>> {
  const ends = await readMergeEnds(engine, request);
  if (request.strategy === "llm") await inquiry.prepare(ends.site.head?.hash ?? null);
  const deletion: SourceDeletion =
    request.deleteSource === true
      ? await planSourceDeletion(engine, ends.home, ends.sourceBranch, ends.theirs.hash)
      : { moves: [], expected: [] };
  const planned = await planByShape(engine, request, { ends, deletion, inquiry });
  if (request.dryRun !== true) return planned;
  const { result } = planned;
  const foreseen = result({ operationSequence: 0, annotationSequence: 0, ledgerSequence: 0 });
  const head = ends.site.head?.hash ?? null;
  return {
    change: null,
    result: () => ({ ...foreseen, operationId: null, head, mergeCommit: null, edits: [], dryRun: true }),
  };
}

async function planByShape(
  engine: Engine,
  request: MergeRequest,
  parts: Omit<MergeParts, "request">,
): Promise<Planned<MergeResult>> {
  const { store, scope } = engine;
  const { site, theirs } = parts.ends;
  const head = site.head?.hash ?? null;
  const whole: MergeParts = { request, ...parts };
  if (head === null) return await planFastForward(engine, whole);
  if (await store.isReachable(scope.tract, theirs.hash, head)) return await planContained(engine, whole);
  const isAhead = await store.isReachable(scope.tract, head, theirs.hash);
  if (isAhead && request.noFf !== true) return await planFastForward(engine, whole);
  return await planThreeWay(engine, whole);
}
