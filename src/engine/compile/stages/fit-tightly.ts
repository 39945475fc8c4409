/** Stage 7 where the room that stubs usually get would take everything: what stays is measured to the token (spec 2.2; spec 9, 11). */
import { TractError } from "../../errors.ts";
import { TOKENS_PER_MESSAGE } from "../../tokens/message-overhead.ts";
import { drawnTokens } from "../canvas.ts";
import type { FitContext } from "../fit-state.ts";
import { endsOf, type Gap, type Piece, type Unit } from "../unit.ts";

/** What stays, and what does not. */
export interface TightFit {
  readonly pieces: readonly Piece[];
  /** All gaps, also those without a stub. */
  readonly gaps: readonly Gap[];
}

/** Indices of units that stay, rising. */
type Kept = readonly number[];

/** A context that is being fitted. */
interface Fitting {
  readonly context: FitContext;
  readonly count: number;
  readonly basis: Kept;
  /** Units and gaps when only those indices stay. */
  readonly layout: (kept: Kept) => readonly Piece[];
}

/** How many stubs units that are tried must leave room for. */
const EVERY_STUB = Number.POSITIVE_INFINITY;

/**
 * Stubs yield to pinned units and, all but the newest, to important ones; a normal unit needs room for every stub. Only where not even one
 * stub fits, units stay without any.
 *
 * @param pieces pinned and important units that stay in any case, and the gaps between them.
 * @throws TractError `budget-too-small`, with the number needed: for the pinned units, or for the smallest thing there is to show.
 */
export function fitTightly(context: FitContext, count: number, pieces: readonly Piece[]): TightFit {
  const fitting = prepare(context, count, pieces);
  const { basis, layout } = fitting;
  const least = tokensOf(fitting, basis, 0);
  if (least > context.budgetTokens) throw tooSmall(context, "the pinned commits alone need", least);
  const stubbed = takeNormal(fitting, takeImportant(fitting, basis, 1), EVERY_STUB);
  const stubs = stubsThatFit(fitting, stubbed);
  if (stubs > 0) return tightFit(layout(stubbed), stubs);
  const bare = takeNormal(fitting, takeImportant(fitting, basis, 0), 0);
  if (tokensOf(fitting, bare, 0) > 0) return tightFit(layout(bare), 0);
  throw tooSmall(context, "the least there is to show needs", leastNeeded(fitting, bare));
}

function prepare(context: FitContext, count: number, pieces: readonly Piece[]): Fitting {
  const { unitAt } = context;
  const basis: number[] = [];
  for (let index = 0; index < count; index++) if (isBasic(unitAt(index), context)) basis.push(index);
  let sums: Sums | null = null;
  const layout = (kept: Kept): readonly Piece[] => {
    if (kept === basis) return pieces;
    sums ??= sumsOf(context, count);
    return layoutOf(kept, sums, unitAt);
  };
  return { context, count, basis, layout };
}

function isBasic(unit: Unit, { isDropped }: FitContext): boolean {
  return unit.priority === "pinned" || (unit.priority === "important" && !isDropped(unit));
}

/** Important units, newest first, each that fits. */
function takeImportant(fitting: Fitting, before: Kept, stubs: number): Kept {
  const { unitAt, isDropped } = fitting.context;
  let kept = before;
  let refused = Number.POSITIVE_INFINITY;
  for (let index = fitting.count - 1; index >= 0; index--) {
    const unit = unitAt(index);
    if (!isDropped(unit)) continue;
    const cost = leastCost(unit, fitting.context);
    if (cost >= refused) continue;
    const taken = take(fitting, kept, index, stubs);
    // Beside others, what is no smaller than one that did not fit is not tried: a thousand of them would be.
    if (taken === null && tokensOf(fitting, kept, 0) > 0) refused = cost;
    kept = taken ?? kept;
  }
  return kept;
}

/** Normal units, newest first, up to the first that does not fit. */
function takeNormal(fitting: Fitting, before: Kept, stubs: number): Kept {
  const { unitAt } = fitting.context;
  let kept = before;
  for (let index = fitting.count - 1; index >= 0; index--) {
    if (!isNormal(unitAt(index))) continue;
    const taken = take(fitting, kept, index, stubs);
    if (taken === null) return kept;
    kept = taken;
  }
  return kept;
}

function isNormal({ priority }: Unit): boolean {
  return priority !== "pinned" && priority !== "important";
}

/** null when a unit does not fit beside the others. */
function take(fitting: Fitting, kept: Kept, index: number, stubs: number): Kept | null {
  const { context } = fitting;
  const spare = context.budgetTokens - tokensOf(fitting, kept, 0);
  if (leastCost(context.unitAt(index), context) > spare) return null;
  const taken = withIndex(kept, index);
  return tokensOf(fitting, taken, stubs) <= context.budgetTokens ? taken : null;
}

function withIndex(kept: Kept, index: number): Kept {
  return [...kept, index].sort((a, b) => a - b);
}

/** What a unit adds to a context at the very least: its neighbours may share its turn, or it may do for the turn that leads in. */
function leastCost(unit: Unit, { writer, kit }: FitContext): number {
  const after = (lastRole: string): number =>
    writer.addCost({ tokens: 0, lastRole, hasSystem: true }, unit, kit).tokens;
  return Math.min(after("user"), after("assistant")) - TOKENS_PER_MESSAGE - writer.cutCostMax(kit);
}

function tokensOf({ context, layout }: Fitting, kept: Kept, stubs: number): number {
  return drawnTokens(context.writer, tightFit(layout(kept), stubs).pieces, context.kit);
}

/** As many as there is room for: found by halving, for there may be one beside each pinned message. */
function stubsThatFit(fitting: Fitting, kept: Kept): number {
  let fits = 0;
  let least = fitting.layout(kept).filter(({ kind }) => kind === "gap").length + 1;
  while (least - fits > 1) {
    const middle = Math.floor((fits + least) / 2);
    if (tokensOf(fitting, kept, middle) <= fitting.context.budgetTokens) fits = middle;
    else least = middle;
  }
  return fits;
}

/** The oldest stubs are the first to go. */
function tightFit(pieces: readonly Piece[], stubs: number): TightFit {
  const gaps = pieces.filter((piece): piece is Gap => piece.kind === "gap");
  if (gaps.length <= stubs) return { pieces, gaps };
  const hidden = new Set<Piece>(gaps.slice(0, gaps.length - stubs));
  return { pieces: pieces.filter((piece) => !hidden.has(piece)), gaps };
}

/** The smallest budget that something fits in, when `kept` shows nothing: a unit alone, or a stub, which a unit without text may shorten. */
function leastNeeded(fitting: Fitting, kept: Kept): number {
  const { basis, context } = fitting;
  const { unitAt, isDropped } = context;
  // All of a short history may be cheaper than its end: a turn of the assistant alone needs one that leads in.
  const all = Array.from({ length: fitting.count }, (_, index) => index);
  let needed = Math.min(tokensOf(fitting, basis, 1), tokensOf(fitting, all, 0));
  const consider = (beside: Kept, index: number, stubs: number): void => {
    needed = Math.min(needed, tokensOf(fitting, withIndex(beside, index), stubs));
  };
  let isNewest = true;
  let isOpen = true;
  for (let index = fitting.count - 1; index >= 0; index--) {
    const unit = unitAt(index);
    const isFree = isDropped(unit);
    if (!isFree && !(isNormal(unit) && isOpen)) continue;
    if (isFree || isNewest) consider(basis, index, 1);
    if (!kept.includes(index)) consider(kept, index, 0);
    if (isFree) continue;
    isNewest = false;
    isOpen = kept.includes(index); // The first that does not fit ends the scan.
  }
  return needed;
}

/** Commits and tokens of all units before each index. */
interface Sums {
  readonly messages: readonly number[];
  readonly tokens: readonly number[];
}

function sumsOf({ unitAt, writer, kit }: FitContext, count: number): Sums {
  const messages = [0];
  const tokens = [0];
  for (let index = 0; index < count; index++) {
    const unit = unitAt(index);
    messages.push((messages[index] ?? 0) + unit.entries.length);
    tokens.push((tokens[index] ?? 0) + writer.costAlone(unit, kit));
  }
  return { messages, tokens };
}

function layoutOf(kept: Kept, { messages, tokens }: Sums, unitAt: FitContext["unitAt"]): readonly Piece[] {
  const pieces: Piece[] = [];
  const leave = (begin: number, end: number): void => {
    if (begin === end) return;
    const { first } = unitAt(begin);
    const { from } = endsOf(unitAt(begin));
    const { to } = endsOf(unitAt(end - 1));
    const between = (sums: readonly number[]): number => (sums[end] ?? 0) - (sums[begin] ?? 0);
    pieces.push({ kind: "gap", first, from, to, messages: between(messages), tokens: between(tokens) });
  };
  let next = 0;
  for (const index of kept) {
    leave(next, index);
    pieces.push(unitAt(index));
    next = index + 1;
  }
  leave(next, messages.length - 1);
  return pieces;
}

function tooSmall({ budgetTokens }: FitContext, what: string, needed: number): TractError {
  return new TractError("budget-too-small", `${what} ${needed} tokens; the budget is ${budgetTokens}`, {
    hint: "Raise budget_tokens to the number needed, or annotate pinned commits that need not always be there with a lower priority.",
    data: { needed, budget_tokens: budgetTokens },
  });
}
