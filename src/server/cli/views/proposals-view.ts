/** What waits for a decision, as a table. */
import { z } from "zod";
import { table } from "../table.ts";
import { harmless } from "../terminal.ts";
import { textView } from "./text-view.ts";
import type { View } from "./view.ts";
import { dayAndMinute } from "./words.ts";

const proposals = z.looseObject({
  proposals: z.array(
    z.looseObject({
      id: z.string(),
      kind: z.string(),
      policy: z.string().nullable(),
      branch: z.string(),
      reason: z.string().nullable(),
      action: z.looseObject({ tool: z.string() }).nullable(),
      created_at: z.string(),
      effect: z.unknown().optional(),
    }),
  ),
});

/** The list; one that is shown, and what was decided, is told by the tool's text. */
export const proposalsView: View = (result, terminal, options) => {
  const { structured } = result;
  const parsed = proposals.safeParse(structured);
  if (!parsed.success || "operation_id" in structured) return textView(result, terminal, options);
  const listed = parsed.data.proposals;
  if (listed.length === 0) return "Nothing waits for a decision.\n";
  if (listed.some((one) => "effect" in one)) return textView(result, terminal, options);
  const { bold, dim, yellow } = terminal.colors;
  const rows = listed.map(({ id, kind, policy, branch, reason, action, created_at }) => [
    yellow(id),
    bold(harmless(policy ?? kind)),
    action?.tool ?? kind,
    harmless(branch),
    dim(dayAndMinute(created_at)),
    dim(harmless(reason ?? "")),
  ]);
  return table([{}, {}, {}, {}, {}, { gives: true }], rows, terminal.width);
};
