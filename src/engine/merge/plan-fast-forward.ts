/** Plans the merge that needs no merge commit: the branch only moves forward (spec 3.3). */
import type { Engine } from "../engine.ts";
import { branchChange } from "../history/branch-change.ts";
import { isoNow, type Planned } from "../history/publish.ts";
import { readSettings } from "../history/settings.ts";
import { withDeletion } from "./delete-source.ts";
import { broughtBy, sizeAt, withBudgetWarning } from "./merge-result.ts";
import type { MergeParts, MergeResult } from "./merge-types.ts";

/** The branch goes to where the source is. An unborn one does so always. */
export async function planFastForward(
  engine: Engine,
  { ends, deletion }: MergeParts,
): Promise<Planned<MergeResult>> {
  const { site, branch, theirs, sourceName } = ends;
  const base = site.head?.hash ?? null;
  const rows = await engine.store.readSide(engine.scope.tract, theirs.hash, base);
  // All of it is stored, and the branch may stand anywhere behind the source: so the source itself is measured.
  const before = await sizeAt(engine, site, base);
  const after = await sizeAt(engine, site, theirs.hash);
  const settings = await readSettings(engine, engine.scope.tract, theirs.hash);
  const operationId = engine.newId();
  const now = isoNow(engine);
  const moved = branchChange(engine, {
    site,
    branch,
    planned: { chain: [], contents: [], annotations: [] },
    head: theirs.hash,
    isJudged: false,
    note: {
      id: operationId,
      type: "merge",
      now,
      sources: [theirs.hash],
      params: { source: sourceName, into: branch, kind: "fast_forward" },
      reason: `Moved ${branch} forward to ${sourceName}`,
      evidence: { kind: "fast_forward", commits: rows.length },
    },
  });
  const size = { before, after };
  const { change, warnings } = withBudgetWarning(engine, moved, { settings, size, branch, now });
  return {
    change: withDeletion(change, deletion),
    result: (): MergeResult => ({
      operationId,
      branch,
      head: theirs.hash,
      warnings,
      kind: "fast_forward",
      dryRun: false,
      base,
      conflicts: [],
      resolutions: [],
      mergeCommit: null,
      edits: [],
      commitsBrought: broughtBy(rows),
      tokensBefore: before,
      tokensAfter: after,
    }),
  };
}
