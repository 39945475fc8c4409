/** The part of a history's units that plain appends cannot change any more, as an immutable list of parts (spec 2.8). */
import type { Hash } from "../../storage/records.ts";
import type { Drawing } from "./drawing.ts";
import type { Entry, OmitReason } from "./entry.ts";
import type { FitState } from "./fit-state.ts";
import { costOfEntry, costOfUnit } from "./formats/plain.ts";
import type { Format } from "./options.ts";
import { openCallIds, usedCallIds } from "./stages/pair-tools.ts";
import type { Unit } from "./unit.ts";

/** Commits in a row that are not in the context for one reason. */
export interface Omission {
  /** Ordinal of the first. */
  readonly first: number;
  readonly from: Hash;
  readonly to: Hash;
  readonly messages: number;
  readonly tokens: number;
  readonly reason: OmitReason;
}

/**
 * A run of units with what later stages and later commits need to know of them. Parts double in size towards the past, so a history of any
 * length has few of them, and adding one moves each unit a logarithmic number of times in all.
 */
export interface Segment {
  readonly before: Segment | null;
  readonly units: readonly Unit[];
  /** Of the units, and those that stay out. */
  readonly entries: readonly Entry[];
  readonly omissions: readonly Omission[];
  /** Names of instructions here, in force or superseded. */
  readonly names: ReadonlySet<string>;
  readonly openCalls: ReadonlySet<string>;
  readonly callIds: ReadonlySet<string>;
  readonly repeats: ReadonlyMap<string, number>;
  /** Units and messages here and in all parts before. */
  readonly unitCount: number;
  readonly messageCount: number;
  /** Tokens of the units in format `messages`, and of all entries' texts. */
  readonly tokenCount: number;
  readonly weight: number;
  /** What was worked out from this and all parts before; filled when first needed. */
  readonly drawings: Map<Format, Drawing>;
  readonly fits: Map<string, FitState>;
}

/** What a segment is made of. */
export interface Sealed {
  readonly units: readonly Unit[];
  readonly entries: readonly Entry[];
  /** The units before the strategy gave them their form. */
  readonly paired: readonly Unit[];
}

export function appendSegment(before: Segment | null, sealed: Sealed): Segment {
  let segment = createSegment(before, sealed);
  for (let earlier = segment.before; earlier !== null; earlier = segment.before) {
    if (earlier.units.length > 2 * segment.units.length) break;
    segment = join(earlier, segment);
  }
  return segment;
}

/** The parts, oldest first. */
export function segmentsOf(last: Segment | null): readonly Segment[] {
  const segments: Segment[] = [];
  for (let at = last; at !== null; at = at.before) segments.push(at);
  return segments.reverse();
}

export function someSegment(last: Segment | null, holds: (segment: Segment) => boolean): boolean {
  for (let at = last; at !== null; at = at.before) if (holds(at)) return true;
  return false;
}

/** True when a commit, or an edit that speaks for one, is in these parts. */
export function hasCommit(last: Segment | null, hash: Hash): boolean {
  return someSegment(last, (segment) => hashesOf(segment).has(hash));
}

/** Built when the first annotation asks for it: most histories have none. */
const hashes = new WeakMap<Segment, ReadonlySet<Hash>>();

function hashesOf(segment: Segment): ReadonlySet<Hash> {
  const known = hashes.get(segment);
  if (known !== undefined) return known;
  const made = new Set<Hash>();
  for (const { hash, place } of segment.entries) made.add(hash).add(place.shown.commit.hash);
  hashes.set(segment, made);
  return made;
}

/** Runs of entries that are out for the same reason. */
export function omissionsOf(entries: readonly Entry[]): readonly Omission[] {
  const runs: { -readonly [Field in keyof Omission]: Omission[Field] }[] = [];
  let before: OmitReason | null = null;
  for (const entry of entries) {
    const { ordinal: first, hash, place, out } = entry;
    const run = runs.at(-1);
    if (out !== null && out === before && run !== undefined) {
      run.to = place.span?.to ?? hash;
      run.messages += 1;
      run.tokens += costOfEntry(entry);
    } else if (out !== null) {
      const { from, to } = place.span ?? { from: hash, to: hash };
      runs.push({ first, from, to, messages: 1, tokens: costOfEntry(entry), reason: out });
    }
    before = out;
  }
  return runs;
}

/** Omissions of two neighbours: a run that goes on over the border is one run. */
export function joinOmissions(
  earlier: Pick<Segment, "entries" | "omissions">,
  later: Pick<Segment, "entries" | "omissions">,
): readonly Omission[] {
  const reason = earlier.entries.at(-1)?.out ?? null;
  const before = earlier.omissions.at(-1);
  const [first, ...rest] = later.omissions;
  const goesOn = reason !== null && later.entries[0]?.out === reason;
  if (!goesOn || before === undefined || first === undefined)
    return earlier.omissions.concat(later.omissions);
  const messages = before.messages + first.messages;
  const tokens = before.tokens + first.tokens;
  return earlier.omissions.slice(0, -1).concat({ ...before, to: first.to, messages, tokens }, rest);
}

function createSegment(before: Segment | null, { units, entries, paired }: Sealed): Segment {
  const used = usedCallIds(paired);
  const repeats = new Map<string, number>();
  for (const { plainId, repeat } of used) repeats.set(plainId, Math.max(repeat, repeats.get(plainId) ?? 0));
  return {
    before,
    units,
    entries,
    omissions: omissionsOf(entries),
    names: new Set(namedInstructions(entries).map(({ head }) => head.name ?? "")),
    openCalls: new Set(openCallIds(paired)),
    callIds: new Set(used.map(({ id }) => id)),
    repeats,
    unitCount: (before?.unitCount ?? 0) + units.length,
    messageCount: units.reduce((sum, unit) => sum + unit.entries.length, before?.messageCount ?? 0),
    tokenCount: units.reduce((sum, unit) => sum + costOfUnit(unit), before?.tokenCount ?? 0),
    weight: entries.reduce((sum, entry) => sum + entry.tokens, before?.weight ?? 0),
    drawings: new Map(),
    fits: new Map(),
  };
}

/** Instructions that have a name and are in force, or would be but for a later one. */
export function namedInstructions(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter(
    ({ type, head, out }) =>
      type === "instruction" && head.name !== null && (out === null || out === "superseded"),
  );
}

/** One part of two neighbours; what both had worked out stays worked out. */
function join(earlier: Segment, later: Segment): Segment {
  const drawings = new Map<Format, Drawing>();
  for (const [format, drawing] of later.drawings) {
    const base = earlier.drawings.get(format);
    if (base === undefined) continue;
    drawings.set(format, {
      ...drawing,
      before: base.before,
      items: base.items.concat(drawing.items),
      messages: base.messages.concat(drawing.messages),
      repairs: base.repairs.concat(drawing.repairs),
    });
  }
  const repeats = new Map(earlier.repeats);
  for (const [plainId, repeat] of later.repeats)
    repeats.set(plainId, Math.max(repeat, repeats.get(plainId) ?? 0));
  return {
    ...later,
    before: earlier.before,
    units: earlier.units.concat(later.units),
    entries: earlier.entries.concat(later.entries),
    omissions: joinOmissions(earlier, later),
    names: new Set([...earlier.names, ...later.names]),
    openCalls: new Set([...earlier.openCalls, ...later.openCalls]),
    callIds: new Set([...earlier.callIds, ...later.callIds]),
    repeats,
    drawings,
    fits: new Map(later.fits),
  };
}
