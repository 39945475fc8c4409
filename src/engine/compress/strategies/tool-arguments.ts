/** What a tool was asked, as data where it is a JSON object, and short enough for a receipt. */
import type { JsonObject } from "../../../storage/records.ts";
import { canonicalJson } from "../../content/canonical-json.ts";
import { isJsonObject } from "../../content/json-rules.ts";
import { cutText } from "../../cut-text.ts";
import { singleLine } from "./sentences.ts";

/** Providers give arguments as text that mostly is JSON; anything else comes back as it is, without space around it. */
export function readArguments(payload: string): JsonObject | string {
  const text = payload.trim();
  if (!text.startsWith("{")) return text;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : text;
  } catch {
    return text;
  }
}

const ARGUMENTS_CHARS_MAX = 80;
const ARGUMENTS_READ_CHARS_MAX = 10_000;

/** On one line; of an object the short arguments first, because they say most: paths, names, numbers. */
export function shortArguments(payload: string): string {
  const given =
    payload.length <= ARGUMENTS_READ_CHARS_MAX
      ? readArguments(payload)
      : payload.slice(0, ARGUMENTS_READ_CHARS_MAX);
  return cutText(
    singleLine(typeof given === "string" ? given : shortFieldsFirst(given)),
    ARGUMENTS_CHARS_MAX,
  );
}

function shortFieldsFirst(given: JsonObject): string {
  const fields = Object.entries(given).map(
    ([name, value]) => `${JSON.stringify(name)}:${canonicalJson(value)}`,
  );
  return `{${fields.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1)).join(",")}}`;
}
