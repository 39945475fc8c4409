/** Shortened texts and values: never longer than asked, and never half a character. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { excerptText, excerptValues } from "../../../src/engine/ledger/excerpt.ts";

it("keeps within the length and says how long the whole is", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 200 }),
      fc.integer({ min: 20, max: 100 }),
      (text, max) => {
        const cut = excerptText(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(cut.isWellFormed()).toBe(true);
        if (text.length <= max) expect(cut).toBe(text);
        else expect(cut).toContain(`(chars: ${text.length})`);
      },
    ),
  );
});

it("leaves short values as they are and cuts nested ones to the beginning of their JSON", () => {
  const metadata = { n: 1, flag: true, none: null, list: [1, 2], nested: { a: "b" } };
  expect(excerptValues(metadata, 40)).toEqual(metadata);
  const cut = excerptValues(
    { list: Array.from({ length: 100 }, () => "abc"), object: { a: "x".repeat(100) } },
    40,
  );
  expect(cut.list).toBe('["abc","abc","… (items: 100, chars: 601)');
  expect(cut.object).toHaveLength(40);
  expect(cut.object).toContain("(keys: 1, chars: 108)");
});
