/** One tool as a command: flags and words become its arguments, its result becomes readable output or JSON. */
import type { Command } from "commander";
import { TractError } from "../../engine/errors.ts";
import { executeTool, type ToolHost } from "../../tools/execute.ts";
import type { Tool } from "../../tools/tool.ts";
import { COMMAND_SHAPES, type CommandShape, type Positional } from "./command-shapes.ts";
import { EXIT_FAILED, EXIT_OK, showFailure } from "./failure.ts";
import { printableJson } from "./printable-json.ts";
import { createProgressBar } from "./progress-bar.ts";
import type { Terminal } from "./terminal.ts";
import { readTextOf } from "./text-input.ts";
import { contentOrText, flagValue, type ToolFlag, toolFlags } from "./tool-flags.ts";
import { viewOf } from "./views/views.ts";

/** What commands share. */
export interface CommandHost {
  readonly terminal: Terminal;
  readonly tools: ToolHost;
  readonly signal: AbortSignal;
  /** Milliseconds, for the progress bar. */
  readonly clock: () => number;
}

/** Gives a command the flags and words of a tool. */
export function describeToolCommand(command: Command, tool: Tool): void {
  const shape = COMMAND_SHAPES[tool.name];
  command.description(firstSentence(tool.description)).summary(tool.title);
  for (const { label, takes } of shape.positionals)
    command.argument(takes === "one" ? `[${label}]` : `[${label}...]`);
  const flags = toolFlags(tool);
  for (const flag of flags) addFlag(command, flag);
  const toggle = flags.find(({ kind }) => kind === "boolean")?.flag;
  if (toggle !== undefined)
    command.addHelpText("after", `\nA flag without a value has an opposite: --no-${toggle}.`);
  if (shape.textArgument !== null)
    command.option("--file <path>", `read the ${shape.textArgument} from a file ("-": stdin)`);
  if (tool.name === "log") command.option("--graph", "draw the history as a graph");
}

/** Runs the tool with what was typed and shows the result; gives the exit code. */
export async function runToolCommand(
  tool: Tool,
  typed: {
    readonly words: readonly string[];
    readonly options: Readonly<Record<string, unknown>>;
    readonly json: boolean;
  },
  host: CommandHost,
): Promise<number> {
  const { terminal, signal } = host;
  const bar = createProgressBar(terminal, host.clock);
  const given = await toolArguments(tool, typed, terminal);
  // A graph of first parents alone would be a line.
  const args = typed.options.graph === true ? { first_parent: false, ...given } : given;
  const outcome = await executeTool({ name: tool.name, args, signal, progress: bar.report }, host.tools);
  bar.finish();
  if (!outcome.ok) return showFailure(outcome.failure, terminal, typed);
  const { structured } = outcome.result;
  const format = typeof args.format === "string" ? args.format : null;
  const today = new Date().toISOString().slice(0, "2026-03-01".length);
  const view = {
    graph: typed.options.graph === true,
    merged: args.first_parent === false,
    format,
    today,
  };
  terminal.out(typed.json ? printableJson(structured) : viewOf(tool.name)(outcome.result, terminal, view));
  return structured.ok === false ? EXIT_FAILED : EXIT_OK;
}

function addFlag(command: Command, { flag, kind, placeholder, description }: ToolFlag): void {
  if (kind === "boolean") {
    command.option(`--${flag}`, description);
    command.addOption(command.createOption(`--no-${flag}`).hideHelp());
  } else {
    command.option(
      `--${flag} <${placeholder}>`,
      description,
      (value: string, before: readonly string[] = []) => [...before, value],
    );
  }
}

async function toolArguments(
  tool: Tool,
  {
    words,
    options,
  }: { readonly words: readonly string[]; readonly options: Readonly<Record<string, unknown>> },
  terminal: Terminal,
): Promise<Readonly<Record<string, unknown>>> {
  const shape = COMMAND_SHAPES[tool.name];
  const args: Record<string, unknown> = {};
  for (const flag of toolFlags(tool)) {
    const typed = options[camel(flag.flag)];
    if (typeof typed === "boolean") args[flag.argument] = typed;
    else if (Array.isArray(typed)) args[flag.argument] = flagValue(flag, typed.map(String));
  }
  const given = positionalArguments(shape.positionals, words);
  for (const [argument, value] of Object.entries(given)) {
    if (args[argument] !== undefined) throw usage(`${argument} is given twice: as a word and as a flag`);
    args[argument] = value;
  }
  return await withText(shape, args, options.file, terminal);
}

/** Words in the order of the shape; a word left over is a mistake. */
function positionalArguments(
  positionals: readonly Positional[],
  words: readonly string[],
): Readonly<Record<string, unknown>> {
  const args: Record<string, unknown> = {};
  const left = [...words];
  for (const { argument, takes } of positionals) {
    if (left.length === 0) break;
    args[argument] =
      takes === "one"
        ? contentOrText(left.shift() ?? "")
        : takes === "words"
          ? left.splice(0).join(" ")
          : left.splice(0);
  }
  return args;
}

/** Fills the text from stdin or a file where that was asked for. */
async function withText(
  shape: CommandShape,
  args: Readonly<Record<string, unknown>>,
  file: unknown,
  terminal: Terminal,
): Promise<Readonly<Record<string, unknown>>> {
  const { textArgument, dashArgument: word } = shape;
  if (textArgument === null || word === null) return args;
  const isStdin = args[word] === "-" || file === "-";
  if (!isStdin && typeof file !== "string") return args;
  if (typeof file === "string" && args[word] !== undefined)
    throw usage(`${word} is given twice: as a word and as --file`);
  const { [word]: _dash, ...rest } = args;
  return {
    ...rest,
    [textArgument]: isStdin ? await terminal.readStdin() : await readTextOf(String(file)),
  };
}

function usage(message: string): TractError {
  return new TractError("invalid-argument", message, { hint: "Give it once." });
}

function firstSentence(description: string): string {
  return /^.*?[.](?=\s|$)/s.exec(description)?.[0] ?? description;
}

/** As commander names the values of flags. */
function camel(flag: string): string {
  return flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
