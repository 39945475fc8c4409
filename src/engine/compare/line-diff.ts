/** What changed between two texts, line by line, in bounded time and of bounded length. Pure. */
import { structuredPatch } from "diff";
import { boundary } from "../cut-text.ts";
import type { Limits } from "../limits.ts";

export interface LineDiff {
  /** Unified: `@@` headings, then lines that begin with a space, `-` or `+`; long ones are cut around what changed. */
  readonly lines: readonly string[];
  /** True when too much differs to look for what is common: the old text whole, then the new one. */
  readonly isReplaced: boolean;
  /** Lines beyond `limits.diffLinesMax`. */
  readonly linesLeftOut: number;
}

export type LineLimits = Pick<Limits, "diffEditsMax" | "diffLinesMax" | "diffLineCharsMax">;

/** Unchanged lines around a change. */
const CONTEXT_LINES = 3;
const NO_LINE_BREAK = "\\ No newline at end of file";

export function diffTexts(before: string, after: string, limits: LineLimits): LineDiff {
  if (before === after) return { lines: [], isReplaced: false, linesLeftOut: 0 };
  const [from, to] = withoutEndNoise(before, after);
  const patch = structuredPatch("a", "b", from, to, undefined, undefined, {
    context: CONTEXT_LINES,
    maxEditLength: limits.diffEditsMax,
  });
  if (patch === undefined) {
    const old = prefixed("-", before);
    const fresh = prefixed("+", after);
    const heading = `@@ -${place(1, old.length)} +${place(1, fresh.length)} @@`;
    return { ...bounded([heading, ...old, ...fresh], limits), isReplaced: true };
  }
  const lines = patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: own }) => [
    `@@ -${place(oldStart, oldLines)} +${place(newStart, newLines)} @@`,
    ...own,
  ]);
  return { ...bounded(lines, limits), isReplaced: false };
}

/** A part without lines stands behind the line before it. */
function place(start: number, count: number): string {
  return `${count === 0 ? start - 1 : start},${count}`;
}

/** A text that is there on one side only. */
export function wholeText(sign: "+" | "-", text: string, limits: LineLimits): LineDiff {
  return { ...bounded(prefixed(sign, text), limits), isReplaced: false };
}

function prefixed(sign: "+" | "-", text: string): readonly string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => sign + line);
}

/** Messages seldom end with a line break; only where one side alone does is it worth a line. */
function withoutEndNoise(before: string, after: string): readonly [string, string] {
  const isAlike = before === "" || after === "" || before.endsWith("\n") === after.endsWith("\n");
  const ended = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n`);
  return isAlike ? [ended(before), ended(after)] : [before, after];
}

function bounded(
  lines: readonly string[],
  { diffLinesMax, diffLineCharsMax }: LineLimits,
): Pick<LineDiff, "lines" | "linesLeftOut"> {
  const shown = lines.slice(0, diffLinesMax);
  return { lines: cutLines(shown, diffLineCharsMax), linesLeftOut: lines.length - shown.length };
}

/** Of a long line that was replaced by another, the part around the first difference says what changed. */
function cutLines(lines: readonly string[], charsMax: number): readonly string[] {
  if (lines.every((line) => line.length <= charsMax)) return lines;
  const cut: string[] = [];
  for (let start = 0; start < lines.length; ) {
    const removed = run(lines, start, "-");
    const added = run(lines, start + removed.length, "+");
    const starts = removed.map((line, i) => differsAt(line, added[i]));
    for (const [i, line] of [...removed, ...added].entries())
      cut.push(cutAround(line, starts[i < removed.length ? i : i - removed.length] ?? 1, charsMax));
    start += removed.length + added.length;
    const line = lines[start];
    if (line === undefined || line.startsWith("-") || line.startsWith("+")) continue;
    cut.push(line === NO_LINE_BREAK ? line : cutAround(line, 1, charsMax));
    start += 1;
  }
  return cut;
}

/** Lines in a row with one sign. */
function run(lines: readonly string[], start: number, sign: string): readonly string[] {
  let end = start;
  while (lines[end]?.startsWith(sign)) end += 1;
  return lines.slice(start, end);
}

/** Place of the first difference behind the signs. */
function differsAt(line: string, other: string | undefined): number {
  if (other === undefined) return 1;
  let at = 1;
  while (at < line.length && line[at] === other[at]) at += 1;
  return at;
}

/** Characters kept before the place that matters. */
const LEAD_CHARS = 60;

function cutAround(line: string, change: number, charsMax: number): string {
  if (line.length <= charsMax) return line;
  const start = change - LEAD_CHARS <= 1 ? 1 : boundary(line, change - LEAD_CHARS);
  const end = boundary(line, Math.min(line.length, start + charsMax));
  return `${line.slice(0, 1)}${start > 1 ? "…" : ""}${line.slice(start, end)}${end < line.length ? "…" : ""}`;
}
