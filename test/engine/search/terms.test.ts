/** Words of a query: any text gives words or none, never syntax. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/engine/limits.ts";
import { searchTerms } from "../../../src/engine/search/terms.ts";

const terms = (query: string): readonly string[] => searchTerms(query, DEFAULT_LIMITS);

describe("searchTerms", () => {
  it("leaves out stop words, unless there is nothing else", () => {
    expect(terms("What did the user say about Paris?")).toEqual(["user", "say", "paris"]);
    expect(terms("to be or not to be")).toEqual(["to", "be", "or", "not"]);
  });

  it("takes words of every script, and nothing of the operators", () => {
    expect(terms('NEAR(a "b*" AND c:d ^e) - {f} OR -g; drop')).toEqual([
      "near",
      "b",
      "c",
      "e",
      "f",
      "g",
      "drop",
    ]);
    expect(terms("Größe naïve 北京 Привет ٣")).toEqual(["größe", "naïve", "北京", "привет", "٣"]);
    expect(terms("src/engine/log_file.ts")).toEqual(["src", "engine", "log", "file", "ts"]);
  });

  it("has no words for punctuation, emoji, NUL and lone surrogates", () => {
    for (const query of ["", "?!", "🙂🙂", "\0\0", "\ud800", '"', "' OR 1=1 --".slice(0, 1)])
      expect(terms(query)).toEqual([]);
  });

  it("gives each word once, and never more than the limits allow", () => {
    expect(terms("Cat cat CAT")).toEqual(["cat"]);
    const many = Array.from({ length: 500 }, (_, i) => `w${i}`).join(" ");
    expect(terms(many)).toHaveLength(DEFAULT_LIMITS.searchTermsMax);
    expect(terms(`${"x ".repeat(10_000)}last`)).toEqual(["x"]);
  });

  it("only ever gives letters, digits and marks", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (query) => {
        expect(terms(query).filter((term) => !/^[\p{L}\p{N}\p{M}]+$/u.test(term))).toEqual([]);
      }),
    );
  });
});
