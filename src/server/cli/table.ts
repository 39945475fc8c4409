/** Text that fits a width: tables in which one column gives way, lines that are cut or go on below. */
import { stripVTControlCharacters } from "node:util";

export interface Column {
  readonly align?: "left" | "right";
  /** This column is cut, with `…`, when the row is too wide. */
  readonly gives?: boolean;
}

/** Rows of cells, coloured or not, as lines no wider than `width`. Columns that are empty everywhere are left out. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const used = columns.flatMap((column, at) =>
    rows.some((row) => (row[at] ?? "") !== "") ? [{ column, at }] : [],
  );
  const widths = used.map(({ at }) => Math.max(...rows.map((row) => displayWidth(row[at] ?? ""))));
  const excess = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (used.length - 1) - width;
  const giving = used.findIndex(({ column }) => column.gives === true);
  if (excess > 0 && giving >= 0) widths[giving] = Math.max(GIVEN_MIN, (widths[giving] ?? 0) - excess);
  return rows
    .map((row) =>
      used
        .map(({ column, at }, index) => fitted(row[at] ?? "", widths[index] ?? 0, column))
        .join(GAP)
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** Columns that a text takes on a terminal: wide characters two, combining ones none. */
export function displayWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (PRINTABLE_ASCII.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of graphemes.segment(plain))
    width += WIDE.test(segment) ? 2 : ZERO.test(segment) ? 0 : 1;
  return width;
}

/** The beginning of a text without colours that fits a width, ending in `…` when something was cut. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += displayWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Lines of a text without colours, those too wide broken at spaces; what goes on is indented like its beginning. Nothing is lost but spaces. */
export function wrapped(text: string, width: number): string {
  if (width === Number.POSITIVE_INFINITY) return text;
  return text
    .split("\n")
    .flatMap((line) => wrappedLine(line, width))
    .join("\n");
}

function wrappedLine(line: string, width: number): readonly string[] {
  if (displayWidth(line) <= width) return [line];
  const indent = (/^ */.exec(line)?.[0] ?? "").slice(0, Math.floor(width / 2));
  const lines: string[] = [];
  let current = "";
  for (const word of line.match(/ *[^ ]+/g) ?? []) {
    if (displayWidth(current + word) <= width) current += word;
    else {
      if (current.trim() !== "") lines.push(current);
      current = indent + word.trimStart();
    }
    // A word without spaces, as in Chinese or a path, is broken where the line ends.
    while (displayWidth(current) > width) {
      const head = beginning(current, width);
      lines.push(head);
      current = indent + current.slice(head.length);
    }
  }
  return [...lines, current];
}

function beginning(text: string, width: number): string {
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += displayWidth(segment);
    if (used > width && kept.trim() !== "") break;
    kept += segment;
  }
  return kept;
}

function fitted(cell: string, width: number, column: Column): string {
  const text = displayWidth(cell) > width ? cut(stripVTControlCharacters(cell), width) : cell;
  const space = " ".repeat(Math.max(0, width - displayWidth(text)));
  return column.align === "right" ? space + text : text + space;
}

const GAP = "  ";
const GIVEN_MIN = 8;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
