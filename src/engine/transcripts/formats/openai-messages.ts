/** Turns a list of OpenAI chat messages into contents, so that compiling in `openai` gives equal messages (spec 2.5). */
import type { Json, JsonObject } from "../../../storage/records.ts";
import { isJsonObject } from "../../content/json-rules.ts";
import type { Limits } from "../../limits.ts";
import { mendJson } from "../mend-json.ts";
import type { ParsedTranscript, Place, Repair, Skip, TranscriptItem } from "../parsed-transcript.ts";
import { type OpenAiContent, readOpenAiContent } from "./openai-content.ts";
import { type OpenCalls, readToolCalls, takeOpenCall } from "./openai-tool-calls.ts";

export interface PlacedMessage {
  readonly place: Place;
  /** A result of JSON.parse. */
  readonly message: unknown;
}

/** Reads messages one after the other; what one of them lacks never stops the rest. */
export function readOpenAiMessages(
  messages: readonly PlacedMessage[],
  limits: Limits,
): Omit<ParsedTranscript, "name"> {
  const items: TranscriptItem[] = [];
  const repaired: Repair[] = [];
  const skipped: Skip[] = [];
  const openCalls: OpenCalls = new Map();
  for (const { place, message } of messages) {
    const mended = mendJson(message, limits.jsonDepthMax - NESTING_ADDED);
    const read = readMessage(mended.value, `m${place.index ?? place.line ?? 0}`, openCalls);
    for (const item of read.items) items.push({ ...item, place });
    for (const how of [...mended.how, ...read.how]) repaired.push({ ...place, how });
    for (const why of read.why) skipped.push({ ...place, why });
  }
  return { items, repaired, skipped };
}

/** Levels that a commit's metadata adds around a field of the message. */
const NESTING_ADDED = 4;

/** What one message gives: contents in order, what was changed, what was left out. */
interface ReadMessage {
  readonly items: readonly Omit<TranscriptItem, "place">[];
  readonly how: readonly string[];
  readonly why: readonly string[];
}

function readMessage(message: Json | undefined, messageId: string, openCalls: OpenCalls): ReadMessage {
  if (message === undefined) return skipMessage("nested too deeply");
  if (!isJsonObject(message)) return skipMessage("no message object");
  switch (message.role) {
    case "system":
    case "user":
      return readDialogue(message, message.role);
    case "developer":
      return readDialogue(message, "system");
    case "assistant":
      return readAssistant(message, messageId, openCalls);
    case "tool":
    case "function":
      return readToolResult(message, openCalls);
    case undefined:
      return skipMessage("a message without role");
    default:
      return skipMessage(
        `the role ${JSON.stringify(String(message.role).slice(0, ROLE_CHARS_SHOWN))} is not known`,
      );
  }
}

const ROLE_CHARS_SHOWN = 40;

/** The role stays what it was: only what came as system (or developer, its newer name) is system (spec 9, 14). */
function readDialogue(message: JsonObject, role: "system" | "user"): ReadMessage {
  const content = readOpenAiContent(message.content);
  const hints = { ...roleHint(message, role), ...partsHint(content), ...fieldsHint(message, ["name"]) };
  const dialogue = { content_type: "dialogue", role, name: nameOf(message) };
  const contents = [
    ...(content.text === null ? [] : [{ ...dialogue, text: content.text }]),
    ...content.artifacts,
  ];
  if (contents.length === 0) return skipMessage("a message without content", content.lost);
  return { items: withHints(contents, hints), how: content.how, why: content.lost };
}

function readAssistant(message: JsonObject, messageId: string, openCalls: OpenCalls): ReadMessage {
  const content = readOpenAiContent(message.content ?? message.refusal);
  const calls = readToolCalls(message, messageId, openCalls);
  const reasoning = typeof message.reasoning_content === "string" ? message.reasoning_content : null;
  const id = calls.items.length > 0 || reasoning !== null ? messageId : null;
  const dialogue = { content_type: "dialogue", role: "assistant", name: nameOf(message), message_id: id };
  const contents = [
    ...(reasoning === null ? [] : [{ content_type: "reasoning", text: reasoning, message_id: id }]),
    ...(content.text === null ? [] : [{ ...dialogue, text: content.text }]),
    ...content.artifacts,
  ];
  const refused = typeof message.content !== "string" && typeof message.refusal === "string";
  // Calls have no name of their own: without a text the speaker's name is one more field.
  const known = content.text === null ? ASSISTANT_KEYS : [...ASSISTANT_KEYS, "name"];
  const hints = { ...partsHint(content), ...fieldsHint(message, known) };
  const how = [...content.how, ...(refused ? ["a refusal became text"] : []), ...calls.how];
  if (contents.length + calls.items.length === 0) {
    return skipMessage("an assistant message with neither text nor tool calls", [
      ...content.lost,
      ...calls.why,
    ]);
  }
  const items =
    contents.length > 0 ? [...withHints(contents, hints), ...calls.items] : mergeHints(calls.items, hints);
  return { items, how, why: [...content.lost, ...calls.why] };
}

const ASSISTANT_KEYS = ["tool_calls", "function_call", "refusal", "reasoning_content"];

function readToolResult(message: JsonObject, openCalls: OpenCalls): ReadMessage {
  const call = takeOpenCall(message, openCalls);
  const isJson = typeof message.content !== "string" && !Array.isArray(message.content);
  const content = readOpenAiContent(isJson ? null : message.content);
  const how = [...content.how, ...call.how];
  if (message.content === undefined || message.content === null)
    how.push("a tool result without content is kept as empty text");
  else if (isJson) how.push("a tool result that was JSON, not text, is kept as JSON");
  const name = nameOf(message);
  if (name === null && call.name === null)
    how.push(`a tool result that names no tool is named ${UNKNOWN_TOOL}`);
  const hints = {
    ...roleHint(message, "tool"),
    ...(name === null ? {} : { tool_name_key: true }),
    ...partsHint(content),
    ...fieldsHint(message, ["name", "tool_call_id"]),
  };
  const result = {
    content_type: "tool_io",
    tool_name: name ?? call.name ?? UNKNOWN_TOOL,
    direction: "result",
    payload: isJson ? (message.content ?? "") : (content.text ?? ""),
    call_id: call.id,
  };
  return { items: withHints([result, ...content.artifacts], hints), how, why: content.lost };
}

const UNKNOWN_TOOL = "unknown";

function skipMessage(why: string, more: readonly string[] = []): ReadMessage {
  return { items: [], how: [], why: [why, ...more] };
}

function nameOf(message: JsonObject): string | null {
  return typeof message.name === "string" && message.name !== "" ? message.name : null;
}

function roleHint(message: JsonObject, role: string): JsonObject {
  return message.role === role || message.role === undefined ? {} : { role: message.role };
}

function partsHint(content: OpenAiContent): JsonObject {
  return content.textParts === null ? {} : { text_parts: content.textParts };
}

/** Fields that Tract has no place for are kept with the first commit of the message; null is as good as absent. */
function fieldsHint(message: JsonObject, known: readonly string[]): JsonObject {
  const others = Object.entries(message).filter(([key, value]) => {
    const isEmptyList = Array.isArray(value) && value.length === 0;
    return value !== null && !isEmptyList && key !== "role" && key !== "content" && !known.includes(key);
  });
  return others.length === 0 ? {} : { fields: Object.fromEntries(others) };
}

/** The hints of a message stand on its first commit. */
function withHints(
  contents: readonly JsonObject[],
  hints: JsonObject,
): readonly Omit<TranscriptItem, "place">[] {
  return mergeHints(
    contents.map((content) => ({ content, metadata: null })),
    hints,
  );
}

function mergeHints(items: ReadMessage["items"], hints: JsonObject): ReadMessage["items"] {
  const [first, ...rest] = items;
  if (first === undefined || Object.keys(hints).length === 0) return items;
  const earlier = first.metadata?.openai;
  const openai = isJsonObject(earlier) ? { ...earlier, ...hints } : hints;
  return [{ ...first, metadata: { ...first.metadata, openai } }, ...rest];
}
