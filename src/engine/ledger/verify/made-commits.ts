/** Pairs operations with the commits they made: both are stored in the order of writing, so each is read once. */
import type { CommitRecord, Hash } from "../../../storage/records.ts";
import type { Verification } from "../verify.ts";
import { orDamage } from "./damaged-rows.ts";
import { verifyOtherMaker } from "./links.ts";

/** Commits kept until their operation comes; more of them wait only when operations are gone. */
const WAITING_MAX = 20_000;

export interface MadeCommits {
  /** Commits that an operation names, in its order; null for one that cannot be read, left out when it is gone. */
  readonly take: (hashes: readonly Hash[]) => Promise<ReadonlyMap<Hash, CommitRecord | null>>;
  /** Reads the commits to their end; reports those that no operation has named. */
  readonly finish: () => Promise<void>;
}

/** `pages` is the commits in order. */
export function pairCommits(
  verification: Verification,
  pages: AsyncIterator<readonly CommitRecord[]>,
): MadeCommits {
  const waiting = new Map<Hash, CommitRecord>();

  /** With since its operation may lie before. */
  const verifyStray = async (commit: CommitRecord): Promise<void> => {
    if (verification.since === null) await verifyOtherMaker(verification, commit);
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
    take: async (hashes) => {
      const taken = new Map<Hash, CommitRecord | null>();
      for (const hash of hashes) {
        // What is not among the next page is older, or gone.
        const isThere = waiting.has(hash) || ((await readOn()) && waiting.has(hash));
        const commit = isThere ? waiting.get(hash) : await readOne(verification, hash);
        waiting.delete(hash);
        if (commit !== undefined) taken.set(hash, commit);
      }
      return taken;
    },
    finish: async () => {
      while (await readOn());
      for (const commit of waiting.values()) await verifyStray(commit);
    },
  };
}

/** A commit that stands elsewhere: made by an earlier operation, or stored out of order. */
async function readOne({ engine }: Verification, hash: Hash): Promise<CommitRecord | null | undefined> {
  const read = await orDamage(engine.store.readCommits(engine.scope.tract, [hash]));
  return read === undefined ? null : read[0];
}
