/** Shortens what ledger entries hold, saying how long the whole is (spec 4.3). Pure. */
import type { Json, JsonObject } from "../../storage/records.ts";
import { cutText } from "../cut-text.ts";

/** The text, or its beginning and the length of the whole: together at most `charsMax` characters. */
export function excerptText(text: string, charsMax: number): string {
  return cutText(text, charsMax, `… (chars: ${text.length})`);
}

/** Every value that is longer than `charsMax`, cut; a nested one as the beginning of its JSON. */
export function excerptValues(metadata: JsonObject, charsMax: number): JsonObject {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key, excerptValue(value, charsMax)]),
  );
}

function excerptValue(value: Json, charsMax: number): Json {
  if (typeof value === "string") return excerptText(value, charsMax);
  if (typeof value !== "object" || value === null) return value;
  const text = JSON.stringify(value);
  if (text.length <= charsMax) return value;
  const size = Array.isArray(value) ? `items: ${value.length}` : `keys: ${Object.keys(value).length}`;
  return cutText(text, charsMax, `… (${size}, chars: ${text.length})`);
}
