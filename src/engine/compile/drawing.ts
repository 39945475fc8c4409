/** The settled part of a context as drawn in one format, kept with its segment so that each message is drawn once (spec 2.8). */
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
import type { CompiledMessage } from "./message-types.ts";
import { type Segment, segmentsOf } from "./segment.ts";

/** A hash under way, as node:crypto makes it; stated here so that the library's types need none of Node's. */
export interface RunningHash {
  copy(): RunningHash;
  update(text: string): RunningHash;
  digest(encoding: "hex"): string;
}

export interface Drawing {
  readonly before: Drawing | null;
  /** Finished messages of this part, and repairs. */
  readonly items: readonly Item[];
  readonly messages: readonly CompiledMessage[];
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
    messages: canvas.items.map(({ message }) => message),
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

/** What a drawing and all before it have, up to one that is left out, oldest first; then what comes after them. */
export function gather<Value>(
  drawing: Drawing | null,
  partOf: (drawing: Drawing) => readonly Value[],
  rest: readonly Value[],
  leftOut: Drawing | null = null,
): readonly Value[] {
  const parts: (readonly Value[])[] = [rest];
  for (let at = drawing; at !== null && at !== leftOut; at = at.before) parts.push(partOf(at));
  const [first = rest, ...others] = parts.reverse();
  return others.length === 0 ? first : first.concat(...others);
}
