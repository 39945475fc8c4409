/** History for people: a line per commit that fits the terminal, with or without its graph. */
import { z } from "zod";
import { table } from "../table.ts";
import { type Colors, harmless } from "../terminal.ts";
import { drawGraph } from "./graph.ts";
import type { View } from "./view.ts";
import { dayAndMinute, moreLine, shortHash } from "./words.ts";

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

export const logView: View = ({ structured }, terminal, { graph }) => {
  const { entries, next_cursor } = logged.parse(structured);
  if (entries.length === 0 && next_cursor === null) return "No commits.\n";
  const { colors, width } = terminal;
  const rows = graph ? graphRows(entries, colors) : entries.map((each) => ["", ...cells(each, colors)]);
  const text = table([{}, {}, {}, { align: "right" }, {}, { gives: true }, {}], rows, width);
  return `${text}${moreLine(next_cursor, colors)}`;
};

function graphRows(entries: readonly Entry[], colors: Colors): readonly (readonly string[])[] {
  return drawGraph(entries).flatMap(({ commit, below }, at) => {
    const own = entries[at];
    const lines = below.map((line) => [colors.dim(line)]);
    return own === undefined ? lines : [[colors.dim(commit), ...cells(own, colors)], ...lines];
  });
}

function cells(each: Entry, colors: Colors): readonly string[] {
  return [
    colors.yellow(shortHash(each.hash)),
    roleColor(each.role, colors)(each.role ?? each.content_type ?? each.operation),
    colors.dim(`${each.tokens.toLocaleString("en")} tok`),
    colors.dim(dayAndMinute(each.created_at)),
    harmless(each.message).replace(/\s+/g, " "),
    marks(each, colors),
  ];
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

/** What is out of the ordinary: an edit, a priority, labels. */
function marks({ operation, priority, labels }: Entry, { blue, dim, red }: Colors): string {
  const priorityMark =
    priority === "pinned"
      ? blue("pinned")
      : priority === "important"
        ? blue("important")
        : priority === "skip"
          ? red("skip")
          : "";
  const own = [
    operation === "append" ? "" : dim(operation),
    priorityMark,
    ...labels.map((label) => dim(`#${harmless(label)}`)),
  ];
  return own.filter((mark) => mark !== "").join(" ");
}
