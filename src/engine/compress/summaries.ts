/** Checks that there are as many summaries as there are groups to stand for. */
import type { Hash } from "../../storage/records.ts";
import { TractError } from "../errors.ts";

/** @throws TractError `invalid-argument` with the groups. */
export function countSummaries(
  summaries: readonly string[],
  groups: readonly { readonly sources: readonly Hash[] }[],
): void {
  const given = summaries.length === 1 ? "1 was given" : `${summaries.length} were given`;
  if (summaries.length === groups.length) return;
  const several = groups.length === 1 ? "1 summary is" : `${groups.length} summaries are`;
  throw new TractError(
    "invalid-argument",
    `summaries: ${several} needed, one for each run of messages in order; ${given}`,
    {
      hint: "Messages that stay in between (pinned ones too) divide a selection. data.groups has the first and the last commit of each; nothing was stored.",
      data: {
        path: "summaries",
        groups: groups.slice(0, GROUPS_NAMED).map(({ sources }) => ({
          from: sources[0] ?? null,
          to: sources.at(-1) ?? null,
          messages: sources.length,
        })),
      },
    },
  );
}

/** A selection with a pin after each message has thousands. */
const GROUPS_NAMED = 50;
