/** Reads where a child stands now (spec 3.6). */
import type { CommitRecord } from "../../storage/records.ts";
import { type Engine, withScope } from "../engine.ts";
import { commitOf } from "../history/ref-value.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import type { ChildPlace } from "../history/spawn-link.ts";

/** Where a child stands now. */
export interface ChildNow {
  readonly site: Site;
  /** What its worktree is on; where that is no branch, or the worktree is gone, the branch that it was given. */
  readonly branch: string;
  /** null: nothing is there any more. */
  readonly head: CommitRecord | null;
  /** Time when the branch last moved. */
  readonly lastActivity: string | null;
}

export async function readChildNow(engine: Engine, child: ChildPlace): Promise<ChildNow> {
  const { store } = engine;
  const inChild = withScope(engine, { tract: child.tract, worktree: child.worktree, createWorktree: true });
  const site = await readSite(inChild, {});
  const isThere = site.worktreeExists && site.head !== null;
  const branch = (isThere ? site.branch : null) ?? child.branch;
  const ref = await store.readRef(child.tract, "branch", branch);
  const tip = commitOf(ref?.value);
  const [head] = isThere ? [site.head] : tip === null ? [null] : await store.readCommits(child.tract, [tip]);
  return { site, branch, head: head ?? null, lastActivity: ref?.updatedAt ?? null };
}
