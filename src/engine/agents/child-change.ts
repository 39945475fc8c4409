/** The change that makes a child's tract: its first operation, in the transaction of the parent's (spec 3.6). */
import type { ChangeSet } from "../../storage/change-set.ts";
import { type Engine, withScope } from "../engine.ts";
import { branchChange } from "../history/branch-change.ts";
import type { Site } from "../history/snapshot.ts";
import type { Spawned } from "./spawn.ts";

/** Type of the first operation of a tract that was spawned. */
export const SPAWNED = "spawned";

const EMPTY_SITE: Site = {
  tract: null,
  worktreeExists: false,
  branch: null,
  branchExists: false,
  head: null,
};

export async function childTractChange(engine: Engine, spawned: Spawned): Promise<ChangeSet> {
  const { site, branch, place, operationId, now, child } = spawned;
  const { planned } = child;
  // Token counts are copied with the commits, so the child counts as its parent does.
  const settings = { ...engine.settings, encoding: site.tract?.encoding ?? engine.settings.encoding };
  const inChild = { ...withScope(engine, { tract: place.tract, worktree: place.worktree }), settings };
  const change = branchChange(inChild, {
    site: EMPTY_SITE,
    branch: place.branch,
    planned,
    isJudged: false,
    note: {
      id: engine.newId(),
      type: SPAWNED,
      now,
      params: {
        parent: {
          tract: engine.scope.tract,
          branch,
          commit: site.head?.hash ?? null,
          operation: operationId,
        },
      },
      reason: `Spawned from ${branch} of ${engine.scope.tract}`,
      evidence: {
        commits: planned.chain.length,
        tokens: planned.chain.reduce((sum, row) => sum + row.commit.tokens, 0),
      },
    },
  });
  const types = site.tract === null ? [] : await engine.store.listContentTypes(engine.scope.tract);
  return { ...change, contentTypes: types };
}
