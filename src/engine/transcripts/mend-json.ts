/** Makes JSON from a transcript fit what can be stored without loss, and says what it changed (spec 1.2; spec 9, 1). */
import type { Json } from "../../storage/records.ts";

export interface Mended {
  /** undefined: nested deeper than allowed. */
  readonly value: Json | undefined;
  /** What was changed; empty when nothing was. */
  readonly how: readonly string[];
}

/**
 * Lone surrogates become U+FFFD, and numbers that JavaScript cannot hold exactly become strings: both come from broken tools, and neither
 * may stop an import.
 *
 * @param value a result of JSON.parse.
 */
export function mendJson(value: unknown, depthMax: number): Mended {
  const how = new Set<string>();
  try {
    return { value: mend(value, depthMax, how), how: [...how] };
  } catch (error) {
    if (error instanceof TooDeep) return { value: undefined, how: [] };
    throw error;
  }
}

class TooDeep extends Error {}

function mend(value: unknown, depth: number, how: Set<string>): Json {
  if (typeof value === "string") return mendText(value, how);
  if (typeof value === "number") return mendNumber(value, how);
  if (value === null || typeof value !== "object") return value as Json; // JSON.parse gives nothing else here.
  if (depth <= 0) throw new TooDeep();
  if (Array.isArray(value)) return value.map((member) => mend(member, depth - 1, how));
  const entries = Object.entries(value).map(([key, member]) => [
    mendText(key, how),
    mend(member, depth - 1, how),
  ]);
  return Object.fromEntries(entries);
}

function mendText(text: string, how: Set<string>): string {
  if (text.isWellFormed()) return text;
  how.add("lone surrogates became U+FFFD");
  return text.toWellFormed();
}

function mendNumber(number: number, how: Set<string>): number | string {
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) return number;
  how.add("numbers beyond 2^53 became strings");
  return String(number);
}
