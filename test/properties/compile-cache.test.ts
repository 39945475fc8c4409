/** What is compiled from an earlier state equals what is compiled cold, however a history grew (spec 2.8; spec 9, 15). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Draft, EMPTY_DRAFT, growDraft } from "../../src/engine/compile/draft.ts";
import { kitOf } from "../../src/engine/compile/kit.ts";
import type { CompileOptions, Format } from "../../src/engine/compile/options.ts";
import { TractError } from "../../src/engine/errors.ts";
import { ChainBuilder, contextOf, counter, draftOf, newestOf, optionsOf } from "../support/chain-builder.ts";
import { anyOptions, calmHistory, takeStep } from "../support/tool-histories.ts";

const FORMATS: readonly Format[] = ["messages", "openai", "anthropic", "markdown"];
const kit = kitOf(counter);

/** A context as text, or the error that stands for it. */
function printed(draft: Draft, options: CompileOptions): string {
  try {
    return JSON.stringify(contextOf(draft, options));
  } catch (error) {
    if (error instanceof TractError && error.code === "budget-too-small") return JSON.stringify(error.data);
    throw error;
  }
}

/** What came to a history since it had so many commits and annotations. */
function newsOf(history: ChainBuilder, rows: number, annotations: number): Parameters<typeof growDraft>[1] {
  return {
    head: history.head,
    chain: history.rows.slice(rows),
    annotationSequence: history.annotations.length,
    annotations: history.annotations.slice(annotations),
    newest: newestOf(history.annotations),
  };
}

describe("a draft that grows", () => {
  it("gives the same contexts as a cold one, at every point, in every format, with and without a budget", () => {
    let grownCount = 0;
    let sealedCount = 0;
    const scenario = fc.record({
      steps: calmHistory({ minLength: 60, maxLength: 260 }),
      cuts: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 3, maxLength: 12 }),
      options: anyOptions,
      budget: fc.integer({ min: 40, max: 3000 }),
    });
    fc.assert(
      fc.property(scenario, ({ steps, cuts, options, budget }) => {
        const history = new ChainBuilder();
        let draft = EMPTY_DRAFT;
        let cut = 0;
        let left = cuts[0] ?? 1;
        let rows = 0;
        let annotations = 0;
        for (const [index, step] of steps.entries()) {
          takeStep(history, step);
          left -= 1;
          if (left > 0 && index < steps.length - 1) continue;
          const given = optionsOf(options);
          const cold = draftOf(history, given);
          const grown = growDraft(draft, newsOf(history, rows, annotations), given, kit);
          if (grown !== null && draft.sealed !== null) sealedCount += 1;
          if (grown !== null) grownCount += 1;
          draft = grown ?? cold;
          for (const format of FORMATS) {
            for (const budgetTokens of [null, budget]) {
              const whole = { ...given, format, budgetTokens };
              expect(printed(draft, whole)).toBe(printed(cold, whole));
            }
          }
          rows = history.rows.length;
          annotations = history.annotations.length;
          left = cuts[++cut % cuts.length] ?? 1;
        }
      }),
      { numRuns: 15, endOnFailure: true },
    );
    expect(grownCount).toBeGreaterThan(20);
    expect(sealedCount).toBeGreaterThan(5);
  });
});
