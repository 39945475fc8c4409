/** What gc is told to keep, and what it finds and removes, as plain data. */
import type { Hash } from "./records.ts";

/** What gc keeps besides what refs, pending plans and compile records lead to (docs/decisions/0013). Times are inclusive. */
export interface GarbageRule {
  /** Commits made from then on. */
  readonly commitsSince: string;
  /** What operations from then on made and used, and where refs stood before and after them. */
  readonly operationsSince: string;
  /** What operations of these types made and used, from `relatingSince` on; null: of any time. */
  readonly relatingTypes: readonly string[];
  readonly relatingSince: string | null;
  /** Operations of these types only move refs from the first parent of what they made to what they made: nobody needs to look. */
  readonly plainTypes: readonly string[];
  /** Contents that entries of any tract keep are no garbage, whatever becomes of commits. */
  readonly keepingEntries: readonly KeepingEntries[];
}

/** Ledger entries that keep the contents whose hashes stand in their metadata under some keys, and the contents whose hashes stand in those. */
export interface KeepingEntries {
  readonly eventType: string;
  readonly keys: readonly string[];
  /** Not when there is a list under this key that is not empty. */
  readonly unless: string | null;
}

/**
 * Why commits stay. `recent`: young commits. `relations`: what operations of relating types made and used. `links`: what kept commits edit or
 * stand for. `newest`: ids of rows must not be given out again.
 */
export type GarbageRoot =
  | "refs"
  | "plans"
  | "records"
  | "relations"
  | "operations"
  | "recent"
  | "links"
  | "newest";

/** What gc would remove, as it was when it was looked for. */
export interface Garbage {
  readonly tract: string;
  readonly commits: number;
  /** Contents that no other commit of any tract names. */
  readonly contents: number;
  /** Of those contents, as stored. */
  readonly bytes: number;
  /** Times of the oldest and newest of those commits; null when there are none. */
  readonly oldest: string | null;
  readonly newest: string | null;
  /** How many commits each root keeps that those before it in the list do not. */
  readonly kept: Readonly<Record<GarbageRoot, number>>;
}

/** What one transaction of gc removed. */
export interface Swept {
  readonly commits: readonly Hash[];
  readonly contents: readonly Hash[];
  readonly bytes: number;
}
