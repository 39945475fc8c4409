/** Strategy `extract` on a group: its extract, through the guard like any other summary (spec 3.5). */
import { TractError } from "../errors.ts";
import { type AcceptedSummary, judgeSummary } from "./accept-summary.ts";
import type { SummaryGroup } from "./groups.ts";
import { retainedTexts } from "./retain-rules.ts";
import { extract } from "./strategies/extract.ts";

/** null when the messages are no longer than an extract of them would be; an error when their retain rules cannot be met. */
export function extractOf(
  group: SummaryGroup,
  index: number,
  count: (text: string) => number,
): AcceptedSummary | TractError | null {
  const mustKeep = [...retainedTexts(group.retain), ...group.mustKeep];
  const text = extract(group, { targetTokens: group.targetTokens, count, mustKeep });
  if (!/\S/.test(text)) return null;
  const judged = judgeSummary(group, { strategy: "extract", text, path: `groups[${index}]` }, count);
  if (judged instanceof TractError) return judged.data.reason === "longer" ? null : judged;
  return judged.tokens < group.tokens ? judged : null;
}
