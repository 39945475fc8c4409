/** The text of a content: for tokens, search, diff, the auto message and compile (spec 1.2). */
import type { Json } from "../../storage/records.ts";
import { assertNever } from "../invariant.ts";
import { canonicalJson } from "./canonical-json.ts";
import {
  type AnyContent,
  type ArtifactContent,
  isBuiltIn,
  type SessionContent,
  type SummaryContent,
  type ToolIoContent,
} from "./content-types.ts";
import { damagedContent } from "./stored-json.ts";

/** Plain text of a content; empty only when the content itself holds no text. */
export function plainText(content: AnyContent): string {
  if (!isBuiltIn(content)) return customText(content);
  switch (content.content_type) {
    case "instruction":
    case "dialogue":
    case "reasoning":
    case "output":
      return content.text;
    case "artifact":
      return artifactText(content);
    case "session":
      return sessionText(content);
    case "tool_io":
      return `${content.tool_name} ${payloadText(content)}`;
    case "freeform":
      return canonicalJson(present(content.payload));
    case "config":
      return canonicalJson(present(content.settings));
    case "summary":
      return summaryText(content);
    case "metadata":
      return `${content.kind} ${canonicalJson(present(content.data))}`;
    default:
      return assertNever(content);
  }
}

/** Payload of a tool call or result: a string is the provider's own text and stays byte for byte, anything else is canonical JSON. */
export function payloadText(content: ToolIoContent): string {
  return jsonText(present(content.payload));
}

/** A field that every content of its type has: without it, its bytes were changed. */
function present<Value>(value: Value): Value {
  if (value === undefined) throw damagedContent();
  return value;
}

function jsonText(value: Json): string {
  return typeof value === "string" ? value : canonicalJson(value);
}

/** Base64 is no text: an artifact with a media type stands as one line until a format can carry it. */
function artifactText(content: ArtifactContent): string {
  if (content.media_type === null) return content.content;
  const name = content.path === null ? content.artifact_type : `${content.artifact_type} ${content.path}`;
  return `[${name}: ${content.media_type}, ${content.content.length} characters of base64]`;
}

const SESSION_LISTS = [
  ["Decisions", "decisions"],
  ["Failed approaches", "failed_approaches"],
  ["Next steps", "next_steps"],
] as const;

/** A session commit as Markdown that a person and a model can read. */
function sessionText(content: SessionContent): string {
  const parts = [`## Session ${content.session_type}`];
  if (content.summary !== "") parts.push(content.summary);
  for (const [title, field] of SESSION_LISTS) {
    const items = content[field];
    if (items.length > 0) parts.push(`### ${title}\n${items.map((item) => `- ${item}`).join("\n")}`);
  }
  return parts.join("\n\n");
}

/** A reader must see that nobody said this. What `restore` hides behind has no text and is never shown. */
function summaryText({ sources, text }: SummaryContent): string {
  if (text === "") return "";
  return `[Summary of ${sources.length} earlier ${sources.length === 1 ? "message" : "messages"}]\n${text}`;
}

/** A custom type read without its own code: by the same order of fields as built-in types. */
function customText(content: AnyContent): string {
  const { content_type: _, ...fields } = content as { content_type: string; [field: string]: Json };
  for (const field of ["text", "content", "summary"]) {
    const value = fields[field];
    if (typeof value === "string" && value !== "") return value;
  }
  return Object.keys(fields).length === 0
    ? ""
    : jsonText("payload" in fields ? (fields.payload ?? null) : fields);
}
