/** What an OpenAI message had that its content cannot carry, noted in the commit's metadata by the import (spec 2.5). */
import type { JsonObject } from "../../../storage/records.ts";
import { isJsonObject } from "../../content/json-rules.ts";
import type { Entry } from "../entry.ts";
import type { OpenAiTextPart } from "../message-types.ts";

const PART_SEPARATOR = "\n\n";

/** True when the tool message had the key `name`. */
export function hasToolNameKey(entry: Entry): boolean {
  return hintsOf(entry)?.tool_name_key === true;
}

/** `developer` is the newer word for system, and means the same. */
export function systemRoleOf(entry: Entry | undefined): "system" | "developer" {
  return entry !== undefined && hintsOf(entry)?.role === "developer" ? "developer" : "system";
}

/** The text as the list of parts that it was, or null when it was a string or is another text by now. */
export function partsOf(entry: Entry, text: string): readonly OpenAiTextPart[] | null {
  const lengths = hintsOf(entry)?.text_parts;
  if (!Array.isArray(lengths) || lengths.length === 0) return null;
  const parts: OpenAiTextPart[] = [];
  let from = 0;
  for (const length of lengths) {
    if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 0) return null;
    if (from > 0 && !text.startsWith(PART_SEPARATOR, from - PART_SEPARATOR.length)) return null;
    parts.push(Object.freeze({ type: "text", text: text.slice(from, from + length) }));
    from += length + PART_SEPARATOR.length;
  }
  return from - PART_SEPARATOR.length === text.length ? Object.freeze(parts) : null;
}

function hintsOf(entry: Entry): JsonObject | null {
  const hints = entry.place.commit.metadata?.openai;
  return hints !== undefined && isJsonObject(hints) ? hints : null;
}
