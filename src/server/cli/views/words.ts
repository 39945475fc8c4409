/** Small words that views share: short hashes, times, how to see more. */
import { type Colors, harmless } from "../terminal.ts";

/** 12 digits are unique in any history that a person looks at, and every command takes them back. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}

/** `2026-03-01 09:30`, in UTC as everything that is stored. */
export function dayAndMinute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}

/** Below this width the less important columns are shortened, so that texts keep room. */
export function isNarrow(width: number): boolean {
  return width < WIDE_COLUMNS;
}

const WIDE_COLUMNS = 120;

/** 8 digits for a narrow terminal: nearly always unique, and if not, the command names the candidates. */
export function shorterHash(hash: string): string {
  return hash.slice(0, 8);
}

/** As short as tells it apart, in UTC: `09:30` today, `03-01 09:30` this year, else `2025-03-01`. */
export function shorterTime(iso: string, today: string): string {
  if (iso.slice(0, 10) === today) return iso.slice(11, 16);
  return iso.slice(0, 4) === today.slice(0, 4)
    ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}`
    : iso.slice(0, 10);
}

/** At most 4 characters up to a billion: `980`, `12k`, `1.3M`. */
export function shorterCount(count: number): string {
  if (count < 1_000) return String(count);
  const [unit, size] = count < 999_500 ? ["k", 1_000] : ["M", 1_000_000];
  const units = count / Number(size);
  return `${units < 9.95 ? units.toFixed(1) : Math.round(units)}${unit}`;
}

/** Stored text in one line. */
export function oneLine(text: string): string {
  return harmless(text).replace(/\s+/g, " ").trim();
}

/** The flag that shows the next page; nothing on the last one. */
export function moreLine(nextCursor: unknown, { dim }: Colors): string {
  return typeof nextCursor === "string" ? `${dim("more:")} --cursor ${nextCursor}\n` : "";
}
