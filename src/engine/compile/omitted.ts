/** Lists what is not in a context, run by run, each with its reason (spec 2.3). */
import type { Hash } from "../../storage/records.ts";
import type { Draft } from "./draft.ts";
import type { OmitReason } from "./entry.ts";
import { joinOmissions, type Omission, omissionsOf, type Segment, segmentsOf } from "./segment.ts";
import type { Arrangement } from "./stages/fit-budget.ts";

export interface Omitted {
  /** Inclusive. */
  readonly from: Hash;
  readonly to: Hash;
  /** Commits, and their tokens with framing. */
  readonly messages: number;
  readonly tokens: number;
  /** `superseded`: a later instruction of the same name; `strategy`: no message to stand in an outline. */
  readonly reason: OmitReason;
}

export function omittedOf(draft: Draft, arrangement: Arrangement): readonly Omitted[] {
  const runs = [...outsideBudget(draft)];
  if (arrangement.kind === "cut")
    for (const { kind: _, ...gap } of arrangement.gaps) runs.push({ ...gap, reason: "budget" });
  return runs.sort((a, b) => a.first - b.first).map(({ first: _, ...run }) => run);
}

/** What was out before the budget looked at it. */
function outsideBudget(draft: Draft): readonly Omission[] {
  const open = { entries: draft.entries, omissions: omissionsOf(draft.entries) };
  let { entries, omissions } = NOTHING;
  for (const part of [...segmentsOf(draft.sealed), open]) {
    omissions = joinOmissions({ entries, omissions }, part);
    if (part.entries.length > 0) entries = part.entries;
  }
  return omissions;
}

const NOTHING: Pick<Segment, "entries" | "omissions"> = { entries: [], omissions: [] };
