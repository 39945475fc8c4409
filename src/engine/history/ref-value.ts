/** Compares refs and what they point to. Pure. */
import type { Hash, RefRecord, RefValue } from "../../storage/records.ts";

export type RefName = Pick<RefRecord, "kind" | "name">;

export function isSameRef(a: RefName, b: RefName): boolean {
  return a.kind === b.kind && a.name === b.name;
}

/** null: the ref does not exist. */
export function sameRefValue(a: RefValue | null, b: RefValue | null): boolean {
  if (a === null || b === null) return a === b;
  if ("branch" in a) return "branch" in b && a.branch === b.branch;
  return !("branch" in b) && a.commit === b.commit && (a.note ?? null) === (b.note ?? null);
}

/** The commit a branch, tag or detached HEAD points to; null when it points to none, or to a branch. */
export function commitOf(value: RefValue | null | undefined): Hash | null {
  return value != null && "commit" in value ? value.commit : null;
}

/** The branch that a HEAD is attached to; null when it is detached. */
export function branchOf(value: RefValue | null | undefined): string | null {
  return value != null && "branch" in value ? value.branch : null;
}
