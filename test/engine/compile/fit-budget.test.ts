/** Stage 7: the ceiling holds, pins stay, the newest stay, and the cut moves rarely (spec 2.2; spec 9, 11). */
import { describe, expect, it } from "vitest";
import { STUB_TOKENS_MAX, stubText } from "../../../src/engine/compile/stub.ts";
import { TractError } from "../../../src/engine/errors.ts";
import { ChainBuilder, compileChain, counter } from "../../support/chain-builder.ts";

const LONG = "word ".repeat(97).trimEnd(); // 100 tokens with framing

function talk(messages: number): ChainBuilder {
  const history = new ChainBuilder();
  for (let i = 0; i < messages; i++) history.say(i % 2 === 0 ? "user" : "assistant", LONG);
  return history;
}

function errorOf(act: () => unknown): TractError {
  try {
    act();
  } catch (error) {
    if (error instanceof TractError) return error;
  }
  throw new Error("no TractError was thrown");
}

describe("a budget", () => {
  it("that everything fits changes nothing", () => {
    const history = talk(10);
    const whole = compileChain(history);
    expect(whole.tokenCount).toBe(1003);
    expect(compileChain(history, { budgetTokens: 1003 }).digest).toBe(whole.digest);
    expect(compileChain(history, { budgetTokens: 1002 }).omitted).toMatchObject([{ reason: "budget" }]);
  });

  it("keeps the newest messages behind one stub that names the others", () => {
    const history = talk(10);
    const { messages, omitted, tokenCount, commitHashes, generationConfigs } = compileChain(history, {
      budgetTokens: 700,
    });
    const hashes = history.rows.map(({ commit }) => commit.hash);
    const kept = messages.length - 1;
    expect(kept).toBe(4);
    const [from, to] = [hashes[0]?.slice(0, 12), hashes[9 - kept]?.slice(0, 12)];
    expect(messages[0]).toEqual({
      role: "user",
      content: `[6 messages, 600 tokens left out: show ${from}..${to}]`,
    });
    expect(omitted).toEqual([
      { from: hashes[0], to: hashes[9 - kept], messages: 6, tokens: 600, reason: "budget" },
    ]);
    expect(commitHashes).toEqual([[], ...hashes.slice(-kept).map((hash) => [hash])]);
    expect(generationConfigs).toHaveLength(messages.length);
    expect(tokenCount).toBeLessThanOrEqual(700);
  });

  it("is cut to three quarters of its room, so that the cut stays where it is while messages are added", () => {
    const history = talk(10);
    const cuts: (string | undefined)[] = [];
    for (let i = 0; i < 24; i++) {
      history.say(i % 2 === 0 ? "user" : "assistant", LONG);
      const context = compileChain(history, { budgetTokens: 1_500 });
      expect(context.tokenCount).toBeLessThanOrEqual(1_500);
      cuts.push(context.omitted[0]?.to);
    }
    const moves = cuts.filter((cut, index) => index > 0 && cut !== cuts[index - 1]).length;
    expect(moves).toBeGreaterThan(2);
    expect(moves).toBeLessThan(9);
  });

  it("keeps pinned messages wherever they stand, with a stub for each run between them", () => {
    const history = talk(3);
    const pin = history.user("remember this");
    history.annotate(pin, "pinned");
    for (let i = 0; i < 6; i++) history.assistant(LONG);
    const context = compileChain(history, { budgetTokens: 350 });
    expect(context.omitted.map(({ messages }) => messages)).toEqual([3, 4]);
    expect(context.messages[1]).toEqual({ role: "user", content: "remember this" });
    expect(context.messages).toHaveLength(5);
  });

  it("that the pins alone exceed is refused with the number that is needed", () => {
    const history = talk(3);
    history.system(LONG);
    const error = errorOf(() => compileChain(history, { budgetTokens: 100 }));
    expect(error.code).toBe("budget-too-small");
    expect(error.data).toEqual({ needed: 103, budget_tokens: 100 });
    const context = compileChain(history, { budgetTokens: 103 });
    expect(context.tokenCount).toBe(103);
    expect(context.messages).toEqual([{ role: "system", content: LONG }]);
    expect(context.omitted).toMatchObject([{ messages: 3, reason: "budget" }]);
  });

  it("keeps important messages before newer normal ones, newest first, and passes over one that is too large", () => {
    const history = new ChainBuilder();
    const old = history.user("an important question");
    const huge = history.user(LONG.repeat(5));
    for (let i = 0; i < 6; i++) history.assistant(LONG);
    const recent = history.user("another important question");
    history.assistant(LONG);
    for (const hash of [old, huge, recent]) history.annotate(hash, "important");
    const context = compileChain(history, { budgetTokens: 420 });
    const shown = context.commitHashes.flat();
    expect(shown).toContain(old);
    expect(shown).toContain(recent);
    expect(shown).not.toContain(huge);
    expect(context.tokenCount).toBeLessThanOrEqual(420);
  });

  it("ends at the first normal message that does not fit, however small the ones before it are", () => {
    const history = new ChainBuilder();
    const small = history.user("small");
    history.assistant(LONG.repeat(3));
    history.user("new");
    expect(compileChain(history, { budgetTokens: 200 }).commitHashes.flat()).not.toContain(small);
  });

  it("never splits a call from its results", () => {
    const history = new ChainBuilder();
    history.call("1", "read", "a");
    history.call("2", "read", "b");
    history.result("1", "read", LONG);
    history.result("2", "read", LONG);
    history.assistant("done");
    const context = compileChain(history, { format: "openai", budgetTokens: 180 });
    expect(context.messages).toMatchObject([{ role: "user" }, { role: "assistant", content: "done" }]);
    expect(context.omitted).toMatchObject([{ messages: 4 }]);
  });

  it("gives up stubs, the oldest first, before it gives up a pinned message", () => {
    const history = new ChainBuilder();
    const pins = [1, 2, 3, 4].map((n) => {
      history.assistant(LONG);
      const pin = history.user(`pin ${n}`);
      history.annotate(pin, "pinned");
      return pin;
    });
    const context = compileChain(history, { budgetTokens: 75 });
    expect(context.commitHashes.flat()).toEqual(pins);
    expect(context.omitted).toHaveLength(4);
    expect(context.messages).toHaveLength(5);
    expect(context.messages[3]).toMatchObject({ content: expect.stringContaining("left out") });
  });

  it("smaller than anything is refused with the number that is needed", () => {
    const error = errorOf(() => compileChain(talk(3), { budgetTokens: 1 }));
    expect(error.code).toBe("budget-too-small");
    const needed = Number(error.data.needed);
    expect(compileChain(talk(3), { budgetTokens: needed }).tokenCount).toBe(needed);
  });

  it("keeps the newest message even if it alone takes more than three quarters of the room", () => {
    const history = talk(4);
    const last = history.user(LONG.repeat(4));
    const context = compileChain(history, { budgetTokens: 470 });
    expect(context.commitHashes.flat()).toEqual([last]);
  });
});

describe("a stub", () => {
  it("never has more tokens than the room that is kept for it", () => {
    const hex = "0123456789abcdef";
    let seed = 1;
    const digit = (): string => {
      seed = (seed * 48_271) % 2_147_483_647;
      return hex[seed % 16] ?? "0";
    };
    for (let i = 0; i < 3_000; i++) {
      const hash = (): never => Array.from({ length: 64 }, digit).join("") as never;
      const gap = {
        kind: "gap",
        first: 0,
        from: hash(),
        to: hash(),
        messages: seed % 9_999_999,
        tokens: seed,
      } as const;
      expect(counter.count(stubText(gap))).toBeLessThanOrEqual(STUB_TOKENS_MAX);
    }
  });

  it("groups numbers by commas and speaks of one message as one", () => {
    const range = { kind: "gap", first: 0, from: "a".repeat(64), to: "b".repeat(64) } as never;
    expect(stubText({ ...(range as object), messages: 1234, tokens: 1_234_567 } as never)).toBe(
      "[1,234 messages, 1,234,567 tokens left out: show aaaaaaaaaaaa..bbbbbbbbbbbb]",
    );
    expect(stubText({ ...(range as object), messages: 1, tokens: 1 } as never)).toBe(
      "[1 message, 1 token left out: show aaaaaaaaaaaa..bbbbbbbbbbbb]",
    );
  });
});
