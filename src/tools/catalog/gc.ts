/** Tool gc: removes what nothing leads to any more (spec 3.8, 8). */
import { z } from "zod";
import { type GcResult, gc } from "../../engine/gc/gc.ts";
import { snakeKeys } from "../names.ts";
import { flag } from "../params.ts";
import { answer, columns, count, plural } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const days = z.number().min(0).optional();
const amount = z.int();

export const gcTool: Tool = defineTool({
  name: "gc",
  title: "Collect garbage",
  description:
    "Remove old commits that no ref, operation or record leads to, for good: no undo. Only says so unless dry_run is false.",
  effect: "destructive",
  isIdempotent: true,
  input: {
    dry_run: flag,
    older_than_days: days.describe("Default 30"),
    keep_operations_days: days.describe("Undo reaches so far; default 90"),
    release_sources_older_than_days: days.describe("Of merges, compressions, imports; default never"),
  },
  output: {
    dry_run: z.boolean(),
    run_id: z.string().nullable(),
    removed: z.strictObject({
      commits: amount,
      contents: amount,
      oldest: z.string().nullable(),
      newest: z.string().nullable(),
    }),
    bytes: amount,
    kept: z.strictObject({ commits: amount, by: z.record(z.string(), amount) }),
    size: z.strictObject({ before: amount, after: amount, reusable: amount }),
    warnings: z.array(z.string()),
  },
  readsOnly: ({ dry_run }) => dry_run !== false,
  run: async ({ engine, signal, progress }, input) => {
    const result = await gc(engine, {
      dryRun: input.dry_run,
      olderThanDays: input.older_than_days,
      keepOperationsDays: input.keep_operations_days,
      releaseSourcesOlderThanDays: input.release_sources_older_than_days,
      signal,
      progress,
    });
    return { structured: snakeKeys(result), text: described(result) };
  },
});

function described(result: GcResult): string {
  const { dryRun, removed, bytes, kept, size, warnings } = result;
  const what = `${plural(removed.commits, "commit")} and ${plural(removed.contents, "content")} (${count(bytes)} bytes)`;
  const times =
    removed.oldest === null ? "" : `, made from ${dayOf(removed.oldest)} to ${dayOf(removed.newest)}`;
  const reasons = Object.entries(kept.by).filter(([, commits]) => commits > 0);
  return answer(
    [
      removed.commits === 0
        ? "Nothing to remove."
        : `${dryRun ? "Would remove" : "Removed"} ${what}${times}.`,
      `${dryRun ? "Would keep" : "Kept"} ${plural(kept.commits, "commit")}:`,
      columns(reasons.map(([root, commits]) => [count(commits), WORDS[root] ?? root])),
      dryRun
        ? null
        : `The store has ${count(size.after)} bytes, ${count(size.reusable)} of them free for what comes next.`,
    ],
    dryRun && removed.commits > 0
      ? "gc with dry_run false removes it for good."
      : "verify proves that all else is there.",
    warnings,
  );
}

const WORDS: Readonly<Record<string, string>> = {
  refs: "behind branches, tags, HEADs and ORIG_HEADs",
  plans: "named by pending plans",
  records: "behind compile records",
  relations: "taken or made by merges, compressions, imports and the like",
  operations: "of operations that undo reaches",
  recent: "too young",
  links: "edited by commits that stay",
  newest: "the newest",
};

function dayOf(time: string | null): string {
  return time?.slice(0, "2026-03-01".length) ?? "";
}
