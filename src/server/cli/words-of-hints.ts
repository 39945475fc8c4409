/** Hints are written for callers of tools; a person at a command line reads them as commands and flags. */
import { TOOLS } from "../../tools/registry.ts";
import { toolFlags } from "./tool-flags.ts";

/** Known ways of naming tools and arguments become what is typed; the other words stay as they are. */
export function hintForCommandLine(hint: string): string {
  return hint
    .replace(TOOL_WITH_ACTION, (_, tool: string, action: string, flag: string | undefined) =>
      [`\`tract ${tool} ${action}`, flag === undefined ? "" : ` --${kebab(flag)}`, "`"].join(""),
    )
    .replace(SET_FLAG, (_, argument: string) => `--${kebab(argument)}`)
    .replace(/\bnext_cursor\b/g, "--cursor")
    .replace(SNAKE_CASE, (name) => (ARGUMENTS.has(name) ? `--${kebab(name)}` : name));
}

/** A message may begin with the argument that is wrong; in quotes stands what was typed. */
export function messageForCommandLine(message: string): string {
  return message.replace(/^[a-z]+(?:_[a-z]+)+(?=:)/, (name) =>
    ARGUMENTS.has(name) ? `--${kebab(name)}` : name,
  );
}

/** As in "branch (action create, switch true)". */
const TOOL_WITH_ACTION = /\b(branch|tag) \(action (\w+)(?:, (\w+) true)?\)/g;
const SNAKE_CASE = /(?<![\w"`-])[a-z]+(?:_[a-z]+)+(?![\w"`])/g;

const FLAGS = TOOLS.flatMap((tool) => toolFlags(tool));
const ARGUMENTS: ReadonlySet<string> = new Set(FLAGS.map(({ argument }) => argument));
const TOGGLES = [...new Set(FLAGS.filter(({ kind }) => kind === "boolean").map(({ argument }) => argument))];
/** As in "pass force true". */
const SET_FLAG = new RegExp(`\\b(${TOGGLES.join("|")}) true\\b`, "g");

function kebab(name: string): string {
  return name.replaceAll("_", "-");
}
