/** Format `messages`: one message per commit, `{ role, content, name? }`, tool commits as readable text (spec 2.4; spec 9, 13). */
import { TOKENS_PER_MESSAGE, TOKENS_PER_NAME } from "../../tokens/message-overhead.ts";
import { type Canvas, type FormatWriter, itemOf, noteRepairs } from "../canvas.ts";
import { type Entry, isCall, textOf } from "../entry.ts";
import type { Kit } from "../kit.ts";
import type { PlainMessage } from "../message-types.ts";
import { outlineTextOf } from "../stages/apply-strategy.ts";
import { stubText } from "../stub.ts";
import type { Piece, Unit } from "../unit.ts";

export const plainWriter: FormatWriter = {
  format: "messages",
  draw,
  finish: () => {},
  costAlone: costOfUnit,
  addCost: (cost, unit) => ({ ...cost, tokens: cost.tokens + costOfUnit(unit) }),
  cutCostMax: () => 0,
};

function draw(canvas: Canvas, piece: Piece, kit: Kit): void {
  if (piece.kind === "gap") {
    const content = stubText(piece);
    canvas.items.push(itemOf({ role: "user", content }, [], TOKENS_PER_MESSAGE + kit.count(content)));
    return;
  }
  noteRepairs(canvas, piece);
  if (piece.kind === "outline") {
    for (const [index, entry] of piece.entries.entries()) {
      const tokens = TOKENS_PER_MESSAGE + (piece.messageTokens[index] ?? 0);
      canvas.items.push(itemOf(messageOf(entry, outlineTextOf(entry), null), [entry], tokens));
    }
  } else
    for (const entry of piece.entries) canvas.items.push(itemOf(whole(entry), [entry], costOfEntry(entry)));
}

function whole(entry: Entry): PlainMessage {
  return messageOf(entry, textOf(entry), nameOf(entry));
}

function messageOf(entry: Entry, content: string, name: string | null): PlainMessage {
  if (entry.type === "tool_io") {
    const direction = isCall(entry) ? "call" : "result";
    return { role: "tool", content, call_id: entry.head.callId, direction };
  }
  return name === null ? { role: entry.role, content } : { role: entry.role, content, name };
}

/** Who speaks in a dialogue. An instruction's name says which one it is, not who speaks. */
function nameOf(entry: Entry): string | null {
  return entry.type === "dialogue" ? entry.head.name : null;
}

export function costOfUnit(unit: Unit): number {
  let tokens = 0;
  if (unit.kind === "outline") {
    for (const messageTokens of unit.messageTokens) tokens += TOKENS_PER_MESSAGE + messageTokens;
  } else {
    for (const entry of unit.entries) tokens += costOfEntry(entry);
  }
  return tokens;
}

/** Tokens of a commit shown whole in this format: the size that budgets of a branch are held against. */
export function costOfEntry(entry: Entry): number {
  return TOKENS_PER_MESSAGE + (nameOf(entry) === null ? 0 : TOKENS_PER_NAME) + entry.tokens;
}
