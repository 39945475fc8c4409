/** What the common history of two sides shows for a commit: the base of its conflicts (spec 3.3). */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import type { SideRecord } from "../history/open-conflicts.ts";
import { invariant } from "../invariant.ts";
import type { SideFacts, SidesFacts } from "./sides.ts";

export interface BaseText {
  readonly target: CommitRecord;
  /** Edits of it in the common history; the last one shows. */
  readonly edits: readonly CommitRecord[];
  /** Of the content that shows; null for a commit without one. */
  readonly hash: Hash | null;
}

/** The last edit that both sides have, or else the commit itself. In criss-cross histories, too: what either side alone has does not count. */
export async function readBaseText(
  { store, scope }: Engine,
  { ours }: SidesFacts,
  target: Hash,
): Promise<BaseText> {
  const [commit] = await store.readCommits(scope.tract, [target]);
  invariant(commit, "the target of an edit is in the store");
  const edits = (await store.readEdits(scope.tract, target, ours.tip)).filter(
    ({ hash }) => !ours.hashes.has(hash),
  );
  return { target: commit, edits, hash: edits.at(-1)?.contentHash ?? commit.contentHash };
}

/** What the common history shows. */
export function baseRecord({ target, edits, hash }: BaseText): SideRecord {
  return {
    commits: edits.length === 0 ? [target.hash] : edits.map((edit) => edit.hash),
    hash,
    priority: null,
  };
}

/** What the last of a side's edits shows. */
export function editRecord(edits: readonly CommitRecord[]): SideRecord {
  return {
    commits: edits.map(({ hash }) => hash),
    hash: edits.at(-1)?.contentHash ?? null,
    priority: null,
  };
}

/** What a side shows for a target, edited or not. */
export function shownRecord(side: SideFacts, base: BaseText): SideRecord {
  const edits = side.edits.get(base.target.hash);
  return edits === undefined ? { ...baseRecord(base), commits: [] } : editRecord(edits);
}
