/** Stage 7 in little room: sizes count to the token, and whatever fits is shown (spec 2.2; spec 9, 11). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CompiledContext } from "../../../src/engine/compile/context.ts";
import type { Format } from "../../../src/engine/compile/options.ts";
import { TractError } from "../../../src/engine/errors.ts";
import { ChainBuilder, compileChain } from "../../support/chain-builder.ts";
import { anyHistory, buildHistory } from "../../support/tool-histories.ts";

const FORMATS: readonly Format[] = ["messages", "openai", "anthropic", "markdown"];

/** The context, or the budget that it says it needs. */
function tryBudget(
  history: ChainBuilder,
  format: Format,
  budgetTokens: number,
): CompiledContext | { readonly needed: number } {
  try {
    return compileChain(history, { format, budgetTokens });
  } catch (error) {
    if (!(error instanceof TractError) || error.code !== "budget-too-small") throw error;
    expect(error.data.budget_tokens).toBe(budgetTokens);
    return { needed: Number(error.data.needed) };
  }
}

function contentsAt(history: ChainBuilder, budgetTokens: number): readonly unknown[] {
  const context = tryBudget(history, "messages", budgetTokens);
  if ("needed" in context) throw new Error(`needs ${context.needed}`);
  expect(context.tokenCount).toBeLessThanOrEqual(budgetTokens);
  return context.messages.map(({ content }) => content);
}

const STUB = expect.stringContaining("left out: show");

describe("in little room", () => {
  const newest = "alpha beta gamma delta epsilon zeta eta theta iota kappa";
  const history = new ChainBuilder();
  history.user("one two three four five six seven eight nine ten ".repeat(5).trim());
  history.assistant("one two three four five six seven eight nine ten ".repeat(9).trim());
  history.user(newest);
  const bare = compileChain(history).tokenCount;

  it("budgets from small to large show the newest message, a stub alone, and both", () => {
    const shown: string[] = [];
    for (let budget = 19; budget < bare; budget++) {
      const kinds = contentsAt(history, budget).map((text) =>
        text === newest ? "newest" : String(text).includes("left out: show") ? "stub" : "other",
      );
      if (shown.at(-1) !== kinds.join()) shown.push(kinds.join());
    }
    expect(shown).toEqual(["newest", "stub", "stub,newest"]);
  });

  it("the stub's own size counts, not the largest there is", () => {
    const both = tokensOfBoth();
    expect(contentsAt(history, both)).toEqual([STUB, newest]);
    expect(contentsAt(history, both - 1)).toEqual([STUB]);
  });

  it("an error says what the least needs when nothing fits, and that is enough", () => {
    const needed = tryBudget(history, "messages", 1);
    expect(needed).toEqual({ needed: compileChain(history, { budgetTokens: 20 }).tokenCount });
    if (!("needed" in needed)) return;
    expect(tryBudget(history, "messages", needed.needed - 1)).toEqual(needed);
    expect(contentsAt(history, needed.needed)).toEqual([newest]);
  });

  /** Size of a stub for the two older messages and the newest. */
  function tokensOfBoth(): number {
    for (let budget = bare - 1; budget > 0; budget--) {
      const context = compileChain(history, { budgetTokens: budget });
      if (context.omitted[0]?.messages === 2 && context.messages.length === 2) return context.tokenCount;
    }
    throw new Error("no budget shows both");
  }

  it("an important message goes before newer ones, even without a stub", () => {
    const other = new ChainBuilder();
    const kept = other.user("keep me");
    other.assistant("word ".repeat(90).trim());
    other.user("hi");
    other.annotate(kept, "important");
    expect(contentsAt(other, 11)).toEqual(["keep me"]);
    expect(contentsAt(other, 12)).toEqual(["keep me", "hi"]);
  });

  it("of pins the exact size decides, also where a format may add a leading turn", () => {
    const pinned = new ChainBuilder();
    pinned.assistant("word ".repeat(50).trim());
    pinned.annotate(pinned.user("remember this"), "pinned");
    const { needed } = { needed: 0, ...tryBudget(pinned, "anthropic", 1) };
    expect(needed).toBe(8);
    const context = compileChain(pinned, { format: "anthropic", budgetTokens: needed });
    expect(context.messages).toEqual([{ role: "user", content: "remember this" }]);
  });

  it("a message larger than the budget leaves the stub, and does not hide that earlier ones are there", () => {
    const long = new ChainBuilder();
    for (let i = 0; i < 200; i++) long.say(i % 2 === 0 ? "user" : "assistant", `message ${i}`);
    long.user("word ".repeat(3_000).trim());
    const context = compileChain(long, { budgetTokens: 2_000 });
    expect(context.messages).toEqual([{ role: "user", content: STUB }]);
    expect(context.omitted).toMatchObject([{ messages: 201 }]);
  });

  it("many important messages of one size fill the room up to the last that fits", () => {
    const many = new ChainBuilder();
    for (let i = 0; i < 300; i++) many.annotate(many.user("word word word"), "important");
    const context = compileChain(many, { budgetTokens: 500 });
    expect(context.tokenCount).toBeLessThanOrEqual(500);
    expect(context.tokenCount).toBeGreaterThan(500 - 12);
    expect(context.messages[0]?.content).toEqual(STUB);
  });
});

describe("any budget of any history", () => {
  it("shows something, or says the exact number from which on it does", { timeout: 30_000 }, () => {
    let refusals = 0;
    fc.assert(
      fc.property(anyHistory(20), (steps) => {
        const history = buildHistory(steps);
        for (const format of FORMATS) {
          const whole = compileChain(history, { format });
          if (whole.tokenCount === 0) continue;
          let needed: number | null = null;
          for (let budget = 1; budget <= Math.min(130, whole.tokenCount); budget++) {
            const found = tryBudget(history, format, budget);
            if ("needed" in found) {
              refusals += 1;
              expect(found.needed).toBeGreaterThan(budget);
              if (needed !== null) expect(found.needed).toBe(needed);
              needed = found.needed;
            } else {
              expect(budget).toBeGreaterThanOrEqual(needed ?? 0);
              expect(found.tokenCount).toBeGreaterThan(0);
              expect(found.tokenCount).toBeLessThanOrEqual(budget);
              needed ??= 0;
            }
          }
        }
      }),
      { numRuns: Number(process.env.TRACT_PROPERTY_RUNS ?? 30), endOnFailure: true },
    );
    expect(refusals).toBeGreaterThan(100);
  });
});
