import { describe, expect, it } from "vitest";
import { diffTexts, type LineLimits, wholeText } from "../../../src/engine/compare/line-diff.ts";
import { DEFAULT_LIMITS } from "../../../src/engine/limits.ts";

const limits = (over: Partial<LineLimits> = {}): LineLimits => ({ ...DEFAULT_LIMITS, ...over });
const lines = (count: number, name = "line"): string =>
  Array.from({ length: count }, (_, i) => `${name} ${i}`).join("\n");

describe("the diff of two texts", () => {
  it("is unified, with three lines around a change", () => {
    const before = lines(12);
    expect(diffTexts(before, before.replace("line 6", "changed"), limits())).toEqual({
      lines: [
        "@@ -4,7 +4,7 @@",
        " line 3",
        " line 4",
        " line 5",
        "-line 6",
        "+changed",
        " line 7",
        " line 8",
        " line 9",
      ],
      isReplaced: false,
      linesLeftOut: 0,
    });
  });

  it("of equal texts has no lines", () => {
    expect(diffTexts("a\nb", "a\nb", limits()).lines).toEqual([]);
  });

  it("tells of a line break at the end only where one side alone has it", () => {
    expect(diffTexts("a", "b", limits()).lines).toEqual(["@@ -1,1 +1,1 @@", "-a", "+b"]);
    expect(diffTexts("a", "a\n", limits()).lines).toEqual([
      "@@ -1,1 +1,1 @@",
      "-a",
      "\\ No newline at end of file",
      "+a",
    ]);
    expect(diffTexts("", "a\nb", limits()).lines).toEqual(["@@ -0,0 +1,2 @@", "+a", "+b"]);
  });

  it("gives both texts whole when too much differs", () => {
    const diff = diffTexts(lines(20, "old"), lines(20, "new"), limits({ diffEditsMax: 10 }));
    expect(diff).toMatchObject({ isReplaced: true, linesLeftOut: 0 });
    expect(diff.lines.slice(0, 2)).toEqual(["@@ -1,20 +1,20 @@", "-old 0"]);
    expect(diff.lines.at(-1)).toBe("+new 19");
  });

  it("leaves out lines beyond the limit and says how many", () => {
    const diff = diffTexts(lines(50, "old"), lines(50, "new"), limits({ diffLinesMax: 30 }));
    expect(diff.lines).toHaveLength(30);
    expect(diff.linesLeftOut).toBe(71);
  });

  it("cuts a long line around what changed, and never inside a character", () => {
    const before = `${"x".repeat(3_000)}😀 old ${"y".repeat(3_000)}`;
    const [, removed, added] = diffTexts(before, before.replace("old", "new"), limits()).lines;
    expect(removed).toMatch(/^-…x+😀 old y+…$/u);
    expect(added).toMatch(/^\+…x+😀 new y+…$/u);
    for (const text of [removed, added])
      expect(text?.length).toBeLessThanOrEqual(DEFAULT_LIMITS.diffLineCharsMax + 3);
    for (let at = 0; at < 8; at++) {
      const text = `${"a".repeat(at)}${"😀".repeat(400)}`;
      for (const line of diffTexts(text, `${text}!`, limits()).lines) expect(line.isWellFormed()).toBe(true);
    }
  });

  it("of texts of megabytes is bounded", () => {
    const before = lines(150_000, "old");
    const diff = diffTexts(before, lines(150_000, "new"), limits());
    expect(diff).toMatchObject({ isReplaced: true });
    expect(diff.lines).toHaveLength(DEFAULT_LIMITS.diffLinesMax);
    const oneLine = diffTexts("a".repeat(4_000_000), "b".repeat(4_000_000), limits());
    expect(oneLine.lines.join("").length).toBeLessThan(1_000);
  });

  it("of a text on one side has its lines with their sign", () => {
    expect(wholeText("+", "a\n\nb\n", limits())).toEqual({
      lines: ["+a", "+", "+b"],
      isReplaced: false,
      linesLeftOut: 0,
    });
    expect(wholeText("-", "", limits()).lines).toEqual([]);
  });
});
