/** The digest by which a compiled context proves what it was (spec 2.6; spec 9, 12). */
import { createHash } from "node:crypto";
import type { Hash } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import type { Item, SystemPart } from "./canvas.ts";
import type { Drawing, RunningHash } from "./drawing.ts";
import { systemText } from "./formats/anthropic.ts";
import { SECTION_JOINER } from "./formats/markdown.ts";
import type { CompiledMessage } from "./message-types.ts";
import type { Format } from "./options.ts";

const DOMAIN = "tract.compile.v1\n";
/** Texts are handed to the hash in pieces of about this many characters: a call for each message costs more than the hashing. */
const CHUNK_CHARS = 32_768;

export interface Digested {
  /** The settled part, whose hash is worked out once. */
  readonly before: Drawing | null;
  readonly items: readonly Item[];
  readonly system: readonly SystemPart[];
}

/**
 * SHA-256 over `"tract.compile.v1\n"` and the canonical JSON of each message followed by a newline. In format `anthropic` a system text
 * comes last, as `{"content":…,"role":"system"}`: it may grow without the messages changing. In `markdown` the one text is one message.
 */
export function digestOf(format: Format, { before, items, system }: Digested): Hash {
  const running = before === null ? createHash("sha256").update(DOMAIN) : runningHash(format, before).copy();
  const count = (before?.itemCount ?? 0) + items.length;
  update(running, format, items, before?.itemCount ?? 0);
  if (format === "markdown" && count > 0) running.update(`${MARKDOWN_END}\n`);
  const text = systemText(system);
  if (text !== null) running.update(`${canonicalJson({ role: "system", content: text })}\n`);
  return running.digest("hex") as Hash; // Hex digits of SHA-256.
}

function runningHash(format: Format, drawing: Drawing): RunningHash {
  if (drawing.running !== null) return drawing.running;
  const running =
    drawing.before === null
      ? createHash("sha256").update(DOMAIN)
      : runningHash(format, drawing.before).copy();
  update(running, format, drawing.items, drawing.before?.itemCount ?? 0);
  drawing.running = running;
  return running;
}

const MARKDOWN_START = '{"content":"';
const MARKDOWN_END = '","role":"user"}';

/** `position` is that of the first item in its context. */
function update(running: RunningHash, format: Format, items: readonly Item[], position: number): void {
  let chunk = "";
  for (const [index, { message }] of items.entries()) {
    if (format === "markdown") chunk += (position + index === 0 ? MARKDOWN_START : JOINED) + inner(message);
    else chunk += `${messageJson(message)}\n`;
    if (chunk.length >= CHUNK_CHARS) {
      running.update(chunk);
      chunk = "";
    }
  }
  running.update(chunk);
}

const JOINED = JSON.stringify(SECTION_JOINER).slice(1, -1);

/** A section as it stands inside the JSON string of the whole text. */
function inner({ content }: CompiledMessage): string {
  return JSON.stringify(content).slice(1, -1);
}

/** Canonical JSON; that of the most usual message is written down directly, as its two keys are in order and texts need no sorting. */
export function messageJson(message: CompiledMessage): string {
  const { role, content } = message;
  if (typeof content === "string" && Object.keys(message).length === 2)
    return `{"content":${JSON.stringify(content)},"role":"${role}"}`;
  return canonicalJson(message);
}
