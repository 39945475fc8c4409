/** Compiled size of a branch before and after a planned write: what operations report and hold against budgets (spec 1.7). */
import type { NewAnnotation } from "../../storage/change-set.ts";
import type { Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { MeasuredPoint } from "../compile/measure.ts";
import type { Engine } from "../engine.ts";
import type { SizeChange } from "./budget.ts";
import { reportedSizes } from "./reported-size.ts";
import { planSettings, readSettings } from "./settings.ts";
import type { Site } from "./snapshot.ts";

export interface PlannedWrite {
  /** What stands on `base` afterwards, parents before children: the planned commits, and before them those that a merge brings in. */
  readonly chain: readonly ChainCommit[];
  readonly annotations: readonly NewAnnotation[];
  /** Default: the head of the site. */
  readonly base?: Hash | null;
}

/** Tokens of the compiled context with the settings of either moment. */
export async function sizeAround(engine: Engine, site: Site, planned: PlannedWrite): Promise<SizeChange> {
  const { tract } = engine.scope;
  const head = site.head?.hash ?? null;
  const base = planned.base === undefined ? head : planned.base;
  const before = pointAt(engine, site, head, await readSettings(engine, tract, head));
  const after = pointAt(engine, site, base, await planSettings(engine, base, planned.chain));
  return await reportedSizes(engine, { before, after, planned });
}

/** A head of the tract as measuring wants it, with the annotations of the moment when the site was read. */
export function pointAt(
  engine: Engine,
  site: Site,
  head: Hash | null,
  settings: MeasuredPoint["settings"],
): MeasuredPoint {
  return {
    tract: engine.scope.tract,
    encoding: site.tract?.encoding ?? engine.settings.encoding,
    head,
    annotationSequence: site.tract?.annotationSequence ?? 0,
    ledgerSequence: site.tract?.ledgerSequence,
    settings,
  };
}
