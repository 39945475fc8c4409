/** The commits that only operations make: summaries, and reveals that end them (spec 3.5; spec 9, 4). */
import type { Hash } from "../../storage/records.ts";
import { parseContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { type BareItem, type ContentItem, PLAIN_ITEM } from "./plan-commit.ts";

/**
 * A summary of commits, to be made at the head.
 *
 * @param summary sources in linear order, at least one; a source may be a summary itself.
 * @throws TractError `content-too-large`.
 */
export function summaryItem(
  { contentTypes, limits }: Pick<Engine, "contentTypes" | "limits">,
  summary: { readonly sources: readonly Hash[]; readonly strategy: string; readonly text: string },
  message: string | null = null,
): ContentItem {
  const content = parseContent(
    { content_type: "summary", ...summary },
    { types: contentTypes, limits, path: "summary", internal: true },
  );
  return { ...PLAIN_ITEM, content, operation: "summary", message };
}

/** The end of a summary's effect: its originals show again. */
export function revealItem(summary: Hash): BareItem {
  return {
    ...PLAIN_ITEM,
    content: null,
    operation: "reveal",
    editTarget: summary,
    message: `Show the originals of summary ${summary.slice(0, 12)} again`,
    mergedTips: [],
  };
}
