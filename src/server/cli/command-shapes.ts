/** How each tool reads as a command: its names, what may stand without a flag, and what `-` and `--file` fill. */
import type { ToolName } from "../../tools/profiles.ts";

export interface Positional {
  /** The tool's argument. */
  readonly argument: string;
  readonly label: string;
  /** `words`: what is left of the line, joined by spaces; `list`: what is left of the line, each on its own. */
  readonly takes: "one" | "words" | "list";
}

export interface CommandShape {
  /** Further names; the first name is the tool's, with dashes. */
  readonly aliases: readonly string[];
  readonly positionals: readonly Positional[];
  /** The argument that `-` fills from stdin, and `--file` from a file. */
  readonly textArgument: string | null;
  /** The argument in whose place `-` may stand: the same, or what else would say where the text is. */
  readonly dashArgument: string | null;
}

export const COMMAND_SHAPES: Readonly<Record<ToolName, CommandShape>> = {
  commit: shape([one("content")], { textArgument: "content" }),
  compile: shape([one("ref")]),
  log: shape([one("ref")]),
  show: shape([{ argument: "refs", label: "refs", takes: "list" }]),
  status: shape([]),
  branch: shape([one("action"), one("name")]),
  merge: shape([one("source")]),
  compress: shape([], { textArgument: "summary" }),
  annotate: shape([{ argument: "refs", label: "refs", takes: "list" }]),
  search: shape([{ argument: "query", label: "query", takes: "words" }]),
  undo: shape([one("operation")]),
  record_turn: shape([one("user_message"), one("response")]),
  query_ledger: shape([], { aliases: ["ledger"] }),
  query_by_config: shape([]),
  diff: shape([one("a"), one("b")]),
  checkout: shape([one("ref")]),
  reset: shape([one("ref")]),
  restore: shape([one("ref")]),
  reorganize: shape([one("onto")]),
  import_commit: shape([{ argument: "refs", label: "refs", takes: "list" }]),
  tag: shape([one("action"), one("name"), one("ref")]),
  expand: shape([one("summary")]),
  operations: shape([]),
  spawn: shape([{ argument: "purpose", label: "purpose", takes: "words" }], { textArgument: "purpose" }),
  collapse: shape([one("child")], { textArgument: "summary" }),
  lineage: shape([]),
  send: shape([one("to"), { argument: "content", label: "content", takes: "words" }], {
    textArgument: "content",
  }),
  record_usage: shape([one("head")]),
  blame: shape([{ argument: "text", label: "text", takes: "words" }], { textArgument: "text" }),
  sessions: shape([one("session")]),
  chat: shape([{ argument: "text", label: "text", takes: "words" }], { textArgument: "text" }),
  generate: shape([]),
  configure: shape([one("operation")]),
  orchestrate: shape([{ argument: "goal", label: "goal", takes: "words" }]),
  policy: shape([one("action"), one("policy")]),
  proposals: shape([one("action"), one("id")]),
  verify: shape([]),
  gc: shape([]),
  import_transcript: shape([one("path", "file")], {
    aliases: ["import"],
    textArgument: "text",
    dashArgument: "path",
  }),
};

function shape(
  positionals: readonly Positional[],
  rest: Partial<Omit<CommandShape, "positionals">> = {},
): CommandShape {
  const textArgument = rest.textArgument ?? null;
  return { aliases: [], textArgument, dashArgument: textArgument, positionals, ...rest };
}

function one(argument: string, label = argument): Positional {
  return { argument, label, takes: "one" };
}
