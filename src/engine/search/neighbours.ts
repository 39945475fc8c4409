/** Finds the messages around a commit, and what shows in its place, in the history that contains it. */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { chainDistance } from "../history/chain-distance.ts";

export interface Around {
  /** The edit that shows in place of the commit's text; null when the text itself shows. */
  readonly supersededBy: Hash | null;
  /** Oldest first. */
  readonly neighbours: readonly NearbyMessage[];
}

export interface NearbyMessage {
  readonly commit: CommitRecord;
  /** The commit whose content shows there: the message itself, or its last edit. */
  readonly shows: CommitRecord;
  /** -1 is directly before, 1 directly after. */
  readonly position: number;
}

/** Commits looked at on each side beyond those wanted: edits and settings stand between messages. */
const SLACK = 8;

/** Looks in the first of `heads` whose history has the commit; an edit has the surroundings of its target, where its text shows. */
export async function readAround(
  engine: Engine,
  commit: CommitRecord,
  heads: readonly Hash[],
  count: number,
): Promise<Around> {
  const anchor = commit.editTarget ?? commit.hash;
  const head = (await containing(engine, commit.hash, heads)) ?? commit.hash;
  const shows = await shownAt(engine, anchor, head);
  return {
    supersededBy: shows === null || shows.hash === commit.hash ? null : shows.hash,
    neighbours: count === 0 ? [] : await readNeighbours(engine, anchor, head, count),
  };
}

async function containing(engine: Engine, commit: Hash, heads: readonly Hash[]): Promise<Hash | null> {
  for (const head of heads) if (await engine.store.isReachable(engine.scope.tract, commit, head)) return head;
  return null;
}

/** The last edit of a commit behind a head; null when there is none. */
async function shownAt({ scope, store }: Engine, commit: Hash, head: Hash): Promise<CommitRecord | null> {
  return (await store.readEdits(scope.tract, commit, head)).at(-1) ?? null;
}

async function readNeighbours(
  engine: Engine,
  anchor: Hash,
  head: Hash,
  count: number,
): Promise<readonly NearbyMessage[]> {
  const { scope, store } = engine;
  const distance = await chainDistance(engine, anchor, head);
  // A merged-in commit is not on the chain: then only what led to it is known to stand beside it.
  const above = Math.min(distance ?? 0, count + SLACK);
  const newest = distance === null ? anchor : await store.readAncestor(scope.tract, head, distance - above);
  if (newest === null) return [];
  const rows = await store.readLog(scope.tract, {
    head: newest,
    firstParent: true,
    limit: above + 1 + count + SLACK,
  });
  const before = rows
    .slice(above + 1)
    .filter(isMessage)
    .slice(0, count)
    .reverse();
  const after = rows.slice(0, above).filter(isMessage).slice(-count).reverse();
  const nearby: NearbyMessage[] = [];
  for (const [i, commit] of [...before, ...after].entries()) {
    const position = i < before.length ? i - before.length : i - before.length + 1;
    nearby.push({ commit, shows: (await shownAt(engine, commit.hash, head)) ?? commit, position });
  }
  return nearby;
}

/** What compile can show as a message at its own place. */
function isMessage({ operation, role }: CommitRecord): boolean {
  return operation === "append" && role !== null;
}
