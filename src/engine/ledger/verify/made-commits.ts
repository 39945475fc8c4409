/** Pairs operations with the commits they made: both are stored in the order of writing, so each is read once. */
import type { CommitRecord, Hash } from "../../../storage/records.ts";
import type { Verification } from "../verify.ts";
import { orDamage } from "./damaged-rows.ts";
import { verifyOtherMaker } from "./links.ts";

/** Commits kept until their operation comes; more of them wait only when operations are gone. */
const WAITING_MAX = 20_000;

/** A commit that an operation names; null: it cannot be read; undefined: it is gone. */
export type NamedCommit = CommitRecord | null | undefined;

/** Asked in the order of operations. */
export interface MadeCommits {
  /** The commits if all have been read and not asked for before, as it mostly is. */
  readonly atHand: (hashes: readonly Hash[]) => readonly NamedCommit[] | undefined;
  /** The commits wherever they are, in the order of their hashes. */
  readonly find: (hashes: readonly Hash[]) => Promise<readonly NamedCommit[]>;
  /** Reads the commits to their end; reports those that no operation has named. */
  readonly finish: () => Promise<void>;
}

/** `pages` is the commits in order. */
export function pairCommits(
  verification: Verification,
  pages: AsyncIterator<readonly CommitRecord[]>,
): MadeCommits {
  const { engine } = verification;
  const waiting = new Map<Hash, CommitRecord>();

  /** With since the operation may lie before. */
  const verifyStray = async (commit: CommitRecord): Promise<void> => {
    if (verification.since === null) await verifyOtherMaker(verification, commit);
  };
  const take = (hash: Hash): CommitRecord | undefined => {
    const commit = waiting.get(hash);
    waiting.delete(hash);
    return commit;
  };
  /** False at the end. */
  const readOn = async (): Promise<boolean> => {
    const read = await pages.next();
    if (read.done === true) return false;
    for (const commit of read.value) waiting.set(commit.hash, commit);
    for (const [hash, commit] of waiting) {
      if (waiting.size <= WAITING_MAX) break;
      waiting.delete(hash);
      await verifyStray(commit);
    }
    return true;
  };

  return {
    atHand: (hashes) => (hashes.every((hash) => waiting.has(hash)) ? hashes.map(take) : undefined),
    find: async (hashes) => {
      // What gc removed is on no page; one that was made again belongs to another operation.
      const away = hashes.filter((hash) => !waiting.has(hash));
      const removed = new Set(await orDamage(engine.store.findCollected(engine.scope.tract, away)));
      const again = await readAll(
        verification,
        away.filter((hash) => removed.has(hash)),
      );
      const found: NamedCommit[] = [];
      for (const hash of hashes) {
        if (removed.has(hash) && !waiting.has(hash)) {
          found.push(again === null ? null : again.get(hash));
          continue;
        }
        // What is not on the next page either is older, or gone.
        const isAtHand = waiting.has(hash) || ((await readOn()) && waiting.has(hash));
        found.push(isAtHand ? take(hash) : await readOne(verification, hash));
      }
      return found;
    },
    finish: async () => {
      while (await readOn());
      for (const commit of waiting.values()) await verifyStray(commit);
    },
  };
}

/** A commit that stands elsewhere: made by an earlier operation, or stored out of order. */
async function readOne({ engine }: Verification, hash: Hash): Promise<NamedCommit> {
  const read = await orDamage(engine.store.readCommits(engine.scope.tract, [hash]));
  return read === undefined ? null : read[0];
}

/** null: they cannot be read. */
async function readAll(
  { engine }: Verification,
  hashes: readonly Hash[],
): Promise<ReadonlyMap<Hash, CommitRecord> | null> {
  if (hashes.length === 0) return new Map();
  const commits = await orDamage(engine.store.readCommits(engine.scope.tract, hashes));
  return commits === undefined ? null : new Map(commits.map((commit) => [commit.hash, commit]));
}
