/** Lists as tables that fit the terminal: branches, tags, operations, ledger entries. */
import { z } from "zod";
import { table } from "../table.ts";
import { type Colors, harmless } from "../terminal.ts";
import { textView } from "./text-view.ts";
import type { View } from "./view.ts";
import { dayAndMinute, isNarrow, moreLine, oneLine, shorterTime, shortHash } from "./words.ts";

const branches = z.looseObject({
  branches: z.array(
    z.looseObject({
      name: z.string(),
      head: z.string().nullable(),
      current: z.boolean(),
      ahead: z.number(),
      behind: z.number(),
      last_activity: z.string().nullable(),
    }),
  ),
});

/** The list; what other actions did is told by the tool's text. */
export const branchView: View = (result, terminal, options) => {
  const parsed = branches.safeParse(result.structured);
  if (!parsed.success) return textView(result, terminal, options);
  const { bold, dim, green, yellow } = terminal.colors;
  const rows = parsed.data.branches.map(({ name, head, current, ahead, behind, last_activity }) => [
    current ? green("*") : " ",
    current ? bold(harmless(name)) : harmless(name),
    head === null ? dim("no commits yet") : yellow(shortHash(head)),
    current ? dim("current") : `${ahead} ahead, ${behind} behind`,
    last_activity === null ? "" : dim(dayAndMinute(last_activity)),
  ]);
  if (rows.length === 0) return "No branches yet: the first commit makes one.\n";
  return table([{}, { gives: true }, {}, {}, {}], rows, terminal.width);
};

/** Only a list can be empty. */
export const tagView: View = (result, terminal, options) => {
  const { tags } = result.structured;
  return Array.isArray(tags) && tags.length === 0 ? "No tags.\n" : textView(result, terminal, options);
};

const operations = z.looseObject({
  operations: z.array(
    z.looseObject({
      id: z.string(),
      type: z.string(),
      branch: z.string().nullable(),
      author: z.looseObject({ kind: z.string(), name: z.string().nullable() }),
      created_at: z.string(),
      results: z.array(z.string()),
      undone: z.boolean(),
    }),
  ),
  next_cursor: z.string().nullable(),
});

export const operationsView: View = ({ structured }, { colors, width }, { today }) => {
  const { operations: listed, next_cursor } = operations.parse(structured);
  if (listed.length === 0) return "Nothing was done in this tract yet.\n";
  const rows = listed.map(({ id, type, branch, author, created_at, results, undone }) => [
    colors.yellow(id),
    colors.dim(timeFor(width, created_at, today)),
    undone ? colors.strikethrough(type) : type,
    branch === null ? "" : harmless(branch),
    colors.dim(harmless(author.name ?? author.kind)),
    commitCount(results.length, colors),
  ]);
  return `${table([{}, {}, {}, { gives: true }, {}, { align: "right" }], rows, width)}${moreLine(next_cursor, colors)}`;
};

function commitCount(commits: number, { dim }: Colors): string {
  if (commits === 0) return "";
  return dim(commits === 1 ? "1 commit" : `${commits.toLocaleString("en")} commits`);
}

const ledger = z.looseObject({
  entries: z.array(
    z.looseObject({
      seq: z.number(),
      event_type: z.string(),
      decision: z.string(),
      reason: z.string(),
      timestamp: z.string(),
    }),
  ),
  count: z.number(),
  next_cursor: z.string().nullable(),
});

export const ledgerView: View = ({ structured }, { colors, width }, { today }) => {
  const { entries, count, next_cursor } = ledger.parse(structured);
  const rows = entries.map(({ seq, event_type, decision, reason, timestamp }) => [
    colors.yellow(String(seq)),
    colors.dim(timeFor(width, timestamp, today)),
    event_type,
    oneLine(decision),
    oneLine(reason),
  ]);
  const summary = colors.dim(count === 1 ? "1 entry in all" : `${count.toLocaleString("en")} entries in all`);
  return `${table([{ align: "right" }, {}, {}, {}, { gives: true }], rows, width)}${summary}\n${moreLine(next_cursor, colors)}`;
};

function timeFor(width: number, iso: string, today: string): string {
  return isNarrow(width) ? shorterTime(iso, today) : dayAndMinute(iso);
}
