import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  TOKENS_PER_MESSAGE,
  TOKENS_PER_NAME,
  TOKENS_PER_PROMPT,
} from "../../../src/engine/tokens/message-overhead.ts";
import { loadTokenCounter } from "../../../src/engine/tokens/token-counter.ts";
import { LONG_RUNS } from "./long-runs.ts";
import { ENCODINGS, oracle } from "./oracle.ts";
import { anyText, TEXTS } from "./texts.ts";

const KB = 1024;

describe.each(ENCODINGS)("%s", async (encoding) => {
  const counter = await loadTokenCounter(encoding);
  const expected = oracle(encoding);

  test("is loaded once", async () => {
    expect(counter.encoding).toBe(encoding);
    expect(await loadTokenCounter(encoding)).toBe(counter);
  });

  test.each(Object.entries(TEXTS))("counts %s as js-tiktoken does", (_, text) => {
    expect(counter.count(text)).toBe(expected.count(text));
    expect(counter.count(text)).toBe(expected.count(text)); // Now from the cache.
  });

  test("counts any text as js-tiktoken does", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(counter.count(text)).toBe(expected.count(text));
      }),
      { numRuns: 300 },
    );
  });

  test.each(Object.entries(LONG_RUNS))("counts 1 KB of %s as js-tiktoken does", (_, make) => {
    const text = make(KB);
    expect(counter.count(text)).toBe(expected.count(text));
    expect(expected.countSlowly(text)).toBe(expected.count(text));
  });

  test.each(Object.entries(LONG_RUNS))("counts 9 KB of %s as a plain merge does", (_, make) => {
    const text = make(9 * KB);
    expect(counter.count(text)).toBe(expected.countSlowly(text));
  });

  test.each(["one small letter", "newlines", "one emoji", "digits"])(
    "counts 1366 times as much in 1 MB of %s as in 768 bytes",
    (kind) => {
      const make = LONG_RUNS[kind]!;
      const text = make(1366 * 768);
      expect(counter.count(text)).toBe(1366 * expected.count(make(768)));
    },
  );
});

test("a message costs 3 tokens, its name 1 and a prompt 3 (spec 1.7)", () => {
  expect([TOKENS_PER_MESSAGE, TOKENS_PER_NAME, TOKENS_PER_PROMPT]).toEqual([3, 1, 3]);
});
