/** Recipes of prompts: what an LLM was sent, as a content that names the stored texts in it by hash, so that it can be made again (spec 9, 25). */
import { z } from "zod";
import type { ContentRecord, Hash, JsonObject } from "../../storage/records.ts";
import type { OpenAiMessage } from "../compile/message-types.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import type { ToolIoContent } from "../content/content-types.ts";
import { hashContent, isHash, sha256 } from "../content/hashes.ts";
import { readContent, storedText } from "../content/parse-content.ts";
import { payloadText } from "../content/plain-text.ts";

/** What a recipe is made of. */
export interface PromptSources {
  /** The commits that the prompt shows, in order. */
  readonly inputs: readonly Hash[];
  /** Contents whose texts stand in the prompt, in the order in which they stand there; others do no harm. */
  readonly quotes: readonly ContentRecord[];
}

/** Makes the recipe; quoted texts that are not found in the prompt, because they were changed for it, stand in the recipe themselves. */
export function promptRecipe(
  messages: readonly OpenAiMessage[],
  { inputs, quotes }: PromptSources,
): ContentRecord {
  const quoted = quotes.map((record) => ({ hash: record.hash, text: quotableText(record) }));
  const payload = {
    inputs,
    messages: messages.map(({ content, ...message }) =>
      typeof content === "string" ? { ...message, parts: partsOf(content, quoted) } : { ...message, content },
    ),
  };
  const body = canonicalJson({ content_type: "freeform", payload });
  return {
    hash: hashContent(body),
    type: "freeform",
    role: "assistant",
    priority: "normal",
    body,
    text: null,
  };
}

/** SHA-256 of messages, as compile records have it. */
export function digestOfMessages(messages: readonly object[]): Hash {
  return sha256(`tract.compile.v1\n${messages.map((message) => `${canonicalJson(message)}\n`).join("")}`);
}

export type RebuiltPrompt =
  | {
      readonly kind: "whole";
      readonly inputs: readonly Hash[];
      readonly messages: readonly JsonObject[];
      readonly digest: Hash;
    }
  /** Contents that are not in the store any more: the recipe itself, or what it quotes. */
  | { readonly kind: "gone"; readonly missing: readonly Hash[] };

/** Makes a prompt again from the hash of its recipe. A content that is no recipe counts as gone. */
export async function rebuildPrompt(
  readContents: (hashes: readonly Hash[]) => Promise<readonly ContentRecord[]>,
  recipe: Hash,
): Promise<RebuiltPrompt> {
  const [record] = await readContents([recipe]);
  const read = record === undefined ? null : RECIPE.safeParse(readContent(record));
  if (read?.success !== true) return { kind: "gone", missing: [recipe] };
  const { inputs, messages } = read.data.payload;
  const named = [...new Set(messages.flatMap(({ parts = [] }) => parts.flatMap(quoteOf)))];
  const found = named.length === 0 ? [] : await readContents(named);
  const texts = new Map<Hash, string>(found.map((quoted) => [quoted.hash, quotableText(quoted)]));
  const missing = named.filter((hash) => !texts.has(hash));
  if (missing.length > 0) return { kind: "gone", missing };
  const textOf = (part: Part): string => (typeof part === "string" ? part : (texts.get(part.quote) ?? ""));
  const rebuilt = messages.map(({ parts, ...message }) =>
    parts === undefined ? message : { ...message, content: parts.map(textOf).join("") },
  ) as readonly JsonObject[]; // Parsed from JSON.
  return { kind: "whole", inputs, messages: rebuilt, digest: digestOfMessages(rebuilt) };
}

const HASH: z.ZodType<Hash> = z.custom<Hash>((value) => typeof value === "string" && isHash(value));
/** A text, or the hash of the content whose text stands there. */
type Part = string | { readonly quote: Hash };
const PART: z.ZodType<Part> = z.union([z.string(), z.strictObject({ quote: HASH })]);
const RECIPE = z.object({
  payload: z.object({
    inputs: z.array(HASH),
    messages: z.array(z.looseObject({ parts: z.array(PART).optional() })),
  }),
});

function quoteOf(part: Part): readonly Hash[] {
  return typeof part === "string" ? [] : [part.quote];
}

/** The text of a content as prompts show it: of calls and results the payload alone, as their labels have the tool's name. */
function quotableText(record: ContentRecord): string {
  if (record.type !== "tool_io") return storedText(record);
  return payloadText(readContent(record) as ToolIoContent); // The type of the record says so.
}

/** Misses that are looked for through the whole rest of a prompt: after so many, what is left stands in the recipe itself. */
const MISSES_MAX = 100;

/** The text, with each quoted one by its hash where it stands behind the one before. */
function partsOf(
  text: string,
  quoted: readonly { readonly hash: Hash; readonly text: string }[],
): readonly Part[] {
  const parts: Part[] = [];
  let [at, misses] = [0, 0];
  for (const quote of quoted) {
    if (misses > MISSES_MAX) break;
    const from = quote.text === "" ? -1 : text.indexOf(quote.text, at);
    if (from < 0) {
      misses += 1;
      continue;
    }
    if (from > at) parts.push(text.slice(at, from));
    parts.push({ quote: quote.hash });
    at = from + quote.text.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}
