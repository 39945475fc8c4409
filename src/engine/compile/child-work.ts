/** Reads what of a child's context is its own work: what came after it was given (spec 3.6). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import type { CollapseLink } from "../history/spawn-link.ts";
import type { Draft } from "./draft.ts";
import { loadDraft } from "./load-draft.ts";
import { measuringOptions } from "./options.ts";
import type { Unit } from "./unit.ts";
import { unitReader } from "./unit-reader.ts";

export interface ChildWork {
  /** Units of the child's context that it was not given, in order. */
  readonly units: readonly Unit[];
  readonly draft: Draft;
}

/** Summaries that the child made itself are part of its work. The commits of `work` are in the tract. */
export async function readChildWork(
  engine: Engine,
  { tract, head, from }: Pick<CollapseLink, "tract" | "head" | "from">,
): Promise<ChildWork> {
  const record = await engine.store.findTract(tract);
  const encoding = record?.encoding ?? engine.settings.encoding;
  const point = { tract, encoding, head, annotationSequence: record?.annotationSequence ?? 0 };
  const draft = await loadDraft(engine, point, measuringOptions({ strategy: "full", recent: null }));
  const made = await engine.store.readSide(tract, head, from);
  const own = new Set<Hash>(made.map(({ commit }) => commit.hash));
  const { unitAt, count } = unitReader(draft);
  const units = Array.from({ length: count }, (_, index) => unitAt(index)).filter(({ entries }) =>
    entries.some(({ hash, place }) => own.has(hash) || own.has(place.shown.commit.hash)),
  );
  return { units, draft };
}
