/** Lists what is not in a context, run by run, each with its reason (spec 2.3). */
import type { Hash } from "../../storage/records.ts";
import type { Draft } from "./draft.ts";
import type { OmitReason } from "./entry.ts";
import { type Omission, omissionsOf, segmentsOf } from "./segment.ts";
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

/** What was out before the budget looked at it. A run that goes on in the next part is one run. */
function outsideBudget(draft: Draft): readonly Omission[] {
  const runs: Omission[] = [];
  let reasonAtEnd: OmitReason | null = null;
  for (const { entries, omissions } of [
    ...segmentsOf(draft.sealed),
    { entries: draft.entries, omissions: omissionsOf(draft.entries) },
  ]) {
    const [first, ...rest] = omissions;
    const before = runs.at(-1);
    const goesOn = reasonAtEnd !== null && entries[0]?.out === reasonAtEnd;
    if (goesOn && first !== undefined && before !== undefined) {
      runs[runs.length - 1] = {
        ...before,
        to: first.to,
        messages: before.messages + first.messages,
        tokens: before.tokens + first.tokens,
      };
    } else if (first !== undefined) runs.push(first);
    for (const run of rest) runs.push(run);
    reasonAtEnd = entries.length === 0 ? reasonAtEnd : (entries.at(-1)?.out ?? null);
  }
  return runs;
}
