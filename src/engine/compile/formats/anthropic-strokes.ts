/** What each commit of a unit says in which turn of the messages API, and what that costs (spec 2.5; spec 9, 13). */
import type { JsonObject } from "../../../storage/records.ts";
import { findJsonProblem, isJsonObject } from "../../content/json-rules.ts";
import type { Repair } from "../canvas.ts";
import { type Entry, isBlank, isCall, payloadOf, textOf, toolContentOf } from "../entry.ts";
import type { Kit } from "../kit.ts";
import type { AnthropicBlock } from "../message-types.ts";
import { orphanNote } from "../orphan-note.ts";
import { outlineTextOf } from "../stages/apply-strategy.ts";
import { type ChatRole, chatRoleOf, type ExchangeUnit, type Unit } from "../unit.ts";
import { toProviderName } from "./provider-names.ts";

/** One block of a turn, not written out yet: counting needs no content. */
export interface Stroke {
  readonly kind: "text" | "orphan" | "outline" | "call" | "result";
  readonly role: ChatRole;
  readonly entry: Entry;
  readonly tokens: number;
  /** Of calls and results. */
  readonly callId: string | null;
}

/** In the order of the turns; empty texts, which the API refuses, have no stroke. */
export function strokesOf(unit: Unit, kit: Kit): readonly Stroke[] {
  switch (unit.kind) {
    case "text":
      return unit.entries.flatMap((entry) => textStroke(entry, kit));
    case "exchange":
      return exchangeStrokes(unit, kit);
    case "orphan":
      return unit.entries.map((entry) => {
        const tokens = kit.count(orphanNote(entry)) + entry.tokens;
        return { kind: "orphan", role: chatRoleOf(entry), entry, tokens, callId: null };
      });
    case "outline":
      return unit.entries.flatMap((entry, index): readonly Stroke[] => {
        if (!/\S/.test(outlineTextOf(entry))) return [];
        const tokens = unit.messageTokens[index] ?? 0;
        return [{ kind: "outline", role: chatRoleOf(entry), entry, tokens, callId: null }];
      });
  }
}

function textStroke(entry: Entry, kit: Kit): readonly Stroke[] {
  if (isBlank(entry)) return [];
  const prefix = namePrefix(entry);
  const tokens = entry.tokens + (prefix === "" ? 0 : kit.count(prefix));
  return [{ kind: "text", role: chatRoleOf(entry), entry, tokens, callId: null }];
}

function exchangeStrokes(unit: ExchangeUnit, kit: Kit): readonly Stroke[] {
  const calls = unit.members.flatMap((entry, index): readonly Stroke[] => {
    if (!isCall(entry)) return textStroke(entry, kit);
    const callId = unit.callIds[index] ?? null;
    return [{ kind: "call", role: "assistant", entry, tokens: entry.tokens, callId }];
  });
  const results = unit.answers.map(({ entry, call }): Stroke => {
    const callId = unit.callIds[call] ?? null;
    return { kind: "result", role: "user", entry, tokens: entry.tokens, callId };
  });
  return [...calls, ...results];
}

/** The API has no name field, so who speaks stands before what they say. */
function namePrefix(entry: Entry): string {
  const { name } = entry.head;
  return entry.type !== "dialogue" || name === null || name === "" ? "" : `${name}: `;
}

/** Writes a stroke out; what had to be changed is added to `repairs`. */
export function blockOf(stroke: Stroke, repairs: Repair[]): AnthropicBlock {
  const { entry } = stroke;
  switch (stroke.kind) {
    case "text":
      return { type: "text", text: namePrefix(entry) + textOf(entry) };
    case "orphan":
      return { type: "text", text: orphanNote(entry) + textOf(entry) };
    case "outline":
      return { type: "text", text: outlineTextOf(entry) };
    case "call":
      return toolUse(stroke, repairs);
    case "result":
      return toolResult(stroke, repairs);
  }
}

function toolUse({ entry, callId }: Stroke, repairs: Repair[]): AnthropicBlock {
  const commits = [entry.hash];
  const { tool_name } = toolContentOf(entry);
  const name = toProviderName(tool_name);
  if (name !== tool_name) repairs.push({ what: "tool-name-changed", commits });
  if (callId !== entry.head.callId) repairs.push({ what: "call-id-changed", commits });
  const input = readInput(entry);
  if (input === null) repairs.push({ what: "arguments-wrapped", commits });
  return { type: "tool_use", id: callId ?? "", name, input: input ?? { arguments: payloadOf(entry) } };
}

/** Depth to which arguments are taken for JSON, as for contents. */
const INPUT_DEPTH_MAX = 200;

/** Arguments as the object that the API wants; null when they are none, or would lose something as one. */
function readInput(entry: Entry): JsonObject | null {
  const { payload } = toolContentOf(entry);
  if (typeof payload !== "string") return isJsonObject(payload) ? deepFreeze(payload) : null;
  if (payload.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(payload);
    if (!isJsonObject(parsed) || findJsonProblem(parsed, "", INPUT_DEPTH_MAX) !== null) return null;
    return deepFreeze(parsed);
  } catch {
    return null;
  }
}

function deepFreeze<Value extends JsonObject>(value: Value): Value {
  for (const member of Object.values(value))
    if (typeof member === "object" && member !== null) deepFreeze(member as JsonObject); // Arrays have values too.
  return Object.freeze(value);
}

function toolResult({ entry, callId }: Stroke, repairs: Repair[]): AnthropicBlock {
  if (callId !== entry.head.callId) repairs.push({ what: "call-id-changed", commits: [entry.hash] });
  const text = payloadOf(entry);
  return {
    type: "tool_result",
    tool_use_id: callId ?? "",
    ...(/\S/.test(text) ? { content: text } : {}),
    ...(toolContentOf(entry).status === "error" ? { is_error: true as const } : {}),
  };
}
