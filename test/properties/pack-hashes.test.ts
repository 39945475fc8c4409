/** Laws of packed JSON: it comes back byte for byte, and a hash in it takes 3 or 33 bytes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Hash } from "../../src/storage/records.ts";
import { packHashes, unpackHashes } from "../../src/storage/sqlite/pack-hashes.ts";
import { runs, timeLimit } from "../support/long-mode.ts";

const digits = fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: 64, maxLength: 64 });
const hash = digits.map((list) => list.join("") as Hash);
/** Nearly a hash: a digit too many, one too few, or one that no hash has. */
const nearly = fc.oneof(
  hash.map((text) => `${text}0`),
  hash.map((text) => text.slice(1)),
  hash.map((text) => `${text.slice(1)}A`),
  hash.map((text) => `${text.slice(1)}é`),
);
const text = fc.oneof(hash, nearly, fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }));
const json = fc.dictionary(text, fc.oneof(text, fc.array(text), fc.integer(), fc.constant(null)));

describe("packed hashes", () => {
  test("give the same text back, whatever stands around them and which are known", {
    timeout: timeLimit(20_000),
  }, () => {
    fc.assert(
      fc.property(json, fc.array(hash, { maxLength: 20 }), fc.boolean(), (value, known, isUsed) => {
        const written = JSON.stringify(isUsed ? { ...value, used: known } : value);
        expect(unpackHashes(packHashes(written, known), () => known)).toBe(written);
      }),
      { numRuns: runs(300) },
    );
  });

  test("take three bytes when known, else 33; text without any stays text", () => {
    const one = "a".repeat(64) as Hash;
    expect(packHashes(JSON.stringify([one]), [one])).toHaveLength(2 + 3);
    expect(packHashes(JSON.stringify([one]), [])).toHaveLength(2 + 33);
    expect(packHashes(JSON.stringify(["é", `${one}0`]), [one])).toBe(JSON.stringify(["é", `${one}0`]));
  });
});
