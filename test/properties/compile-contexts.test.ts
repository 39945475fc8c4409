/** Laws of every compiled context, whatever the history: valid for providers, under its budget, every commit accounted for (spec 2; spec 7.3, 6). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CompiledContext } from "../../src/engine/compile/context.ts";
import type { Format } from "../../src/engine/compile/options.ts";
import { TractError } from "../../src/engine/errors.ts";
import type { Hash } from "../../src/storage/records.ts";
import { anthropicProblems } from "../support/anthropic-rules.ts";
import { type ChainBuilder, compileChain, counter, draftOf, optionsOf } from "../support/chain-builder.ts";
import { openAiProblems } from "../support/openai-rules.ts";
import { anyHistory, anyOptions, buildHistory } from "../support/tool-histories.ts";

const FORMATS: readonly Format[] = ["messages", "openai", "anthropic", "markdown"];

const scenario = fc.record({
  steps: anyHistory(40),
  options: anyOptions,
  budget: fc.integer({ min: 1, max: 700 }),
});

/** The context, or null when the pins alone are over the budget. */
function compiled(history: ChainBuilder, given: Parameters<typeof compileChain>[1]): CompiledContext | null {
  try {
    return compileChain(history, given);
  } catch (error) {
    if (error instanceof TractError && error.code === "budget-too-small") return null;
    throw error;
  }
}

describe("every compiled context", () => {
  it("is accepted by both providers at every cut point", () => {
    fc.assert(
      fc.property(anyHistory(25), anyOptions, (steps, options) => {
        for (let length = 0; length <= steps.length; length++) {
          const context = compileChain(buildHistory(steps.slice(0, length)), options);
          expect(openAiProblems(context.toOpenAI())).toEqual([]);
          expect(anthropicProblems(context.toAnthropic())).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("is accepted by both providers under any budget, and never over it", () => {
    fc.assert(
      fc.property(scenario, ({ steps, options, budget }) => {
        const history = buildHistory(steps);
        for (const format of FORMATS) {
          const context = compiled(history, { ...options, format, budgetTokens: budget });
          if (context === null) continue;
          expect(context.tokenCount).toBeLessThanOrEqual(budget);
          expect(openAiProblems(context.toOpenAI())).toEqual([]);
          expect(anthropicProblems(context.toAnthropic())).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("keeps everything when the budget is what everything needs, and needs what it says it needs", () => {
    fc.assert(
      fc.property(scenario, ({ steps, options, budget }) => {
        const history = buildHistory(steps);
        for (const format of FORMATS) {
          const whole = compileChain(history, { ...options, format });
          const fitted = compileChain(history, {
            ...options,
            format,
            budgetTokens: Math.max(1, whole.tokenCount),
          });
          expect(fitted.digest).toBe(whole.digest);
          try {
            compileChain(history, { ...options, format, budgetTokens: budget });
          } catch (error) {
            const needed = error instanceof TractError ? Number(error.data.needed) : Number.NaN;
            expect(needed).toBeGreaterThan(budget);
            expect(compiled(history, { ...options, format, budgetTokens: needed })).not.toBeNull();
          }
        }
      }),
      { numRuns: 80 },
    );
  });

  it("accounts for every commit exactly once, and never splits a unit", () => {
    fc.assert(
      fc.property(scenario, ({ steps, options, budget }) => {
        const history = buildHistory(steps);
        for (const format of FORMATS) {
          const given = { ...options, format, budgetTokens: budget };
          const context = compiled(history, given);
          if (context === null) continue;
          const shown = shownIn(context);
          const draft = draftOf(history, optionsOf(given));
          for (const unit of draft.units) {
            const present = unit.entries.filter(({ hash }) => shown.has(hash)).length;
            expect([0, unit.entries.length]).toContain(present);
            if (unit.priority === "pinned") expect(present).toBe(unit.entries.length);
          }
          const compilable = draft.entries.map(({ hash }) => hash);
          const left = new Set(compilable.filter((hash) => !shown.has(hash)));
          expect(context.omitted.reduce((sum, run) => sum + run.messages, 0)).toBe(left.size);
          for (const run of context.omitted) {
            expect(left.has(run.from)).toBe(true);
            expect(left.has(run.to)).toBe(true);
          }
          expect(context.commitCount).toBe(compilable.length - left.size);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("has the same bytes each time, parallel lists, and counts of its own messages", () => {
    fc.assert(
      fc.property(scenario, ({ steps, options, budget }) => {
        const history = buildHistory(steps);
        for (const format of FORMATS) {
          const given = { ...options, format, budgetTokens: budget };
          const context = compiled(history, given);
          if (context === null) continue;
          const again = compileChain(buildHistory(steps), given);
          expect(JSON.stringify(again)).toBe(JSON.stringify(context));
          expect(context.commitHashes).toHaveLength(context.messages.length);
          expect(context.generationConfigs).toHaveLength(context.messages.length);
          if (format === "messages") expect(context.tokenCount).toBe(recounted(context));
        }
      }),
      { numRuns: 80 },
    );
  });
});

/** Hashes of messages, of the system text, and of texts that the format cannot show and says so. */
function shownIn(context: CompiledContext): ReadonlySet<Hash> {
  const blank = context.repairs.filter(({ what }) => what === "empty-text-left-out");
  return new Set([
    ...context.commitHashes.flat(),
    ...context.systemCommitHashes,
    ...blank.flatMap(({ commits }) => commits),
  ]);
}

/** Spec 1.7: 3 tokens per message, 1 for a name, 3 per prompt, and the texts. */
function recounted(context: CompiledContext): number {
  const messages = context.toDicts();
  const tokens = messages.reduce(
    (sum, { content, name }) => sum + 3 + (name === undefined ? 0 : 1) + counter.count(content),
    0,
  );
  return messages.length === 0 ? 0 : tokens + 3;
}
