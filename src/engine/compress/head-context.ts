/** The context at the head of a branch as compress works on it: whole units, in order, and what of it must stay (spec 3.5). */
import type { CommitRecord, Encoding, Hash } from "../../storage/records.ts";
import { contextTokens } from "../compile/canvas.ts";
import type { Draft } from "../compile/draft.ts";
import { type Entry, isCall } from "../compile/entry.ts";
import { costOfUnit } from "../compile/formats/plain.ts";
import { loadDraft } from "../compile/load-draft.ts";
import { type CompileOptions, measuringOptions } from "../compile/options.ts";
import { segmentsOf } from "../compile/segment.ts";
import { highestPriority, type Unit } from "../compile/unit.ts";
import { unitReader } from "../compile/unit-reader.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { attachedBranch } from "../history/commit.ts";
import { readSite, type Site } from "../history/snapshot.ts";

/** Why no strategy may summarise a block. */
export type FixedReason = "pinned" | "conflict" | "in-force" | "open-call";

/**
 * Units whose commits stand between each other's, mostly a single one: they are summarised together or not at all, so that what is left of a
 * history pairs up as it did before.
 */
export interface Block {
  /** Position in the context. */
  readonly index: number;
  readonly units: readonly Unit[];
  readonly entries: readonly Entry[];
  /** Lowest and highest ordinal. */
  readonly first: number;
  readonly last: number;
  /** In format `messages`, framing included. */
  readonly tokens: number;
  readonly isImportant: boolean;
  readonly fixed: FixedReason | null;
}

export interface HeadContext {
  readonly draft: Draft;
  readonly blocks: readonly Block[];
  readonly units: readonly Unit[];
  /** Of the whole context in format `messages`, uncut. */
  readonly tokens: number;
  readonly count: (text: string) => number;
}

/** The context of a branch, and where the write that changes it starts from. */
export interface BranchContext extends HeadContext {
  readonly site: Site;
  readonly branch: string;
  readonly head: CommitRecord;
}

/** Whole contents, whatever form the branch's settings show them in; reasoning is in no context unless asked for, so it is not summarised. */
export const WHOLE_CONTEXT: CompileOptions = measuringOptions({ strategy: "full", recent: null });

/** @throws TractError `detached-head`, `not-found` (the branch), `nothing-to-do` on an unborn branch. */
export async function readBranchContext(engine: Engine, branch: string | undefined): Promise<BranchContext> {
  const site = await readSite(engine, { branch });
  const name = attachedBranch(site);
  const { head } = site;
  if (head === null || site.tract === null) throw unborn(name);
  const { encoding, annotationSequence } = site.tract;
  const point = { tract: engine.scope.tract, encoding, head: head.hash, annotationSequence };
  const draft = await loadDraft(engine, point, WHOLE_CONTEXT);
  return { site, branch: name, head, ...(await headContext(engine, draft, encoding)) };
}

export async function headContext(engine: Engine, draft: Draft, encoding: Encoding): Promise<HeadContext> {
  const counter = await engine.tokenCounter(encoding);
  const reader = unitReader(draft);
  const units: Unit[] = [];
  for (let index = 0; index < reader.count; index++) units.push(reader.unitAt(index));
  const blocks = blocksOf(units, supersededNames(draft));
  const tokens = contextTokens(blocks.reduce((sum, block) => sum + block.tokens, 0));
  return { draft, blocks, units, tokens, count: (text) => counter.count(text) };
}

/** Every entry of a draft, those that are not in the context too, oldest first. */
export function* entriesOf(draft: Draft): Generator<Entry> {
  for (const { entries } of segmentsOf(draft.sealed)) yield* entries;
  yield* draft.entries;
}

function blocksOf(units: readonly Unit[], superseded: ReadonlySet<string>): readonly Block[] {
  const open = openCallsAt(units);
  const blocks: Block[] = [];
  let gathered: Unit[] = [];
  let last = -1;
  const close = (): void => {
    if (gathered.length > 0) blocks.push(blockOf(blocks.length, gathered, superseded, open));
    gathered = [];
  };
  for (const unit of units) {
    if (unit.first > last) close();
    gathered.push(unit);
    last = Math.max(last, unit.last);
  }
  close();
  return blocks;
}

function blockOf(
  index: number,
  units: readonly Unit[],
  superseded: ReadonlySet<string>,
  open: ReadonlySet<Unit>,
): Block {
  const entries = units.flatMap((unit) => unit.entries);
  const priority = highestPriority(entries);
  return {
    index,
    units,
    entries,
    first: Math.min(...units.map(({ first }) => first)),
    last: Math.max(...units.map(({ last: end }) => end)),
    tokens: units.reduce((sum, unit) => sum + costOfUnit(unit), 0),
    isImportant: priority === "important",
    fixed: fixedReason(entries, superseded) ?? (units.some((unit) => open.has(unit)) ? "open-call" : null),
  };
}

function fixedReason(entries: readonly Entry[], superseded: ReadonlySet<string>): FixedReason | null {
  if (highestPriority(entries) === "pinned") return "pinned";
  if (entries.some(isInConflict)) return "conflict";
  const isInForce = entries.some(
    ({ type, head }) => type === "instruction" && head.name !== null && superseded.has(head.name),
  );
  return isInForce ? "in-force" : null;
}

/** Both sides of a recorded conflict show: another edit or a summary of them would pass for its resolution. */
function isInConflict({ place }: Entry): boolean {
  const { operation, metadata } = place.shown.commit;
  return operation === "edit" && metadata?.conflict !== undefined && Array.isArray(metadata.targets);
}

/** Names with an earlier instruction: summarised, the one in force would no longer keep the earlier one out. */
function supersededNames(draft: Draft): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { out, head } of entriesOf(draft))
    if (out === "superseded" && head.name !== null) names.add(head.name);
  return names;
}

/** Calls at the very end are still being answered: their results must find them. */
function openCallsAt(units: readonly Unit[]): ReadonlySet<Unit> {
  const open = new Set<Unit>();
  for (const unit of units.toReversed()) {
    const [entry] = unit.entries;
    if (unit.kind !== "orphan" || entry === undefined || !isCall(entry)) break;
    open.add(unit);
  }
  return open;
}

function unborn(branch: string): TractError {
  return new TractError("nothing-to-do", `branch ${JSON.stringify(branch)} has no commit yet`, {
    hint: "Commit something first; there is nothing to compress.",
    data: { branch },
  });
}

/** The newest message of the user: what everything after it is about. null when there is none. */
export function lastRequest(context: HeadContext): Entry | null {
  for (const { entries } of context.blocks.toReversed()) {
    const request = entries.findLast(({ type, role }) => type === "dialogue" && role === "user");
    if (request !== undefined) return request;
  }
  return null;
}

/** The blocks that age makes less important: what the system said and what was asked last stay in force, unless a caller names them. */
export function oldBlocks(context: HeadContext, blocks: readonly Block[]): readonly Block[] {
  const request = lastRequest(context);
  return blocks.filter(
    ({ entries }) => !entries.some((entry) => entry.role === "system" || entry === request),
  );
}

/** Blocks by the hash of each commit that shows in them; of an edited one also by the edit that speaks for it. */
export function blocksByCommit({ blocks }: HeadContext): ReadonlyMap<Hash, Block> {
  const byCommit = new Map<Hash, Block>();
  for (const block of blocks)
    for (const { hash, place } of block.entries) {
      byCommit.set(place.shown.commit.hash, block);
      byCommit.set(hash, block);
    }
  return byCommit;
}
