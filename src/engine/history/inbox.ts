/** The branch that messages to a worktree are committed to, and how many of them its HEAD has not seen (spec 3.6). */
import { sha256 } from "../content/hashes.ts";
import type { Engine } from "../engine.ts";
import { commitOf } from "./ref-value.ts";
import type { Site } from "./snapshot.ts";

const BRANCH_CHARS_MAX = 200;
const PRINT_CHARS = 16;

/** Names of branches that are inboxes begin so. */
export const INBOX_PREFIX = "inbox/";

/** Name of the inbox of a worktree. What no branch may have in its name stands as %XX. */
export function inboxOf(worktree: string): string {
  const name = `${INBOX_PREFIX}${worktree.replace(/[^\p{L}\p{N}_-]/gu, percent)}`;
  if (name.length <= BRANCH_CHARS_MAX) return name;
  return `${INBOX_PREFIX}${sha256(worktree).slice(0, PRINT_CHARS)}`;
}

/** Messages in the inbox of the call's worktree that the history of its HEAD does not hold. */
export async function countUnread({ scope, store }: Engine, { head }: Pick<Site, "head">): Promise<number> {
  const inbox = commitOf((await store.readRef(scope.tract, "branch", inboxOf(scope.worktree)))?.value);
  return inbox === null ? 0 : await store.countReachable(scope.tract, inbox, head?.hash);
}

function percent(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).padStart(2, "0").toUpperCase()}`)
    .join("");
}
