/** Reads the tool calls of an OpenAI assistant message, and finds the call that a tool message answers (spec 9, 13). */
import type { Json, JsonObject } from "../../../storage/records.ts";
import { isJsonObject } from "../../content/json-rules.ts";
import type { TranscriptItem } from "../parsed-transcript.ts";

/** Names of calls without a result yet, by call_id; of a repeated id the newest stands last. */
export type OpenCalls = Map<string, string[]>;

export interface ReadCalls {
  readonly items: readonly Omit<TranscriptItem, "place">[];
  readonly how: readonly string[];
  readonly why: readonly string[];
}

/** One tool_io call per tool call, under one message_id; the calls are then open in `openCalls`. */
export function readToolCalls(message: JsonObject, messageId: string, openCalls: OpenCalls): ReadCalls {
  const items: Omit<TranscriptItem, "place">[] = [];
  const how: string[] = [];
  const why: string[] = [];
  for (const [position, raw] of callsOf(message).entries()) {
    const call = readCall(raw);
    if (call === null) {
      why.push(`tool_calls[${position}] is no call of a function`);
      continue;
    }
    if (call.id === null) how.push(`tool_calls[${position}] had no id and got one`);
    how.push(...call.how);
    const callId = call.id ?? `${messageId}.${position}`;
    const open = openCalls.get(callId);
    if (open === undefined) openCalls.set(callId, [call.name]);
    else open.push(call.name);
    items.push({
      content: {
        content_type: "tool_io",
        tool_name: call.name,
        direction: "call",
        payload: call.payload,
        call_id: callId,
        message_id: messageId,
      },
      metadata: call.hints === null ? null : { openai: call.hints },
    });
  }
  return { items, how, why };
}

/** The newest open call of that id is the one answered; without an id, the oldest open call. */
export function takeOpenCall(
  message: JsonObject,
  openCalls: OpenCalls,
): { readonly id: string | null; readonly name: string | null; readonly how: readonly string[] } {
  const given =
    typeof message.tool_call_id === "string" && message.tool_call_id !== "" ? message.tool_call_id : null;
  const id = given ?? oldestOpen(openCalls, message.role === "function" ? message.name : undefined);
  if (id === null)
    return { id, name: null, how: ["a tool result without tool_call_id, and no call is open"] };
  const names = openCalls.get(id);
  const name = names?.pop() ?? null;
  if (names?.length === 0) openCalls.delete(id);
  return {
    id,
    name,
    how: given === null ? ["a tool result without tool_call_id answers the oldest open call"] : [],
  };
}

function oldestOpen(openCalls: OpenCalls, name: Json | undefined): string | null {
  let looked = 0;
  for (const [id, names] of openCalls) {
    if (name === undefined || names.at(-1) === name) return id;
    looked += 1;
    if (looked === OPEN_CALLS_LOOKED_AT_MAX) return null;
  }
  return null;
}

/** Keeps a transcript of calls that nobody answers linear. */
const OPEN_CALLS_LOOKED_AT_MAX = 100;

/** `function_call` is what one call was before `tool_calls`. */
function callsOf(message: JsonObject): readonly Json[] {
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  const legacy = isJsonObject(message.function_call)
    ? [{ type: LEGACY, function: message.function_call }]
    : [];
  return [...calls, ...legacy];
}

const LEGACY = "function_call";

interface ReadCall {
  readonly id: string | null;
  readonly name: string;
  readonly payload: Json;
  readonly hints: JsonObject | null;
  readonly how: readonly string[];
}

function readCall(call: Json): ReadCall | null {
  if (!isJsonObject(call)) return null;
  const isCustom = call.type === "custom" && isJsonObject(call.custom);
  const called = isCustom ? call.custom : call.function;
  if (!isJsonObject(called) || typeof called.name !== "string" || called.name === "") return null;
  const given = isCustom ? called.input : called.arguments;
  const how: string[] = [];
  if (given === undefined || given === null) how.push("a tool call without arguments got {}");
  else if (typeof given !== "string") how.push("arguments that were JSON, not text, are kept as JSON");
  const type = isCustom || call.type === LEGACY ? call.type : undefined;
  if (type !== undefined) how.push(`a ${type} became a tool call`);
  const id = typeof call.id === "string" && call.id !== "" ? call.id : null;
  return { id, name: called.name, payload: given ?? "{}", hints: hintsOf(type, call, called), how };
}

/** What our content has no place for, such as a provider's signature on the call. */
function hintsOf(type: Json | undefined, call: JsonObject, called: JsonObject): JsonObject | null {
  const others = [...Object.entries(call), ...Object.entries(called)].filter(
    ([key, value]) => value !== null && !CALL_KEYS.has(key),
  );
  if (type === undefined && others.length === 0) return null;
  return {
    ...(type === undefined ? {} : { call_type: type }),
    ...(others.length === 0 ? {} : { call_fields: Object.fromEntries(others) }),
  };
}

/** `index` only numbers the pieces of a stream. */
const CALL_KEYS: ReadonlySet<string> = new Set([
  "id",
  "type",
  "index",
  "function",
  "custom",
  "name",
  "arguments",
  "input",
]);
