/** A compiled context as diff and blame look at it: message by message, with the commit behind each, and what does not show. */
import type { Hash, JsonObject } from "../../storage/records.ts";
import type { CompilePoint } from "../compile/cache.ts";
import { compose } from "../compile/compose.ts";
import { allItems } from "../compile/context.ts";
import type { Entry } from "../compile/entry.ts";
import type { PlainMessage } from "../compile/message-types.ts";
import { measuringOptions } from "../compile/options.ts";
import { segmentsOf } from "../compile/segment.ts";
import type { Engine } from "../engine.ts";
import { invariant } from "../invariant.ts";

export interface ViewedMessage {
  /** The commit that stands here. */
  readonly place: Hash;
  /** The commit whose content is shown: an edit of `place`, or `place` itself. */
  readonly shown: Hash;
  readonly message: PlainMessage;
  readonly generationConfig: JsonObject | null;
  /** Framing included. */
  readonly tokens: number;
}

export interface ContextView {
  readonly messages: readonly ViewedMessage[];
  /** As compile counts it without budget and filters. */
  readonly tokenCount: number;
  /** What has a place in the history and is in no message, by the hash of its place. */
  readonly hidden: ReadonlyMap<Hash, Entry>;
}

/** Compiles a point whole: strategy full, no budget, no filter; writes no record. */
export async function readContextView(engine: Engine, point: CompilePoint): Promise<ContextView> {
  const options = measuringOptions({ strategy: "full", recent: null });
  const { draft, rendered } = await compose(engine, point, options);
  const entries = new Map<Hash, Entry>();
  for (const part of [...segmentsOf(draft.sealed), draft])
    for (const entry of part.entries) entries.set(entry.hash, entry);
  const messages = allItems(rendered).map(({ message, commits, generationConfig, tokens }): ViewedMessage => {
    const [place] = commits;
    const entry = place === undefined ? undefined : entries.get(place);
    invariant(entry, "without a budget every message stands for a commit");
    entries.delete(entry.hash);
    const shown = entry.place.shown.commit.hash;
    // The writer of format `messages` gives messages of its own type.
    return { place: entry.hash, shown, message: message as PlainMessage, generationConfig, tokens };
  });
  return { messages, tokenCount: rendered.tokenCount, hidden: entries };
}
