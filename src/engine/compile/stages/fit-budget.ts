/** Stage 7 of compile: what stays under a budget, whole units only, and a stub for each run that does not (spec 2.2; spec 9, 11). */
import type { FormatWriter } from "../canvas.ts";
import type { Draft } from "../draft.ts";
import {
  EMPTY_FIT,
  type FitContext,
  type FitState,
  GAP_TOKENS_MAX,
  leaveOut,
  roomFor,
  takeUnits,
} from "../fit-state.ts";
import type { Kit } from "../kit.ts";
import { segmentsOf } from "../segment.ts";
import type { Gap, Piece, Unit } from "../unit.ts";
import { unitReader } from "../unit-reader.ts";
import { fitTightly } from "./fit-tightly.ts";

/** What is left of a draft. */
export type Arrangement =
  | { readonly kind: "whole" }
  | {
      readonly kind: "cut";
      /** Units that stay, and gaps that are shown by a stub. */
      readonly pieces: readonly Piece[];
      /** All gaps, also those that not even a stub had room for. */
      readonly gaps: readonly Gap[];
    };

export const WHOLE: Arrangement = { kind: "whole" };

export interface FitRequest {
  /** null: no ceiling. */
  readonly budgetTokens: number | null;
  readonly writer: FormatWriter;
  readonly kit: Kit;
}

/**
 * Pinned units stay; then important ones, newest first, each that fits; then the newest normal ones up to the first that does not fit.
 *
 * @throws TractError `budget-too-small`, with the number needed, when the pinned units alone are over the budget, or nothing at all fits.
 */
export function fitBudget(draft: Draft, request: FitRequest): Arrangement {
  const { budgetTokens, writer, kit } = request;
  if (budgetTokens === null) return WHOLE;
  const { unitAt, count } = unitReader(draft);
  const context: FitContext = { budgetTokens, writer, kit, unitAt, isDropped: () => false };
  const fit = takeUnits(takeSealed(draft, context), count, context);
  if (!fit.isCut) return WHOLE;
  const room = roomFor(context);
  if (fit.important === 0 || fit.pinned + fit.important + GAP_TOKENS_MAX <= room)
    return arrange(fit, context);
  const kept = keptImportant(context, { count, room: room - fit.pinned - GAP_TOKENS_MAX });
  const isDropped = (unit: Unit): boolean => unit.priority === "important" && !kept.has(unit);
  return arrange(takeUnits(EMPTY_FIT, count, { ...context, isDropped }), { ...context, isDropped });
}

/** Budgets whose state is kept per segment. */
const FITS_REMEMBERED_MAX = 16;

/** The state after the sealed units, worked out once for each segment. */
function takeSealed(draft: Draft, context: FitContext): FitState {
  const key = `${context.writer.format}:${context.budgetTokens}`;
  let state = EMPTY_FIT;
  for (const segment of segmentsOf(draft.sealed)) {
    state = segment.fits.get(key) ?? takeUnits(state, segment.unitCount, context);
    if (segment.fits.size >= FITS_REMEMBERED_MAX && !segment.fits.has(key)) segment.fits.clear();
    segment.fits.set(key, state);
  }
  return state;
}

function keptImportant(
  { unitAt, writer, kit }: FitContext,
  { count, room }: { readonly count: number; readonly room: number },
): ReadonlySet<Unit> {
  const kept = new Set<Unit>();
  let left = room;
  for (let index = count - 1; index >= 0; index--) {
    const unit = unitAt(index);
    if (unit.priority !== "important") continue;
    const tokens = writer.costAlone(unit, kit);
    if (tokens > left) continue;
    left -= tokens;
    kept.add(unit);
  }
  return kept;
}

/** While a normal unit is left, there is room for every stub; else what stays is measured. */
function arrange(fit: FitState, context: FitContext): Arrangement {
  const { unitAt, writer, kit, isDropped } = context;
  const pieces: Piece[] = [...fit.head];
  for (let index = fit.start; index < fit.count; index++) {
    const unit = unitAt(index);
    if (isDropped(unit)) leaveOut(pieces, unit, writer.costAlone(unit, kit));
    else pieces.push(unit);
  }
  if (fit.normalCount === 0) return { kind: "cut", ...fitTightly(context, fit.count, pieces) };
  return { kind: "cut", pieces, gaps: pieces.filter((piece): piece is Gap => piece.kind === "gap") };
}
