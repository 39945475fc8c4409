/** Stage 8 of compile: the units that are left become the messages of a format (spec 2.2, 2.4, 2.5). */
import {
  type Canvas,
  contextTokens,
  type FormatWriter,
  type Item,
  type Repair,
  type SystemPart,
} from "../canvas.ts";
import type { Draft } from "../draft.ts";
import { continueOn, type Drawing, drawSegments } from "../drawing.ts";
import { anthropicWriter } from "../formats/anthropic.ts";
import { markdownWriter } from "../formats/markdown.ts";
import { openAiWriter } from "../formats/openai.ts";
import { plainWriter } from "../formats/plain.ts";
import type { Kit } from "../kit.ts";
import type { Format } from "../options.ts";
import type { Arrangement } from "./fit-budget.ts";

export const WRITERS: { readonly [F in Format]: FormatWriter } = {
  messages: plainWriter,
  openai: openAiWriter,
  anthropic: anthropicWriter,
  markdown: markdownWriter,
};

export interface Rendered {
  readonly format: Format;
  /** Messages that come before `items`, shared with earlier contexts; null when `items` are all. */
  readonly before: Drawing | null;
  readonly items: readonly Item[];
  readonly repairs: readonly Repair[];
  readonly system: readonly SystemPart[];
  readonly itemCount: number;
  readonly tokenCount: number;
}

export function render(draft: Draft, arrangement: Arrangement, format: Format, kit: Kit): Rendered {
  const writer = WRITERS[format];
  const before = arrangement.kind === "whole" ? drawSegments(draft.sealed, writer, kit) : null;
  const canvas = continueOn(before);
  for (const piece of arrangement.kind === "whole" ? draft.units : arrangement.pieces)
    writer.draw(canvas, piece, kit);
  writer.finish(canvas);
  return finished(format, before, canvas);
}

function finished(format: Format, before: Drawing | null, canvas: Canvas): Rendered {
  const tokens =
    (before?.tokens ?? 0) +
    canvas.items.reduce((sum, item) => sum + item.tokens, 0) +
    canvas.system.reduce((sum, part) => sum + part.tokens, 0);
  return {
    format,
    before,
    items: canvas.items,
    repairs: canvas.repairs,
    system: canvas.system,
    itemCount: (before?.itemCount ?? 0) + canvas.items.length,
    tokenCount: contextTokens(tokens),
  };
}
