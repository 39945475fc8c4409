/** The line that stands where a budget left messages out (spec 2.2; spec 9, 11). */
import type { Gap } from "./unit.ts";

/** No stub has more tokens: 12 for each hash if no two of its digits are one token, 5 for each number below a billion, 14 for the rest. */
export const STUB_TOKENS_MAX = 48;
const HASH_DIGITS = 12;

/** `[12 messages, 4,310 tokens left out: show 3fa1c9d2a0b1..8b7e0a11c2d3]`, the range inclusive. */
export function stubText({ messages, tokens, from, to }: Gap): string {
  const range = `${from.slice(0, HASH_DIGITS)}..${to.slice(0, HASH_DIGITS)}`;
  return `[${amount(messages, "message")}, ${amount(tokens, "token")} left out: show ${range}]`;
}

/** Grouped by commas on every machine, whatever its locale. */
function amount(value: number, noun: string): string {
  return `${String(value).replace(/\B(?=(\d{3})+$)/g, ",")} ${noun}${value === 1 ? "" : "s"}`;
}
