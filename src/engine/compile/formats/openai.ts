/** Format `openai`: messages that the chat completions API accepts, tool calls with their results right behind (spec 2.4, 2.5). */
import { TOKENS_PER_MESSAGE, TOKENS_PER_NAME } from "../../tokens/message-overhead.ts";
import { type Canvas, type FormatWriter, itemOf, noteRepairs } from "../canvas.ts";
import { type Entry, isCall, payloadOf, textOf, toolContentOf } from "../entry.ts";
import type { Kit } from "../kit.ts";
import type { OpenAiMessage, OpenAiToolCall } from "../message-types.ts";
import { orphanNote } from "../orphan-note.ts";
import { outlineTextOf } from "../stages/apply-strategy.ts";
import { stubText } from "../stub.ts";
import { chatRoleOf, type ExchangeUnit, type OutlineUnit, type Piece, type Unit } from "../unit.ts";
import { hasToolNameKey, partsOf, systemRoleOf } from "./openai-hints.ts";
import { OPENAI_ID_CHARS_MAX, shorten, toProviderName } from "./provider-names.ts";

/** Between texts that become one, and its tokens. */
const JOINER = "\n\n";
const JOINER_TOKENS = 1;

export const openAiWriter: FormatWriter = {
  format: "openai",
  draw,
  finish: () => {},
  costAlone,
  addCost: (cost, unit, kit) => ({ ...cost, tokens: cost.tokens + costAlone(unit, kit) }),
  cutCostMax: () => 0,
};

function draw(canvas: Canvas, piece: Piece, kit: Kit): void {
  if (piece.kind === "gap") {
    const content = stubText(piece);
    canvas.items.push(itemOf({ role: "user", content }, [], TOKENS_PER_MESSAGE + kit.count(content)));
    return;
  }
  noteRepairs(canvas, piece);
  switch (piece.kind) {
    case "text":
      canvas.items.push(itemOf(textMessage(canvas, piece.entries), piece.entries, costAlone(piece, kit)));
      return;
    case "exchange":
      drawExchange(canvas, piece);
      return;
    case "orphan":
      drawOrphan(canvas, piece.entries, kit);
      return;
    case "outline":
      drawOutline(canvas, piece);
  }
}

function textMessage(canvas: Canvas, entries: readonly Entry[]): OpenAiMessage {
  const [first] = entries;
  const role = first === undefined ? "user" : chatRoleOf(first);
  const content = joined(entries);
  const name = nameField(canvas, entries);
  if (role === "assistant") return { role, content, ...name };
  return { role: role === "system" ? systemRoleOf(first) : role, content, ...name };
}

/** Text of commits that form one message; the source's own parts where it had a list of them. */
function joined(entries: readonly Entry[]): string | NonNullable<ReturnType<typeof partsOf>> {
  const [first] = entries;
  if (entries.length === 1 && first !== undefined) return partsOf(first, textOf(first)) ?? textOf(first);
  return entries.map(textOf).join(JOINER);
}

function nameField(canvas: Canvas, entries: readonly Entry[]): { readonly name?: string } {
  const named = entries.find(hasName);
  const name = named?.head.name ?? null;
  if (named === undefined || name === null) return {};
  const accepted = toProviderName(name);
  if (accepted !== name) canvas.repairs.push({ what: "name-changed", commits: [named.hash] });
  return { name: accepted };
}

function hasName(entry: Entry): boolean {
  return entry.type === "dialogue" && entry.head.name !== null && entry.head.name !== "";
}

function drawExchange(canvas: Canvas, unit: ExchangeUnit): void {
  const { members } = unit;
  const texts = members.filter((entry) => !isCall(entry));
  const ids = idsOf(canvas, unit);
  const calls = members.flatMap((entry, index) => {
    const id = ids[index];
    return id === undefined || id === null ? [] : [toolCall(canvas, entry, id)];
  });
  const message: OpenAiMessage = {
    role: "assistant",
    ...nameField(canvas, texts),
    content: texts.length === 0 ? null : joined(texts),
    tool_calls: Object.freeze(calls),
  };
  canvas.items.push(itemOf(message, members, costOfCalls(members)));
  for (const { entry, call } of unit.answers) {
    const name = hasToolNameKey(entry) ? { name: functionName(canvas, entry) } : {};
    const text = payloadOf(entry);
    const content = partsOf(entry, text) ?? text;
    const answer: OpenAiMessage = { role: "tool", tool_call_id: ids[call] ?? "", ...name, content };
    canvas.items.push(itemOf(answer, [entry], costOfAnswer(entry)));
  }
}

function toolCall(canvas: Canvas, entry: Entry, id: string): OpenAiToolCall {
  const called = Object.freeze({ name: functionName(canvas, entry), arguments: payloadOf(entry) });
  return Object.freeze({ id, type: "function", function: called });
}

function functionName(canvas: Canvas, entry: Entry): string {
  const name = toolContentOf(entry).tool_name;
  const accepted = toProviderName(name);
  if (accepted !== name) canvas.repairs.push({ what: "tool-name-changed", commits: [entry.hash] });
  return accepted;
}

/** Ids must be told apart within a message only, so a transcript that repeats one keeps it; parallel to the members, null for text. */
function idsOf(canvas: Canvas, { members, callIds, answers }: ExchangeUnit): readonly (string | null)[] {
  const taken = new Set<string>();
  return members.map((entry, index) => {
    const unique = callIds[index];
    if (unique === undefined || unique === null) return null;
    const own = entry.head.callId ?? "";
    const isUsable = own !== "" && own.length <= OPENAI_ID_CHARS_MAX && !taken.has(own);
    const id = isUsable ? own : shorten(unique, `${unique}#${index}`, OPENAI_ID_CHARS_MAX);
    taken.add(id);
    if (id !== own) {
      const answered = answers.filter(({ call }) => call === index).map((answer) => answer.entry.hash);
      canvas.repairs.push({ what: "call-id-changed", commits: [entry.hash, ...answered] });
    }
    return id;
  });
}

function drawOrphan(canvas: Canvas, entries: readonly Entry[], kit: Kit): void {
  for (const entry of entries) {
    const content = orphanNote(entry) + textOf(entry);
    const role = chatRoleOf(entry) === "assistant" ? "assistant" : "user";
    canvas.items.push(itemOf({ role, content }, [entry], costOfOrphan(entry, kit)));
  }
}

function drawOutline(canvas: Canvas, unit: OutlineUnit): void {
  for (const [index, entry] of unit.entries.entries()) {
    const message = { role: chatRoleOf(entry), content: outlineTextOf(entry) };
    canvas.items.push(itemOf(message, [entry], TOKENS_PER_MESSAGE + (unit.messageTokens[index] ?? 0)));
  }
}

function costAlone(unit: Unit, kit: Kit): number {
  switch (unit.kind) {
    case "text":
      return costOfTexts(unit.entries);
    case "exchange":
      return unit.answers.reduce((sum, { entry }) => sum + costOfAnswer(entry), costOfCalls(unit.members));
    case "orphan":
      return unit.entries.reduce((sum, entry) => sum + costOfOrphan(entry, kit), 0);
    case "outline":
      return unit.messageTokens.reduce((sum, tokens) => sum + TOKENS_PER_MESSAGE + tokens, 0);
  }
}

function costOfTexts(entries: readonly Entry[]): number {
  let tokens = TOKENS_PER_MESSAGE + (entries.length - 1) * JOINER_TOKENS;
  for (const entry of entries) tokens += entry.tokens;
  return entries.some(hasName) ? tokens + TOKENS_PER_NAME : tokens;
}

/** A call costs its name and arguments, a text its text; texts of one message are joined. */
function costOfCalls(members: readonly Entry[]): number {
  const texts = members.filter((entry) => !isCall(entry));
  const tokens = members.reduce((sum, entry) => sum + entry.tokens, TOKENS_PER_MESSAGE);
  const joiners = Math.max(0, texts.length - 1) * JOINER_TOKENS;
  return tokens + joiners + (texts.some(hasName) ? TOKENS_PER_NAME : 0);
}

/** The tool's name is counted with the result, as in its plain text: the message refers to the call by an id of its own. */
function costOfAnswer(entry: Entry): number {
  return TOKENS_PER_MESSAGE + (hasToolNameKey(entry) ? TOKENS_PER_NAME : 0) + entry.tokens;
}

function costOfOrphan(entry: Entry, kit: Kit): number {
  return TOKENS_PER_MESSAGE + kit.count(orphanNote(entry)) + entry.tokens;
}
