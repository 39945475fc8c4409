/** Small words that views share: short hashes, times, how to see more. */
import type { Colors } from "../terminal.ts";

/** 12 digits are unique in any history that a person looks at, and every command takes them back. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}

/** `2026-03-01 09:30`, in UTC as everything that is stored. */
export function dayAndMinute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}

/** The flag that shows the next page; nothing on the last one. */
export function moreLine(nextCursor: unknown, { dim }: Colors): string {
  return typeof nextCursor === "string" ? `${dim(`more: --cursor ${nextCursor}`)}\n` : "";
}
