/** A tool's own text, as a person reads it. */
import { harmless } from "../terminal.ts";
import type { View } from "./view.ts";
import { moreLine } from "./words.ts";

/** Without the last line, which tells a model what to call next; hashes and warnings stand out in colour. */
export const textView: View = ({ text, structured }, { isOutTerminal, colors }) => {
  const own = text.replace(/(^|\n)Next: [^\n]*$/, "");
  const shown = isOutTerminal ? harmless(own).replace(STANDS_OUT, (found) => colors.yellow(found)) : own;
  return `${shown}\n${moreLine(structured.next_cursor, colors)}`;
};

const STANDS_OUT = /^Warning: .*$|\b(?=[a-f]*\d)[0-9a-f]{8,64}\b/gm;
