/** Pieces of answers: hashes that can be used as shown, columns, numbers, cut texts. */
import { describe, expect, it } from "vitest";
import type { Hash } from "../../src/storage/records.ts";
import { answer, columns, count, oneLine, plural, shortHashes } from "../../src/tools/render.ts";
import { openTestEngine } from "../support/engine.ts";

describe("render", () => {
  it("shortens a hash to 8 digits, and to more where others begin alike", async () => {
    const { engine, close } = await openTestEngine({ store: "memory" });
    const known = ["0123456789abcdef", "0123456789abffff", "fedcba9876543210"].map(
      (start) => start.padEnd(64, "0") as Hash,
    );
    const store = {
      ...engine.store,
      findCommits: async (_: string, prefix: string) => known.filter((hash) => hash.startsWith(prefix)),
    };
    const short = await shortHashes({ ...engine, store }, known);
    expect(known.map(short)).toEqual(["0123456789abc", "0123456789abf", "fedcba98"]);
    expect(short(null)).toBe("none");
    await close();
  });

  it("aligns columns and leaves no spaces at the end", () => {
    expect(
      columns([
        ["a", "bb", ""],
        ["ccc", "d", "e"],
      ]),
    ).toBe("a    bb\nccc  d   e");
    expect(columns([])).toBe("");
  });

  it("groups digits and counts nouns", () => {
    expect([count(999), count(4_310), count(1_234_567)]).toEqual(["999", "4,310", "1,234,567"]);
    expect([plural(1, "commit"), plural(2, "entry", "entries")]).toEqual(["1 commit", "2 entries"]);
  });

  it("cuts a text to one line without splitting a character", () => {
    expect(oneLine("  a\n b ", 10)).toBe("a b");
    expect(oneLine("😀".repeat(12), 10)).toBe(`${"😀".repeat(9)}…`);
  });

  it("leaves out empty parts and ends with the next step", () => {
    expect(answer(["a", null, ""], "go on.", ["hot"])).toBe("a\nWarning: hot\nNext: go on.");
  });
});
