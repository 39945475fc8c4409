/** Arguments of a call as a list of calls tells them: long texts cut, so that a list stays one. */
import { cutText } from "../engine/cut-text.ts";
import type { Json, JsonObject } from "../storage/records.ts";

const TEXT_CHARS_MAX = 1_000;

/** The same shape; texts of more than 1,000 characters end with a mark and their length. */
export function cutArguments(args: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, cut(value)]));
}

function cut(value: Json): Json {
  if (typeof value === "string") return cutText(value, TEXT_CHARS_MAX, `… (chars: ${value.length})`);
  if (Array.isArray(value)) return value.map(cut);
  return typeof value === "object" && value !== null ? cutArguments(value as JsonObject) : value; // Neither plain nor an array.
}
