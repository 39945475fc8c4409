/** The content types: what each holds, how it is checked, which role and priority it has (spec 1.2). */
import { z } from "zod";
import type { ContentTypeRecord, Json, JsonObject, Priority, Role } from "../../storage/records.ts";
import { isJson, isJsonObject } from "./json-rules.ts";

/** A standing instruction; of several with one name the nearest to the head wins. */
export interface InstructionContent {
  readonly content_type: "instruction";
  readonly text: string;
  readonly name: string | null;
}
export interface DialogueContent {
  readonly content_type: "dialogue";
  readonly role: "user" | "assistant" | "system";
  readonly text: string;
  readonly name: string | null;
  /** Commits that share one came from one provider message. */
  readonly message_id: string | null;
}
export interface ToolIoContent {
  readonly content_type: "tool_io";
  readonly tool_name: string;
  readonly direction: "call" | "result";
  /** Any JSON, or the provider's own text as a string, kept byte for byte. */
  readonly payload: Json;
  readonly call_id: string | null;
  readonly status: "success" | "error" | null;
  readonly message_id: string | null;
}
export interface ReasoningContent {
  readonly content_type: "reasoning";
  readonly text: string;
  readonly message_id: string | null;
}
export interface ArtifactContent {
  readonly content_type: "artifact";
  readonly artifact_type: string;
  /** With media_type: base64. */
  readonly content: string;
  readonly language: string | null;
  readonly path: string | null;
  readonly media_type: string | null;
}
export interface OutputContent {
  readonly content_type: "output";
  readonly text: string;
  readonly format: "text" | "markdown" | "json";
}
export interface FreeformContent {
  readonly content_type: "freeform";
  readonly payload: JsonObject;
}
export interface SessionContent {
  readonly content_type: "session";
  readonly session_type: "start" | "end" | "handoff" | "checkpoint";
  readonly summary: string;
  readonly decisions: readonly string[];
  readonly failed_approaches: readonly string[];
  readonly next_steps: readonly string[];
}
/** Settings of the branch from here on; null unsets a key. */
export interface ConfigContent {
  readonly content_type: "config";
  readonly settings: JsonObject;
}
export interface MetadataContent {
  readonly content_type: "metadata";
  readonly kind: string;
  readonly data: JsonObject;
}

/**
 * Stands for its sources, which stay in history (spec 3.5; spec 9, 4). Only made by compress and restore: callers cannot commit it.
 */
export interface SummaryContent {
  readonly content_type: "summary";
  /** Commits in linear order; never empty. */
  readonly sources: readonly string[];
  /** How it was made; `restore` hides its sources, pinned ones too, and has no text. */
  readonly strategy: string;
  readonly text: string;
}

export type Content =
  | InstructionContent
  | DialogueContent
  | ToolIoContent
  | ReasoningContent
  | ArtifactContent
  | OutputContent
  | FreeformContent
  | SessionContent
  | ConfigContent
  | MetadataContent
  | SummaryContent;

/** Content of a type that a library user registered; its fields are known to its own schema. */
export interface CustomContent {
  readonly content_type: string;
  readonly [field: string]: Json;
}
export type AnyContent = Content | CustomContent;

const text = z.string();
const nullableText = z.string().nullable().default(null);
const textList = z.array(z.string()).default([]);
const json = z.custom<Json>(isJson, { error: "expected JSON" });
const jsonObject = z.custom<JsonObject>(isJsonObject, { error: "expected a JSON object" });

// Fields in the order of canonical JSON: what a schema gives is then hashed without sorting.
const SCHEMAS: { readonly [T in Content["content_type"]]: z.ZodType<Extract<Content, { content_type: T }>> } =
  {
    instruction: z.strictObject({ content_type: z.literal("instruction"), name: nullableText, text }),
    dialogue: z.strictObject({
      content_type: z.literal("dialogue"),
      message_id: nullableText,
      name: nullableText,
      role: z.enum(["user", "assistant", "system"]),
      text,
    }),
    tool_io: z.strictObject({
      call_id: nullableText,
      content_type: z.literal("tool_io"),
      direction: z.enum(["call", "result"]),
      message_id: nullableText,
      payload: json,
      status: z.enum(["success", "error"]).nullable().default(null),
      tool_name: z.string().min(1),
    }),
    reasoning: z.strictObject({ content_type: z.literal("reasoning"), message_id: nullableText, text }),
    artifact: z.strictObject({
      artifact_type: z.string().min(1),
      content: text,
      content_type: z.literal("artifact"),
      language: nullableText,
      media_type: nullableText,
      path: nullableText,
    }),
    output: z.strictObject({
      content_type: z.literal("output"),
      format: z.enum(["text", "markdown", "json"]).default("text"),
      text,
    }),
    freeform: z.strictObject({ content_type: z.literal("freeform"), payload: jsonObject }),
    session: z.strictObject({
      content_type: z.literal("session"),
      decisions: textList,
      failed_approaches: textList,
      next_steps: textList,
      session_type: z.enum(["start", "end", "handoff", "checkpoint"]),
      summary: text,
    }),
    config: z.strictObject({ content_type: z.literal("config"), settings: jsonObject }),
    metadata: z.strictObject({
      content_type: z.literal("metadata"),
      data: jsonObject,
      kind: z.string().min(1),
    }),
    summary: z.strictObject({
      content_type: z.literal("summary"),
      sources: z.array(z.string().regex(/^[0-9a-f]{64}$/)).min(1),
      strategy: z.string().min(1),
      text,
    }),
  };

const ROLES: {
  readonly [T in Content["content_type"]]: (content: Extract<Content, { content_type: T }>) => Role | null;
} = {
  instruction: () => "system",
  dialogue: (content) => content.role,
  tool_io: (content) => (content.direction === "call" ? "assistant" : "tool"),
  reasoning: () => "assistant",
  artifact: () => "assistant",
  output: () => "assistant",
  freeform: () => "assistant",
  session: () => "system",
  config: () => null,
  metadata: () => null,
  summary: () => "user",
};

const PINNED_BY_DEFAULT: ReadonlySet<string> = new Set(["instruction", "session"]);

/** How a store handle knows a type: its check, and what compile needs of it. */
export interface ContentType {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly roleOf: (content: AnyContent) => Role | null;
  readonly priority: Priority;
  /** null for built-in types: their text is derived by plainText. */
  readonly toText: ((content: CustomContent) => string) | null;
  /** What the tract keeps of a custom type; null for built-in types. */
  readonly record: ContentTypeRecord | null;
  /** Made by operations alone: callers cannot commit it. */
  readonly isInternal: boolean;
}

/** The types known to one store handle, by name. */
export type ContentTypes = Map<string, ContentType>;

/** The strategy of a summary that `restore` makes. */
export const RESTORE_STRATEGY = "restore";

/** Names of the built-in types, in the order of the spec. */
export const BUILT_IN_TYPES: readonly string[] = Object.keys(SCHEMAS);

export function createContentTypes(): ContentTypes {
  const types: ContentTypes = new Map();
  for (const name of BUILT_IN_TYPES) {
    const known = name as Content["content_type"]; // Keys of SCHEMAS are exactly these.
    const roleOf = ROLES[known] as (content: AnyContent) => Role | null; // Called only with content that SCHEMAS[known] accepted.
    const priority: Priority = PINNED_BY_DEFAULT.has(name) ? "pinned" : "normal";
    types.set(name, {
      name,
      schema: SCHEMAS[known],
      roleOf,
      priority,
      toText: null,
      record: null,
      isInternal: name === "summary",
    });
  }
  return types;
}

/** True for the built-in types. */
export function isBuiltIn(content: AnyContent): content is Content {
  return Object.hasOwn(SCHEMAS, content.content_type);
}
