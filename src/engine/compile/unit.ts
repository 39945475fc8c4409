/** What stays together in a context: one message, a tool call with its results, or a line of an outline (spec 2.2). */
import type { Hash, Priority } from "../../storage/records.ts";
import { invariant } from "../invariant.ts";
import type { Entry } from "./entry.ts";

/** A result and the call that it answers. */
export interface Answer {
  readonly entry: Entry;
  /** Index into `members`. */
  readonly call: number;
  /** It stood further down and moved up behind its call. */
  readonly isMoved: boolean;
}

interface UnitBase {
  /** Every commit of the unit, in the order of the message list. */
  readonly entries: readonly Entry[];
  /** The highest of its entries. */
  readonly priority: Priority;
  /** Lowest and highest ordinal of its entries. */
  readonly first: number;
  readonly last: number;
  /** Ordinal where the provider message that it is part of begins: its other parts may still join it. */
  readonly begin: number;
}

/** Text of one role: a commit, or several that came from one provider message. */
export interface TextUnit extends UnitBase {
  readonly kind: "text";
}
/** Calls that were made together, with the text around them, and their results. */
export interface ExchangeUnit extends UnitBase {
  readonly kind: "exchange";
  /** Text and calls of the assistant's message, in order. */
  readonly members: readonly Entry[];
  readonly answers: readonly Answer[];
  /** Parallel to `members`: an id that no other call of the context has, of characters every provider takes; null for text. */
  readonly callIds: readonly (string | null)[];
}
/** A call without a result, or a result without a call: shown as plain text. */
export interface OrphanUnit extends UnitBase {
  readonly kind: "orphan";
}
/** Commit messages in place of contents. */
export interface OutlineUnit extends UnitBase {
  readonly kind: "outline";
  /** Parallel to `entries`: tokens of their commit messages. */
  readonly messageTokens: readonly number[];
}
export type Unit = TextUnit | ExchangeUnit | OrphanUnit | OutlineUnit;

/** Units that a budget left out, in a row. */
export interface Gap {
  readonly kind: "gap";
  readonly first: number;
  readonly from: Hash;
  readonly to: Hash;
  /** Commits, and what they would have cost. */
  readonly messages: number;
  readonly tokens: number;
}
export type Piece = Unit | Gap;

/** Roles as providers know them: what a tool said is told by the user, never by the system. */
export type ChatRole = "system" | "user" | "assistant";

export function chatRoleOf(entry: Entry): ChatRole {
  return entry.role === "tool" ? "user" : entry.role;
}

const RANK: Readonly<Record<Priority, number>> = { skip: 0, normal: 1, important: 2, pinned: 3 };

export function highestPriority(entries: readonly Entry[]): Priority {
  let highest: Priority = "skip";
  for (const { priority } of entries) if (RANK[priority] > RANK[highest]) highest = priority;
  return highest;
}

/** A unit's base from its entries; `entries` is not empty. */
export function unitBase(entries: readonly Entry[], begin: number): UnitBase {
  let first = Number.POSITIVE_INFINITY;
  let last = -1;
  for (const { ordinal } of entries) {
    if (ordinal < first) first = ordinal;
    if (ordinal > last) last = ordinal;
  }
  return { entries, priority: highestPriority(entries), first, last, begin };
}

/** Hashes of the unit's oldest and newest commit. */
export function endsOf({ entries, first, last }: Unit): { readonly from: Hash; readonly to: Hash } {
  const from = entries.find(({ ordinal }) => ordinal === first);
  const to = entries.find(({ ordinal }) => ordinal === last);
  invariant(from !== undefined && to !== undefined, "a unit's ends are among its entries");
  return { from: from.place.span?.from ?? from.hash, to: to.place.span?.to ?? to.hash };
}
