/** Makes names and ids fit what providers accept, the same way every time. */
import { sha256 } from "../../content/hashes.ts";

/** Length of a function's or participant's name. */
const NAME_CHARS_MAX = 64;
/** Length of a tool call's id in the chat completions API. */
export const OPENAI_ID_CHARS_MAX = 40;
const DIGEST_CHARS = 8;

/** Letters, digits, `_` and `-`, at most 64; other characters become `_`. */
export function toProviderName(name: string): string {
  return shorten(name.replace(/[^a-zA-Z0-9_-]/gu, "_"), name, NAME_CHARS_MAX);
}

/** The text itself, or its beginning with a digest of the whole, so that two long ids stay apart. */
export function shorten(text: string, whole: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  return `${text.slice(0, charsMax - DIGEST_CHARS - 1)}_${sha256(whole).slice(0, DIGEST_CHARS)}`;
}
