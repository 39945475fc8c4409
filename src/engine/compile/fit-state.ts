/** How far the cut of a budget has come after each unit of a history: a pure function of what came before (spec 9, 11). */
import { TOKENS_PER_MESSAGE, TOKENS_PER_PROMPT } from "../tokens/message-overhead.ts";
import { contextTokens, type FormatWriter, NO_COST, type RunningCost } from "./canvas.ts";
import type { Kit } from "./kit.ts";
import { STUB_TOKENS_MAX } from "./stub.ts";
import { endsOf, type Gap, type Piece, type Unit } from "./unit.ts";

/** Room that each gap takes for its stub. */
export const GAP_TOKENS_MAX: number = TOKENS_PER_MESSAGE + STUB_TOKENS_MAX;
/** A cut goes down to this part of the room, so that the next messages fit without another one. */
const CUT_TO = 0.75;

export interface FitState {
  /** Units taken in. */
  readonly count: number;
  /** Of all of them, as if nothing were left out. */
  readonly cost: RunningCost;
  readonly isCut: boolean;
  /** Before this unit only pinned and important ones are left, and gaps; from it on everything stays. */
  readonly start: number;
  readonly head: readonly Piece[];
  readonly gaps: number;
  /** Tokens of the units that stay, by priority, and how many are normal. */
  readonly pinned: number;
  readonly important: number;
  readonly normal: number;
  readonly normalCount: number;
  /** Important units from `start` on that are too large to stay. */
  readonly droppedCount: number;
}

export const EMPTY_FIT: FitState = {
  count: 0,
  cost: NO_COST,
  isCut: false,
  start: 0,
  head: [],
  gaps: 0,
  pinned: 0,
  important: 0,
  normal: 0,
  normalCount: 0,
  droppedCount: 0,
};

export interface FitContext {
  readonly budgetTokens: number;
  readonly writer: FormatWriter;
  readonly kit: Kit;
  readonly unitAt: (index: number) => Unit;
  /** Important units that are too large to stay. */
  readonly isDropped: (unit: Unit) => boolean;
}

type Fitting = { -readonly [Field in keyof FitState]: FitState[Field] } & { head: Piece[] };

/** Takes the units up to `count` in, one after the other. When they no longer fit, the oldest normal ones go, and more than needed at once. */
export function takeUnits(state: FitState, count: number, context: FitContext): FitState {
  const fit: Fitting = { ...state, head: [...state.head] };
  for (let index = state.count; index < count; index++) {
    takeUnit(fit, context.unitAt(index), context);
    if (fit.isCut && fit.normal > roomOf(fit, context)) cut(fit, context);
  }
  return fit;
}

/** Tokens that are left for normal units. */
function roomOf(fit: FitState, context: FitContext): number {
  const kept = fit.pinned + fit.important + GAP_TOKENS_MAX * (fit.gaps + fit.droppedCount);
  return roomFor(context) - kept;
}

/** Tokens that are left for units and stubs. */
export function roomFor({
  budgetTokens,
  writer,
  kit,
}: Pick<FitContext, "budgetTokens" | "writer" | "kit">): number {
  return budgetTokens - TOKENS_PER_PROMPT - writer.cutCostMax(kit);
}

function takeUnit(fit: Fitting, unit: Unit, context: FitContext): void {
  const { writer, kit, budgetTokens } = context;
  fit.count += 1;
  fit.cost = writer.addCost(fit.cost, unit, kit);
  fit.isCut ||= contextTokens(fit.cost.tokens) > budgetTokens;
  const tokens = writer.costAlone(unit, kit);
  if (context.isDropped(unit)) fit.droppedCount += 1;
  else if (unit.priority === "pinned") fit.pinned += tokens;
  else if (unit.priority === "important") fit.important += tokens;
  else {
    fit.normal += tokens;
    fit.normalCount += 1;
  }
}

/** The newest unit alone may fill the whole room: it stays if it fits at all. */
function cut(fit: Fitting, context: FitContext): void {
  while (fit.normalCount > 0) {
    const room = roomOf(fit, context);
    if (fit.normal <= (fit.normalCount === 1 ? room : room * CUT_TO)) return;
    passOver(fit, context.unitAt(fit.start), context);
  }
}

function passOver(fit: Fitting, unit: Unit, { writer, kit, isDropped }: FitContext): void {
  fit.start += 1;
  const tokens = writer.costAlone(unit, kit);
  if (isDropped(unit)) {
    fit.droppedCount -= 1;
    fit.gaps += leaveOut(fit.head, unit, tokens);
  } else if (unit.priority === "pinned" || unit.priority === "important") {
    fit.head.push(unit);
  } else {
    fit.normal -= tokens;
    fit.normalCount -= 1;
    fit.gaps += leaveOut(fit.head, unit, tokens);
  }
}

/** Adds a unit to the gap at the end of the pieces, or begins one; gives the number of gaps begun. */
export function leaveOut(pieces: Piece[], unit: Unit, tokens: number): 0 | 1 {
  const before = pieces.at(-1);
  const { from, to } = endsOf(unit);
  const messages = unit.entries.length;
  if (before?.kind !== "gap") {
    pieces.push({ kind: "gap", first: unit.first, from, to, messages, tokens });
    return 1;
  }
  const longer: Gap = { ...before, to, messages: before.messages + messages, tokens: before.tokens + tokens };
  pieces[pieces.length - 1] = longer;
  return 0;
}
