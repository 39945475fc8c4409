/** Pieces of the texts that tools answer with: short hashes that can be used as shown, columns, numbers, the next step. */
import type { Engine } from "../engine/engine.ts";
import type { Author, Hash } from "../storage/records.ts";

const SHORT_HASH_CHARS_MIN = 8;

/** Gives each hash its shortest unique beginning of at least 8 characters (spec 1.3). */
export async function shortHashes(
  engine: Engine,
  hashes: Iterable<Hash | null>,
): Promise<(hash: Hash | null) => string> {
  const short = new Map<Hash, string>();
  for (const hash of hashes) {
    if (hash !== null && !short.has(hash)) short.set(hash, await shortest(engine, hash));
  }
  return (hash) => (hash === null ? "none" : (short.get(hash) ?? hash));
}

async function shortest({ store, scope }: Engine, hash: Hash): Promise<string> {
  for (let chars = SHORT_HASH_CHARS_MIN; chars < hash.length; chars++) {
    const found = await store.findCommits(scope.tract, hash.slice(0, chars), 2);
    if (found.length < 2) return hash.slice(0, chars);
  }
  return hash;
}

/** Lines of columns as wide as their widest cell; without spaces at the end. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widthOf = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = (rows[0] ?? []).map((_, column) => widthOf(column));
  const lineOf = (row: readonly string[]): string =>
    row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ");
  return rows.map((row) => lineOf(row).trimEnd()).join("\n");
}

/** `4,310`, the same on every machine. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 commit`, `2 commits` */
export function plural(value: number, noun: string, several = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : several}`;
}

/** A message on one line, cut to so many characters without splitting a pair. */
export function oneLine(message: string, charsMax: number): string {
  const line = message.replace(/\s+/gu, " ").trim();
  if (line.length <= charsMax) return line;
  const points = [...line.slice(0, 2 * charsMax + 2)];
  return points.length <= charsMax ? line : `${points.slice(0, charsMax - 1).join("")}…`;
}

export function authorName({ kind, name }: Author): string {
  return name === null ? kind : `${name} (${kind})`;
}

/** Minutes are enough for a reader; the structure has the whole. */
export function shortTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}

/** Paragraphs that are there, warnings, then the next sensible step. */
export function answer(
  parts: readonly (string | null)[],
  next: string,
  warnings: readonly string[] = [],
): string {
  const told = parts.filter((part) => part !== null && part !== "");
  return [...told, ...warnings.map(warningLine), `${NEXT}${next}`].join("\n");
}

const NEXT = "Next: ";

/** An answer with further warnings before its next step; of a text that names none, at its end. */
export function withWarnings(text: string, warnings: readonly string[]): string {
  const at = text.lastIndexOf(`\n${NEXT}`);
  const lines = warnings.map((warning) => `\n${warningLine(warning)}`).join("");
  return at === -1 ? `${text}${lines}` : `${text.slice(0, at)}${lines}${text.slice(at)}`;
}

function warningLine(warning: string): string {
  return `Warning: ${warning}`;
}
