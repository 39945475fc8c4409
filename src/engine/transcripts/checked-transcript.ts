/** Checks the contents of a parsed transcript one by one: what cannot be stored is left out and named, the rest goes on. */
import type { JsonObject } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import type { ContentTypes } from "../content/content-types.ts";
import { isJsonObject } from "../content/json-rules.ts";
import { parseContent } from "../content/parse-content.ts";
import { TractError } from "../errors.ts";
import type { ContentItem } from "../history/plan-commit.ts";
import type { Limits } from "../limits.ts";
import type { Rest } from "../long-work.ts";
import type { ParsedTranscript, Repair, Skip, TranscriptItem } from "./parsed-transcript.ts";

export interface CheckedTranscript {
  readonly name: string;
  readonly items: readonly ContentItem[];
  readonly repaired: readonly Repair[];
  readonly skipped: readonly Skip[];
}

/** @throws TractError `cancelled` from `rest`, which is awaited every few items. */
export async function checkTranscript(
  transcript: ParsedTranscript,
  context: { readonly types: ContentTypes; readonly limits: Limits; readonly rest: Rest },
): Promise<CheckedTranscript> {
  const items: ContentItem[] = [];
  const repaired = [...transcript.repaired];
  const skipped = [...transcript.skipped];
  for (const [index, item] of transcript.items.entries()) {
    if (index % PART_ITEMS_MAX === 0) await context.rest();
    const content = readOrExplain(item, context);
    if (typeof content === "string") {
      skipped.push({ ...item.place, why: content });
      continue;
    }
    const metadata = fitMetadata(item.metadata, context.limits.metadataBytesMax);
    if (metadata !== item.metadata)
      repaired.push({ ...item.place, how: "fields too large to keep were left out" });
    items.push({ ...APPEND, content, metadata });
  }
  return { name: transcript.name, items, repaired, skipped };
}

const PART_ITEMS_MAX = 100;

const APPEND = {
  message: null,
  operation: "append",
  editTarget: null,
  labels: [],
  generationConfig: null,
  annotation: null,
} as const;

/** The content, or why it cannot be stored. */
function readOrExplain(
  item: TranscriptItem,
  context: { readonly types: ContentTypes; readonly limits: Limits },
): ContentItem["content"] | string {
  try {
    return parseContent(item.content, { ...context, path: "content" });
  } catch (error) {
    if (error instanceof TractError) return error.message;
    throw error;
  }
}

/** Hints for compile are small; what makes metadata large is what other programs put into the message. */
function fitMetadata(metadata: JsonObject | null, bytesMax: number): JsonObject | null {
  if (metadata === null || Buffer.byteLength(canonicalJson(metadata)) <= bytesMax) return metadata;
  const { openai } = metadata;
  if (!isJsonObject(openai)) return null;
  const { fields: _fields, call_fields: _callFields, text_parts: _textParts, ...hints } = openai;
  return Object.keys(hints).length === 0 ? null : { openai: hints };
}
