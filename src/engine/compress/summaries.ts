/** Checks that there are as many summaries as there are groups to stand for. */
import type { Hash } from "../../storage/records.ts";
import { TractError } from "../errors.ts";

/** @throws TractError `invalid-argument` with the groups. */
export function countSummaries(
  summaries: readonly string[],
  groups: readonly { readonly sources: readonly Hash[] }[],
): void {
  if (summaries.length === groups.length) return;
  const several = groups.length === 1 ? "1 summary is" : `${groups.length} summaries are`;
  throw new TractError(
    "invalid-argument",
    `summaries: ${several} needed, one for each run of messages in order; ${summaries.length} were given`,
    {
      hint: "Messages that stay in between (pinned ones too) divide a selection. data.groups has the first and the last commit of each; nothing was stored.",
      data: {
        path: "summaries",
        groups: groups.map(({ sources }) => ({
          from: sources[0] ?? null,
          to: sources.at(-1) ?? null,
          messages: sources.length,
        })),
      },
    },
  );
}
