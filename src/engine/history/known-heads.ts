/** Warns a session when another one has moved the HEAD of its worktree, so that nobody commits elsewhere unawares (spec 9, 8). */
import type { Engine } from "../engine.ts";
import type { Site } from "./snapshot.ts";

/** Where HEADs were when a session last looked. */
export interface KnownHeads {
  /** Remembers; gives what was remembered before, null at the first look. */
  readonly see: (tract: string, worktree: string, at: string) => string | null;
}

export function createKnownHeads(): KnownHeads {
  const known = new Map<string, string>();
  return {
    see: (tract, worktree, at) => {
      const key = JSON.stringify([tract, worktree]);
      const before = known.get(key) ?? null;
      if (known.size >= HEADS_MAX) known.clear();
      known.set(key, at);
      return before;
    },
  };
}

/** Forgetting them costs a warning at most. */
const HEADS_MAX = 1_000;

/** Costs a look into memory while HEAD stays where it was. */
export async function noticeMovedHead(
  { heads, scope, store }: Engine,
  { branch, head }: Pick<Site, "branch" | "head">,
): Promise<void> {
  if (heads === null) return;
  const { tract, worktree, author } = scope;
  const now = branch === null ? `detached at ${head?.hash.slice(0, 8)}` : `on ${branch}`;
  const before = heads.see(tract, worktree, now);
  if (before === null || before === now) return;
  const [move] = await store.readOperations(tract, { ref: { kind: "worktree", name: worktree }, limit: 1 });
  if (move === undefined || move.author.session_id === author.session_id) return;
  const text = `another session (${move.author.name ?? move.author.kind}) moved HEAD of worktree ${worktree}: it was ${before}, it is ${now}; give branch to be independent of it, or work in a worktree of your own`;
  scope.notices?.push({ policy: null, text, proposalId: null });
}
