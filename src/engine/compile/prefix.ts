/** How much of a context is the same as in the record before: what a provider's prompt cache would still hit (spec 2.6). */
import type { Item } from "./canvas.ts";
import { messageJson } from "./digest.ts";
import { type Drawing, gather } from "./drawing.ts";
import { systemText } from "./formats/anthropic.ts";
import type { Rendered } from "./stages/render.ts";

export interface Prefix {
  /** Leading messages that are byte-identical; sections in format `markdown`. */
  readonly messages: number;
  /** Their tokens, with those of an equal system text. */
  readonly tokens: number;
}

/** Both contexts are in the same format. Another system text stands before all messages, so then nothing is the same. */
export function commonPrefix(earlier: Rendered, later: Rendered): Prefix {
  if (systemText(earlier.system) !== systemText(later.system)) return { messages: 0, tokens: 0 };
  const shared = sharedDrawing(earlier.before, later.before);
  const before = itemsAfter(shared, earlier);
  const after = itemsAfter(shared, later);
  let same = 0;
  let tokens = later.system.reduce((sum, part) => sum + part.tokens, shared?.tokens ?? 0);
  for (; isSame(before[same], after[same]); same++) tokens += after[same]?.tokens ?? 0;
  return { messages: (shared?.itemCount ?? 0) + same, tokens };
}

function isSame(a: Item | undefined, b: Item | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.message === b.message || messageJson(a.message) === messageJson(b.message);
}

/** The longest settled part that both contexts were drawn from. */
function sharedDrawing(a: Drawing | null, b: Drawing | null): Drawing | null {
  const drawings = new Set<Drawing>();
  for (let at = a; at !== null; at = at.before) drawings.add(at);
  for (let at = b; at !== null; at = at.before) if (drawings.has(at)) return at;
  return null;
}

function itemsAfter(shared: Drawing | null, { before, items }: Rendered): readonly Item[] {
  return gather(before, (drawing) => drawing.items, items, shared);
}
