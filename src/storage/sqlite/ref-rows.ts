/** Ref columns: how the value of a ref stands in rows. */
import type { Hash, RefKind, RefValue } from "../records.ts";

/** In the order of their codes. */
export const REF_KINDS: readonly RefKind[] = ["branch", "tag", "worktree", "orig_head", "previous"];

/** is_set, the commit's hash as hex (null or empty: none), branch, note. */
export type RefValueRow = [
  isSet: number | null,
  hash: string | null,
  branch: string | null,
  note: string | null,
];

export function toRefValue(...[isSet, hash, branch, note]: RefValueRow): RefValue | null {
  if (!isSet) return null;
  if (branch !== null) return { branch };
  const commit = hash ? (hash as Hash) : null;
  return note === null ? { commit } : { commit, note };
}

export function sameRefValue(a: RefValue | null, b: RefValue | null): boolean {
  if (a === null || b === null) return a === b;
  if ("branch" in a) return "branch" in b && a.branch === b.branch;
  return !("branch" in b) && a.commit === b.commit && (a.note ?? null) === (b.note ?? null);
}
