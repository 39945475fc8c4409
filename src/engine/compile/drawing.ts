/** The settled part of a context as drawn in one format, kept with its segment so that each message is drawn once (spec 2.8). */
import type { Hash as RunningHash } from "node:crypto";
import {
  type Canvas,
  emptyCanvas,
  type FormatWriter,
  type Item,
  type Repair,
  type SystemPart,
  type Turn,
} from "./canvas.ts";
import type { Kit } from "./kit.ts";
import { type Segment, segmentsOf } from "./segment.ts";

export interface Drawing {
  readonly before: Drawing | null;
  /** Finished messages of this part, and repairs. */
  readonly items: readonly Item[];
  readonly repairs: readonly Repair[];
  /** Finished messages, and system parts, here and in all parts before. */
  readonly itemCount: number;
  readonly tokens: number;
  readonly system: readonly SystemPart[];
  /** A turn that the next piece may continue; never changed, only copied. */
  readonly turn: Readonly<Turn> | null;
  readonly hasTurns: boolean;
  /** Of the messages up to here; made when a digest is first asked for. */
  running: RunningHash | null;
}

/** Draws the segments that were not drawn in this format yet, and gives the last. */
export function drawSegments(last: Segment | null, writer: FormatWriter, kit: Kit): Drawing | null {
  let drawing: Drawing | null = null;
  for (const segment of segmentsOf(last)) {
    const known = segment.drawings.get(writer.format);
    drawing = known ?? drawUnits(drawing, segment, writer, kit);
    segment.drawings.set(writer.format, drawing);
  }
  return drawing;
}

function drawUnits(before: Drawing | null, segment: Segment, writer: FormatWriter, kit: Kit): Drawing {
  const canvas = continueOn(before);
  const systemBefore = canvas.system.length;
  for (const unit of segment.units) writer.draw(canvas, unit, kit);
  const tokens = canvas.items.reduce((sum, item) => sum + item.tokens, before?.tokens ?? 0);
  const system = canvas.system.length === systemBefore && before !== null ? before.system : canvas.system;
  return {
    before,
    items: canvas.items,
    repairs: canvas.repairs,
    itemCount: (before?.itemCount ?? 0) + canvas.items.length,
    tokens,
    system,
    turn: canvas.turn,
    hasTurns: canvas.hasTurns,
    running: null,
  };
}

/** A canvas on which drawing goes on where a drawing ended; its items are the new ones alone. */
export function continueOn(drawing: Drawing | null): Canvas {
  if (drawing === null) return emptyCanvas();
  const { turn } = drawing;
  return {
    items: [],
    repairs: [],
    system: [...drawing.system],
    turn: turn === null ? null : { ...turn, blocks: [...turn.blocks], commits: [...turn.commits] },
    hasTurns: drawing.hasTurns,
  };
}

/** Messages of a drawing and all before it, oldest first. */
export function itemsOf(drawing: Drawing | null): Item[] {
  const parts: (readonly Item[])[] = [];
  for (let at = drawing; at !== null; at = at.before) parts.push(at.items);
  return parts.reverse().flat();
}

/** Repairs of a drawing and all before it, oldest first. */
export function repairsOf(drawing: Drawing | null): Repair[] {
  const parts: (readonly Repair[])[] = [];
  for (let at = drawing; at !== null; at = at.before) parts.push(at.repairs);
  return parts.reverse().flat();
}
