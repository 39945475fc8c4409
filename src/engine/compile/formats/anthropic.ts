/** Format `anthropic`: turns that the messages API accepts, with the system text apart (spec 2.4, 2.5; spec 9, 13). */
import { TOKENS_PER_MESSAGE } from "../../tokens/message-overhead.ts";
import {
  type Canvas,
  type FormatWriter,
  type Item,
  noteRepairs,
  type RunningCost,
  type SystemPart,
  type Turn,
} from "../canvas.ts";
import type { Entry } from "../entry.ts";
import type { Kit } from "../kit.ts";
import type { AnthropicBlock, AnthropicMessage } from "../message-types.ts";
import { stubText } from "../stub.ts";
import type { Piece, Unit } from "../unit.ts";
import { blockOf, type Stroke, strokesOf } from "./anthropic-strokes.ts";

/** Stands before a leading assistant turn, which the API refuses. */
export const LEADING_USER_TEXT = "[context continues]";
/** Between texts of one turn and between system texts; its tokens also stand for the border between blocks. */
const JOINER = "\n\n";
const JOINER_TOKENS = 1;

export const anthropicWriter: FormatWriter = {
  format: "anthropic",
  draw,
  finish: closeTurn,
  costAlone: (unit, kit) =>
    strokesOf(unit, kit).reduce((sum, stroke) => sum + TOKENS_PER_MESSAGE + stroke.tokens, 0),
  addCost,
  cutCostMax: (kit) => TOKENS_PER_MESSAGE + kit.count(LEADING_USER_TEXT),
};

function draw(canvas: Canvas, piece: Piece, kit: Kit): void {
  if (piece.kind === "gap") {
    const text = stubText(piece);
    addBlock(canvas, { role: "user", tokens: kit.count(text), entry: null }, { type: "text", text }, kit);
    return;
  }
  noteRepairs(canvas, piece);
  const strokes = strokesOf(piece, kit);
  for (const stroke of strokes) {
    const block = blockOf(stroke, canvas.repairs);
    const { role, tokens, entry } = stroke;
    if (role !== "system") addBlock(canvas, { role, tokens, entry }, block, kit);
    else if (block.type === "text") addSystem(canvas, entry, { tokens, text: block.text });
  }
  if (strokes.length < piece.entries.length) noteBlanks(canvas, piece, strokes);
}

function addSystem(
  canvas: Canvas,
  entry: Entry,
  part: { readonly text: string; readonly tokens: number },
): void {
  const tokens = part.tokens + (canvas.system.length === 0 ? TOKENS_PER_MESSAGE : JOINER_TOKENS);
  canvas.system.push({ text: part.text, commit: entry.hash, tokens });
}

function addBlock(
  canvas: Canvas,
  stroke: { readonly role: Turn["role"]; readonly tokens: number; readonly entry: Entry | null },
  block: AnthropicBlock,
  kit: Kit,
): void {
  if (canvas.turn === null || canvas.turn.role !== stroke.role) {
    closeTurn(canvas);
    if (!canvas.hasTurns && stroke.role === "assistant") addLeadingTurn(canvas, kit);
    canvas.hasTurns = true;
    canvas.turn = { role: stroke.role, blocks: [], commits: [], generationConfig: null, tokens: 0 };
  }
  const { turn } = canvas;
  turn.tokens += stroke.tokens + (turn.blocks.length === 0 ? TOKENS_PER_MESSAGE : JOINER_TOKENS);
  turn.blocks.push(Object.freeze(block));
  if (stroke.entry === null) return;
  if (turn.commits.at(-1) !== stroke.entry.hash) turn.commits.push(stroke.entry.hash);
  turn.generationConfig ??= stroke.entry.generationConfig;
}

function addLeadingTurn(canvas: Canvas, kit: Kit): void {
  const tokens = TOKENS_PER_MESSAGE + kit.count(LEADING_USER_TEXT);
  const message: AnthropicMessage = Object.freeze({ role: "user", content: LEADING_USER_TEXT });
  canvas.items.push({ message, commits: [], generationConfig: null, tokens });
  canvas.repairs.push({ what: "first-turn-added", commits: [] });
}

/** Text-only turns are strings; others keep their blocks apart. */
function closeTurn(canvas: Canvas): void {
  const { turn } = canvas;
  if (turn === null) return;
  const texts = turn.blocks.flatMap((block) => (block.type === "text" ? [block.text] : []));
  const content = texts.length === turn.blocks.length ? texts.join(JOINER) : Object.freeze([...turn.blocks]);
  const item: Item = {
    message: Object.freeze({ role: turn.role, content }),
    commits: [...turn.commits],
    generationConfig: turn.generationConfig,
    tokens: turn.tokens,
  };
  canvas.items.push(item);
  canvas.turn = null;
}

/** Commits whose text is empty have no place in this format; they are named, so that every commit is accounted for. */
function noteBlanks(canvas: Canvas, unit: Unit, strokes: readonly Stroke[]): void {
  const drawn = new Set(strokes.map(({ entry }) => entry.hash));
  const commits = unit.entries.filter(({ hash }) => !drawn.has(hash)).map(({ hash }) => hash);
  canvas.repairs.push({ what: "empty-text-left-out", commits });
}

function addCost(cost: RunningCost, unit: Unit, kit: Kit): RunningCost {
  let { tokens, lastRole, hasSystem } = cost;
  for (const stroke of strokesOf(unit, kit)) {
    if (stroke.role === "system") {
      tokens += stroke.tokens + (hasSystem ? JOINER_TOKENS : TOKENS_PER_MESSAGE);
      hasSystem = true;
      continue;
    }
    if (lastRole === null && stroke.role === "assistant")
      tokens += TOKENS_PER_MESSAGE + kit.count(LEADING_USER_TEXT);
    tokens += stroke.tokens + (lastRole === stroke.role ? JOINER_TOKENS : TOKENS_PER_MESSAGE);
    lastRole = stroke.role;
  }
  return { tokens, lastRole, hasSystem };
}

/** The system text, or null when there is none. */
export function systemText(parts: readonly SystemPart[]): string | null {
  return parts.length === 0 ? null : parts.map(({ text }) => text).join(JOINER);
}
