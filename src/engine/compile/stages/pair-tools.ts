/** Stage 5 of compile: a call and its results become one unit, commits of one provider message too (spec 2.2, 2.5; spec 9, 13). */
import { type Entry, isCall, isResult } from "../entry.ts";
import { type Answer, type ExchangeUnit, type Unit, unitBase } from "../unit.ts";

/** What was settled before the entries given; a cold compile has settled nothing. */
export interface Settled {
  /** True when a settled call of that id is still without a result. */
  readonly isOpen: (callId: string) => boolean;
  /** True when a settled call goes by that id in the context. */
  readonly isUsed: (id: string) => boolean;
  /** How often a plain id was asked for by settled calls. */
  readonly repeatsOf: (plainId: string) => number;
}

/**
 * Units in the order of their first commit. A result belongs to the nearest open call of its call_id and moves up behind it; calls before
 * the first of their results are one message; what stays without its other half becomes an orphan.
 *
 * @param entries those that are in, in linear order.
 * @returns null when a result belongs to a call that was settled as an orphan: the settled part is then no longer true.
 */
export function pairTools(entries: readonly Entry[], settled: Settled): readonly Unit[] | null {
  const drafts: (Draft | Unit)[] = [];
  const openCalls = new Map<string, OpenCall[]>();
  let group: Draft | null = null;
  for (const entry of entries) {
    if (entry.type !== "tool_io" && entry.head.messageId === null) {
      group = null;
      drafts.push(unitOf("text", entry));
      continue;
    }
    if (isResult(entry)) {
      group = null;
      const open = entry.head.callId === null ? undefined : openCalls.get(entry.head.callId)?.pop();
      if (open !== undefined) {
        answer(open, entry, drafts);
        continue;
      }
      if (entry.head.callId !== null && settled.isOpen(entry.head.callId)) return null;
      drafts.push(unitOf("orphan", entry));
      continue;
    }
    if (group === null || !belongsTo(group, entry)) {
      group = { members: [], answers: [] };
      drafts.push(group);
    }
    group.members.push(entry);
    const { callId } = entry.head;
    if (callId === null || !isCall(entry)) continue;
    const open = openCalls.get(callId);
    const call = { draft: group, member: group.members.length - 1 };
    if (open === undefined) openCalls.set(callId, [call]);
    else open.push(call);
  }
  return finishAll(drafts, new CallIds(settled));
}

function unitOf(kind: "text" | "orphan", entry: Entry): Unit {
  const { ordinal, priority } = entry;
  return { kind, entries: [entry], priority, first: ordinal, last: ordinal, begin: ordinal };
}

function finishAll(drafts: readonly (Draft | Unit)[], ids: CallIds): readonly Unit[] {
  const units: Unit[] = [];
  for (const draft of drafts) {
    if ("kind" in draft) units.push(draft);
    else units.push(...finish(draft, ids));
  }
  return units;
}

/** A unit as it grows. */
interface Draft {
  readonly members: Entry[];
  readonly answers: { readonly entry: Entry; readonly member: number; readonly isMoved: boolean }[];
}

interface OpenCall {
  readonly draft: Draft;
  readonly member: number;
}

function answer({ draft, member }: OpenCall, entry: Entry, drafts: readonly (Draft | Unit)[]): void {
  draft.answers.push({ entry, member, isMoved: drafts.at(-1) !== draft });
}

/** One provider message: the same message_id, or calls that have none; never across roles, and never after a result. */
function belongsTo(group: Draft, entry: Entry): boolean {
  const before = group.members.at(-1);
  if (before === undefined || before.role !== entry.role) return false;
  const { messageId } = entry.head;
  if (messageId !== null) return before.head.messageId === messageId;
  return before.head.messageId === null && isCall(before) && isCall(entry);
}

function finish(draft: Draft, ids: CallIds): readonly Unit[] {
  const { members, answers } = draft;
  const [first] = members;
  if (first === undefined) return [];
  if (members.length === 1 && answers.length === 0) return [unitOf(isCall(first) ? "orphan" : "text", first)];
  const answered = new Set(answers.map(({ member }) => member));
  const isLone = (entry: Entry, member: number): boolean => isCall(entry) && !answered.has(member);
  const orphans = members
    .filter(isLone)
    .map((entry): Unit => ({ kind: "orphan", ...unitBase([entry], first.ordinal) }));
  const kept = members.filter((entry, member) => !isLone(entry, member));
  if (kept.length === 0) return orphans;
  const base = unitBase([...kept, ...answers.map(({ entry }) => entry)], first.ordinal);
  const unit: Unit =
    answers.length === 0 ? { kind: "text", ...base } : exchange(base, kept, answersOf(draft, kept), ids);
  return [...orphans, unit].sort((a, b) => a.first - b.first);
}

/** The answers, with their calls counted among the members that are left. */
function answersOf({ members, answers }: Draft, kept: readonly Entry[]): readonly Answer[] {
  const indexes = new Map(kept.map((entry, index) => [entry, index]));
  return answers.flatMap(({ entry, member, isMoved }) => {
    const call = members[member];
    const index = call === undefined ? undefined : indexes.get(call);
    return index === undefined ? [] : [{ entry, call: index, isMoved }];
  });
}

function exchange(
  base: Omit<ExchangeUnit, "kind" | "members" | "answers" | "callIds">,
  members: readonly Entry[],
  answers: readonly Answer[],
  ids: CallIds,
): ExchangeUnit {
  const callIds = members.map((entry) => (isCall(entry) ? ids.take(entry.head.callId ?? "") : null));
  return { kind: "exchange", ...base, members, answers, callIds };
}

/** Gives each call of the context an id of its own: its own where that is free and plain, else with a suffix that history decides. */
class CallIds {
  readonly #settled: Settled;
  readonly #taken = new Set<string>();
  /** How often an id has been asked for, so that a much repeated one is found without trying all suffixes again. */
  readonly #repeats = new Map<string, number>();

  constructor(settled: Settled) {
    this.#settled = settled;
  }

  take(callId: string): string {
    const base = plainIdOf(callId);
    let repeat = this.#repeats.get(base) ?? Math.max(1, this.#settled.repeatsOf(base));
    let id = repeat === 1 ? base : `${base}-${repeat}`;
    while (this.#taken.has(id) || this.#settled.isUsed(id)) {
      repeat += 1;
      id = `${base}-${repeat}`;
    }
    this.#taken.add(id);
    this.#repeats.set(base, repeat);
    return id;
  }
}

/** Call ids of the calls that are without a result. */
export function openCallIds(units: readonly Unit[]): readonly string[] {
  const ids: string[] = [];
  for (const { kind, entries } of units) {
    const callId = entries[0]?.head.callId ?? null;
    if (kind === "orphan" && callId !== null && entries[0]?.role === "assistant") ids.push(callId);
  }
  return ids;
}

/** An id that a call of the context goes by. */
export interface UsedCallId {
  readonly id: string;
  readonly plainId: string;
  /** 1: the plain id itself. */
  readonly repeat: number;
}

export function usedCallIds(units: readonly Unit[]): readonly UsedCallId[] {
  const used: UsedCallId[] = [];
  for (const unit of units) {
    if (unit.kind !== "exchange") continue;
    for (const [member, id] of unit.callIds.entries()) {
      if (id === null) continue;
      const plainId = plainIdOf(unit.members[member]?.head.callId ?? "");
      used.push({ id, plainId, repeat: id === plainId ? 1 : Number(id.slice(plainId.length + 1)) });
    }
  }
  return used;
}

/** Characters that every provider takes in an id. */
function plainIdOf(callId: string): string {
  return callId.replace(/[^a-zA-Z0-9_-]/g, "_") || "call";
}
