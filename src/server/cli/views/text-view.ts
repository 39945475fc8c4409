/** A tool's own text, as a person reads it. */
import type { ToolResult } from "../../../tools/tool.ts";
import { cut, wrapped } from "../table.ts";
import { harmless, type Terminal } from "../terminal.ts";
import type { View } from "./view.ts";
import { moreLine } from "./words.ts";

/** Without the last line, which tells a model what to call next; hashes and warnings stand out in colour; lines go on below. */
export const textView: View = (result, terminal) => shown(result, terminal, wrapped);

/** The same with lines that are cut, for text that is mostly columns. */
export const columnsView: View = (result, terminal) => shown(result, terminal, cutLines);

/** The same with lines as they are: what may be copied keeps its line breaks and no others. */
export const asIsView: View = (result, terminal) => shown(result, terminal, (text) => text);

function shown(
  { text, structured }: ToolResult,
  { isOutTerminal, colors, width }: Terminal,
  lay: (text: string, width: number) => string,
): string {
  const own = text.replace(/(^|\n)Next: [^\n]*$/, "");
  const seen = isOutTerminal
    ? lay(harmless(own), width).replace(STANDS_OUT, (found) => colors.yellow(found))
    : own;
  return `${seen}\n${moreLine(structured.next_cursor, colors)}`;
}

function cutLines(text: string, width: number): string {
  return text
    .split("\n")
    .map((line) => cut(line, width))
    .join("\n");
}

const STANDS_OUT = /^Warning: .*$|\b(?=[a-f]*\d)[0-9a-f]{8,64}\b/gm;
