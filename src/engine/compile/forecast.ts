/** What each of several budgets would keep, without keeping a record of any (spec 2.7). */
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { resolveRequest } from "./compile.ts";
import { compose } from "./compose.ts";
import type { CompileRequest } from "./options.ts";

export type Forecast =
  | {
      readonly budgetTokens: number;
      readonly fits: true;
      readonly tokenCount: number;
      /** Messages of the context, stubs included. */
      readonly messages: number;
      /** Commits that the budget leaves out. */
      readonly omittedMessages: number;
    }
  | {
      readonly budgetTokens: number;
      readonly fits: false;
      /** The smallest budget that is enough: for the pinned commits, or for anything at all. */
      readonly needed: number;
    };

/**
 * Forecasts in the order of the budgets.
 *
 * @throws TractError as compile does, but for `budget-too-small`: that is told per budget.
 */
export async function forecast(
  engine: Engine,
  request: Omit<CompileRequest, "budgetTokens" | "record" | "recordId">,
  budgets: readonly number[],
): Promise<readonly Forecast[]> {
  const forecasts: Forecast[] = [];
  for (const budgetTokens of budgets) {
    const { point, options } = await resolveRequest(engine, { ...request, budgetTokens });
    try {
      const { rendered, arrangement } = await compose(engine, point, options);
      const gaps = arrangement.kind === "whole" ? [] : arrangement.gaps;
      forecasts.push({
        budgetTokens,
        fits: true,
        tokenCount: rendered.tokenCount,
        messages: rendered.itemCount,
        omittedMessages: gaps.reduce((sum, gap) => sum + gap.messages, 0),
      });
    } catch (error) {
      forecasts.push({ budgetTokens, fits: false, needed: neededFor(error) });
    }
  }
  return forecasts;
}

function neededFor(error: unknown): number {
  if (
    error instanceof TractError &&
    error.code === "budget-too-small" &&
    typeof error.data.needed === "number"
  )
    return error.data.needed;
  throw error;
}
