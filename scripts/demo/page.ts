/** Prints the demo for a person: numbered headings that say why, dimmed details, real output in a frame. */
import colors from "picocolors";

let step = 0;

export function title(text: string): void {
  print(`\n   ${colors.bold(text)}\n`);
}

/** What happens now, and why it matters. */
export function heading(what: string, why: string): void {
  step += 1;
  print("");
  print(colors.bold(colors.cyan(`${step}. ${what}`)));
  print(colors.dim(`   ${why}`));
  print("");
}

export function line(text: string): void {
  print(`   ${text}`);
}

/** A name and a value, names in one column. */
export function fact(name: string, value: string): void {
  line(`${colors.dim(name.padEnd(14))} ${value}`);
}

export function good(text: string): void {
  line(`${colors.green("✓")} ${text}`);
}

/** A bar of `used` within `whole`. */
export function bar(used: number, whole: number): string {
  const full = Math.round((used / whole) * BAR_CELLS);
  return colors.green("█".repeat(full)) + colors.dim("░".repeat(BAR_CELLS - full));
}

const BAR_CELLS = 24;

export function cut(text: string, charsMax: number): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length <= charsMax ? flat : `${flat.slice(0, charsMax - 1).toWellFormed()}…`;
}

export function number(value: number): string {
  return value.toLocaleString("en-US");
}

export function emphasis(text: string): string {
  return colors.bold(text);
}

export function shortHash(text: string): string {
  return colors.yellow(text.slice(0, 8));
}

/** A match of a search, as the server marks it. */
export function marked(snippet: string): string {
  return cut(snippet, SNIPPET_CHARS).replace(/«([^»]*)»?/g, (_, match: string) =>
    colors.bold(colors.yellow(match)),
  );
}

const SNIPPET_CHARS = 110;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
