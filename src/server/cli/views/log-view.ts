/** History for people: a line per commit that fits the terminal, with or without its graph. */
import { z } from "zod";
import { cut, table } from "../table.ts";
import { type Colors, harmless, type Terminal } from "../terminal.ts";
import { drawGraph } from "./graph.ts";
import type { View } from "./view.ts";
import {
  dayAndMinute,
  isNarrow,
  moreLine,
  oneLine,
  shorterCount,
  shorterHash,
  shorterTime,
  shortHash,
} from "./words.ts";

const entry = z.looseObject({
  hash: z.string(),
  parents: z.array(z.string()),
  operation: z.string(),
  role: z.string().nullable(),
  content_type: z.string().nullable(),
  message: z.string(),
  tokens: z.number(),
  priority: z.string(),
  labels: z.array(z.string()),
  created_at: z.string(),
  branch: z.string(),
});
type Entry = z.output<typeof entry>;
const logged = z.looseObject({ entries: z.array(entry), next_cursor: z.string().nullable() });

/** At 80 columns a message keeps about 40 of them: the other columns are shortened, and marks stand behind it where there is room. */
export const logView: View = ({ structured }, terminal, { graph, merged, today }) => {
  const { entries, next_cursor } = logged.parse(structured);
  if (entries.length === 0 && next_cursor === null) return "No commits.\n";
  const { colors, width } = terminal;
  const isOneBranch = !merged || entries.every(({ branch }) => branch === entries[0]?.branch);
  const cellsOf = (each: Entry): readonly string[] => {
    const notes = marks(each, colors, isOneBranch);
    return isNarrow(width) ? narrowCells(each, notes, terminal, today) : cells(each, notes, colors);
  };
  const rows = graph ? graphRows(entries, cellsOf, terminal) : entries.map((each) => ["", ...cellsOf(each)]);
  const text = table([{}, {}, {}, { align: "right" }, {}, { gives: true }, {}], rows, width);
  return `${text}${moreLine(next_cursor, colors)}`;
};

function graphRows(
  entries: readonly Entry[],
  cellsOf: (entry: Entry) => readonly string[],
  { colors, width }: Terminal,
): readonly (readonly string[])[] {
  const lanes = (glyphs: string): string => colors.dim(cut(glyphs, Math.floor(width / LANES_SHARE)));
  return drawGraph(entries).flatMap(({ commit, below }, at) => {
    const own = entries[at];
    const lines = below.map((line) => [lanes(line)]);
    return own === undefined ? lines : [[lanes(commit), ...cellsOf(own)], ...lines];
  });
}

/** Many branches side by side take at most this part of the width. */
const LANES_SHARE = 4;

function cells(each: Entry, notes: string, colors: Colors): readonly string[] {
  return [
    colors.yellow(shortHash(each.hash)),
    roleColor(each.role, colors)(kindOf(each)),
    colors.dim(`${each.tokens.toLocaleString("en")} tok`),
    colors.dim(dayAndMinute(each.created_at)),
    oneLine(each.message),
    notes,
  ];
}

function narrowCells(
  each: Entry,
  notes: string,
  { colors, width }: Terminal,
  today: string,
): readonly string[] {
  const hasRoom = width >= TIME_FROM_COLUMNS;
  return [
    colors.yellow(shorterHash(each.hash)),
    roleColor(each.role, colors)(cut(kindOf(each), ROLE_COLUMNS)),
    colors.dim(shorterCount(each.tokens)),
    hasRoom ? colors.dim(shorterTime(each.created_at, today)) : "",
    [oneLine(each.message.replace(GIVEN_BY_TYPE, "")), notes].filter((part) => part !== "").join("  "),
  ];
}

/** What commits without a message of their own begin with; the role tells it already. */
const GIVEN_BY_TYPE = /^dialogue: /;
/** As wide as `assistant`. */
const ROLE_COLUMNS = 9;
const TIME_FROM_COLUMNS = 70;

function kindOf({ role, content_type, operation }: Entry): string {
  return role ?? content_type ?? operation;
}

function roleColor(role: string | null, colors: Colors): (text: string) => string {
  switch (role) {
    case "system":
      return colors.magenta;
    case "user":
      return colors.green;
    case "assistant":
      return colors.cyan;
    default:
      return colors.dim;
  }
}

/** What is out of the ordinary: an edit, the branch where several are listed, a priority, labels. */
function marks(each: Entry, { blue, dim, red }: Colors, isOneBranch: boolean): string {
  const { operation, branch, priority, labels } = each;
  const priorityMark =
    priority === "pinned"
      ? blue("pinned")
      : priority === "important"
        ? blue("important")
        : priority === "skip"
          ? red("skip")
          : "";
  const own = [
    operation === "append" || operation === kindOf(each) ? "" : dim(operation),
    isOneBranch ? "" : dim(`on ${harmless(branch)}`),
    priorityMark,
    ...labels.map((label) => dim(`#${harmless(label)}`)),
  ];
  return own.filter((mark) => mark !== "").join(" ");
}
