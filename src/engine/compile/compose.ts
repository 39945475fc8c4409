/** The stages of compile in their order, from a point in history to messages: pure but for reading the history (spec 2.2). */
import type { Engine } from "../engine.ts";
import type { CompilePoint } from "./cache.ts";
import type { Composition } from "./context.ts";
import { kitOf } from "./kit.ts";
import { loadDraft } from "./load-draft.ts";
import type { CompileOptions } from "./options.ts";
import { fitBudget } from "./stages/fit-budget.ts";
import { render, WRITERS } from "./stages/render.ts";

/**
 * Stages 1 to 6 give the draft, which is shared between formats and budgets and grows with the history; 7 and 8 make a context of it.
 *
 * @throws TractError `budget-too-small`.
 */
export async function compose(
  engine: Engine,
  point: CompilePoint,
  options: CompileOptions,
): Promise<Composition> {
  const kit = kitOf(await engine.tokenCounter(point.encoding));
  const draft = await loadDraft(engine, point, options);
  const writer = WRITERS[options.format];
  const arrangement = fitBudget(draft, { budgetTokens: options.budgetTokens, writer, kit });
  return { draft, arrangement, kit, rendered: render(draft, arrangement, options.format, kit) };
}
