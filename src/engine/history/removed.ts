/** Commits that gc has removed: what names them can be read, but nothing can go back to them. */
import type { Hash, OperationRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isMainRef, type RefRestoration } from "./plan-undo.ts";
import { commitOf } from "./ref-value.ts";

/** Those of the hashes whose commits are gone; one that was made again is there. */
export async function readRemoved(
  { store, scope }: Engine,
  hashes: readonly Hash[],
): Promise<readonly Hash[]> {
  const removed = await store.findCollected(scope.tract, hashes);
  if (removed.length === 0) return [];
  const again = new Set((await store.readCommits(scope.tract, removed)).map(({ hash }) => hash));
  return removed.filter((hash) => !again.has(hash));
}

/**
 * What is left of an undo's moves: ORIG_HEAD and the like stay where they are when they cannot go back.
 *
 * @throws TractError `not-found` when a branch, tag or HEAD would go back to a removed commit.
 */
export async function withoutRemoved(
  engine: Engine,
  target: OperationRecord,
  restoration: RefRestoration,
): Promise<RefRestoration> {
  const { moves } = restoration;
  const removed = new Set(
    await readRemoved(
      engine,
      moves.flatMap(({ after }) => commitOf(after) ?? []),
    ),
  );
  const leadsNowhere = ({ after }: (typeof moves)[number]): boolean => {
    const commit = commitOf(after);
    return commit !== null && removed.has(commit);
  };
  const lost = moves.find((move) => isMainRef(move) && leadsNowhere(move));
  if (lost === undefined) return { ...restoration, moves: moves.filter((move) => !leadsNowhere(move)) };
  const commit = commitOf(lost.after);
  throw new TractError(
    "not-found",
    `${target.type} ${target.id} cannot be undone: ${lost.kind} ${JSON.stringify(lost.name)} would go back to commit ${commit?.slice(0, 12)}, which gc has removed`,
    {
      hint: "Undo reaches back as far as gc keeps operations. Move the ref to a commit that is there, or undo a newer operation.",
      data: { operation: target.id, kind: lost.kind, name: lost.name, commit },
    },
  );
}
