/** What a format draws a context on, piece by piece, and what every format must be able to do (spec 2.2, stage 8). */
import type { Hash, JsonObject } from "../../storage/records.ts";
import { TOKENS_PER_PROMPT } from "../tokens/message-overhead.ts";
import type { Entry } from "./entry.ts";
import type { Kit } from "./kit.ts";
import type { AnthropicBlock, AnthropicMessage, CompiledMessage } from "./message-types.ts";
import type { Format } from "./options.ts";
import type { Piece, Unit } from "./unit.ts";

/** One message with where it came from. */
export interface Item {
  readonly message: CompiledMessage;
  readonly commits: readonly Hash[];
  readonly generationConfig: JsonObject | null;
  /** Framing included. */
  readonly tokens: number;
}

/** What had to be changed so that a provider takes the context, or that a half of a tool exchange is missing. */
export interface Repair {
  readonly what: RepairKind;
  readonly commits: readonly Hash[];
}
export const REPAIR_KINDS = [
  "call-without-result",
  "result-without-call",
  "result-moved-up",
  "call-id-changed",
  "tool-name-changed",
  "name-changed",
  "arguments-wrapped",
  "empty-text-left-out",
  "first-turn-added",
] as const;
export type RepairKind = (typeof REPAIR_KINDS)[number];

/** A part of the system text of a format that keeps it apart. */
export interface SystemPart {
  readonly text: string;
  readonly commit: Hash;
  readonly tokens: number;
}

/** A message that may still grow: the next piece may speak in the same turn. */
export interface Turn {
  readonly role: AnthropicMessage["role"];
  readonly blocks: AnthropicBlock[];
  readonly commits: Hash[];
  generationConfig: JsonObject | null;
  tokens: number;
}

export interface Canvas {
  readonly items: Item[];
  readonly repairs: Repair[];
  readonly system: SystemPart[];
  turn: Turn | null;
  /** False until the first turn has begun. */
  hasTurns: boolean;
}

/** Running total of what units drawn in a row cost, to the token. */
export interface RunningCost {
  readonly tokens: number;
  /** Of formats that merge turns: who spoke last. */
  readonly lastRole: string | null;
  readonly hasSystem: boolean;
}

export interface FormatWriter {
  readonly format: Format;
  readonly draw: (canvas: Canvas, piece: Piece, kit: Kit) => void;
  /** Closes what is open; afterwards `items` and `system` are the context. */
  readonly finish: (canvas: Canvas) => void;
  /** Tokens of a unit on its own: never less than what it adds to a context. */
  readonly costAlone: (unit: Unit, kit: Kit) => number;
  readonly addCost: (cost: RunningCost, unit: Unit, kit: Kit) => RunningCost;
  /** What a cut may cost besides the pieces that are left. */
  readonly cutCostMax: (kit: Kit) => number;
}

export const NO_COST: RunningCost = { tokens: 0, lastRole: null, hasSystem: false };

export function emptyCanvas(): Canvas {
  return { items: [], repairs: [], system: [], turn: null, hasTurns: false };
}

/** Tokens of a finished context; an empty one has none, not even those of a prompt. */
export function contextTokens(messageTokens: number): number {
  return messageTokens === 0 ? 0 : messageTokens + TOKENS_PER_PROMPT;
}

/** What a context of these pieces costs, to the token. */
export function drawnTokens(writer: FormatWriter, pieces: readonly Piece[], kit: Kit): number {
  const canvas = emptyCanvas();
  for (const piece of pieces) writer.draw(canvas, piece, kit);
  writer.finish(canvas);
  const parts = [...canvas.items, ...canvas.system];
  return contextTokens(parts.reduce((sum, { tokens }) => sum + tokens, 0));
}

/** An item of entries that became one message. */
export function itemOf(message: CompiledMessage, entries: readonly Entry[], tokens: number): Item {
  const commits: Hash[] = [];
  let generationConfig: JsonObject | null = null;
  for (const entry of entries) {
    commits.push(entry.hash);
    generationConfig ??= entry.generationConfig;
  }
  return { message: Object.freeze(message), commits, generationConfig, tokens };
}

/** What pairing found out about a unit, in whatever format it is drawn. */
export function noteRepairs(canvas: Canvas, unit: Unit): void {
  if (unit.kind === "orphan") {
    const [entry] = unit.entries;
    const what = entry?.role === "assistant" ? "call-without-result" : "result-without-call";
    canvas.repairs.push({ what, commits: unit.entries.map(({ hash }) => hash) });
  } else if (unit.kind === "exchange") {
    for (const answer of unit.answers)
      if (answer.isMoved) canvas.repairs.push({ what: "result-moved-up", commits: [answer.entry.hash] });
  }
}
