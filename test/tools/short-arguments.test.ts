/** What the ledger keeps of a call's arguments. */
import { describe, expect, it } from "vitest";
import { shortArguments } from "../../src/engine/short-arguments.ts";

describe("shortArguments", () => {
  it("shows names, choices and sizes", () => {
    const args = {
      content: "hello",
      branch: "main",
      refs: ["abcd"],
      labels: ["a", "b"],
      force: true,
      limit: 3,
      metadata: {},
      name: null,
    };
    expect(shortArguments(args)).toBe(
      "content: 5 chars, branch: main, refs: abcd, labels: 2 items, force: true, limit: 3, metadata: an object",
    );
  });

  it("is bounded and well-formed whatever was sent", () => {
    const text = shortArguments({
      branch: `${"a".repeat(38)}😀😀`,
      ...Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`a${i}`, "\ud800"])),
    });
    expect(text.length).toBeLessThanOrEqual(200);
    expect(text.isWellFormed()).toBe(true);
  });
});
