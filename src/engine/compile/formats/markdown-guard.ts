/** Keeps stored text inside its section of a Markdown context: no fence, heading or line end of it can end the section. */
import { cutText } from "../../cut-text.ts";

/** A fence longer than any run of backticks in the text. */
export function fenced(text: string, language: string): string {
  const runs = text.match(/`{3,}/g) ?? [];
  const fence = "`".repeat(runs.reduce((longest, run) => Math.max(longest, run.length + 1), 3));
  const info = /^[\w+#.-]{1,30}$/.test(language) ? language : "";
  return `${fence}${info}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`;
}

/** Free text: headings that look like ours are escaped, a fence left open is closed. */
export function guarded(text: string): string {
  const escaped = text.includes("###") ? text.replace(OUR_HEADING, "$1\\$2") : text;
  const fence = text.includes("```") || text.includes("~~~") ? openFence(escaped) : null;
  if (fence === null) return escaped;
  return `${escaped}${escaped.endsWith("\n") ? "" : "\n"}${fence}`;
}

const OUR_HEADING = /^( {0,3})(###[ \t]+(?:System|User|Assistant|Tool))/gim;
const FENCE = /^ {0,3}(`{3,}|~{3,})([^\n]*)$/gm;

/** The fence that is open at the end of the text. */
function openFence(text: string): string | null {
  let open: string | null = null;
  for (const [, fence = "", rest = ""] of text.matchAll(FENCE)) {
    if (open === null) {
      if (!(fence.startsWith("`") && rest.includes("`"))) open = fence;
    } else if (fence[0] === open[0] && fence.length >= open.length && rest.trim() === "") {
      open = null;
    }
  }
  return open;
}

const LINE_CHARS_MAX = 200;

/** A name or message on one line of bounded length. */
export function oneLine(text: string): string {
  return cutText(text.replace(/\s+/gu, " ").trim(), LINE_CHARS_MAX);
}
