/** Reads what a child has done: where it stands now, and what of its context is its own (spec 3.6). */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { CompilePoint } from "../compile/cache.ts";
import type { Draft } from "../compile/draft.ts";
import { loadDraft } from "../compile/load-draft.ts";
import { measuringOptions } from "../compile/options.ts";
import type { Unit } from "../compile/unit.ts";
import { unitReader } from "../compile/unit-reader.ts";
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

export interface ChildWork {
  /** Units of the child's context that it was not given, in order. */
  readonly units: readonly Unit[];
  readonly draft: Draft;
}

/**
 * The part of a child's context that came after what it was given; summaries that it made itself are part of it.
 *
 * @param head a commit of the child.
 */
export async function readChildWork(
  engine: Engine,
  child: Pick<ChildPlace, "tract">,
  at: { readonly site: Site; readonly head: Hash; readonly from: Hash },
): Promise<ChildWork> {
  const { site, head, from } = at;
  const point: CompilePoint = {
    tract: child.tract,
    encoding: site.tract?.encoding ?? engine.settings.encoding,
    head,
    annotationSequence: site.tract?.annotationSequence ?? 0,
  };
  const draft = await loadDraft(engine, point, measuringOptions({ strategy: "full", recent: null }));
  const made = await engine.store.readSide(child.tract, head, from);
  const own = new Set(made.map(({ commit }) => commit.hash));
  const { unitAt, count } = unitReader(draft);
  const units = Array.from({ length: count }, (_, index) => unitAt(index)).filter(({ entries }) =>
    entries.some(({ hash, place }) => own.has(hash) || own.has(place.shown.commit.hash)),
  );
  return { units, draft };
}
