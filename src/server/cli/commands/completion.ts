/** Completion scripts for shells, made from the commands and flags that the program has (spec 6.4). */
import type { Command, Option } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** A script to be loaded by the shell: `source <(tract completion bash)`. */
export function completionScript(shell: Shell, program: Command): string {
  const commands = program.createHelp().visibleCommands(program);
  const names = commands.map((command) => command.name());
  const entries = commands.map((command) => entryOf(command, program, names));
  switch (shell) {
    case "bash":
      return bashScript(entries, flagsOf(program.options));
    case "zsh":
      return zshScript(entries);
    case "fish":
      return fishScript(entries);
  }
}

interface Entry {
  readonly name: string;
  /** By which the command goes, its name first. */
  readonly names: readonly string[];
  readonly summary: string;
  readonly flags: readonly string[];
  /** What its first word may be, where that is known here. */
  readonly choices: readonly string[];
}

function entryOf(command: Command, program: Command, commands: readonly string[]): Entry {
  return {
    name: command.name(),
    names: [command.name(), ...command.aliases()],
    summary: command.summary() || command.description(),
    flags: flagsOf([...command.options, ...program.options]),
    choices: command.name() === "help" ? commands : (command.registeredArguments[0]?.argChoices ?? []),
  };
}

function flagsOf(options: readonly Option[]): readonly string[] {
  const flags = options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []);
  return [...new Set(flags)].sort();
}

/** What begins with a dash is a flag; where nothing is known, bash completes files. */
function bashScript(commands: readonly Entry[], flags: readonly string[]): string {
  const line = (names: readonly string[], dashed: readonly string[], words: readonly string[]): string =>
    `    ${names.join("|")}) flags="${dashed.join(" ")}" words="${words.join(" ")}" ;;`;
  const cases = commands.map((command) => line(command.names, command.flags, command.choices));
  const names = commands.map(({ name }) => name);
  return `# Completion of tract for bash: source <(tract completion bash)
_tract() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="" word flags words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      ${commands.flatMap((each) => each.names).join("|")}) command="$word"; break ;;
    esac
  done
  case "$command" in
${[...cases, line(['""'], flags, names)].join("\n")}
  esac
  [[ "$current" == -* ]] && words="$flags"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _tract tract tract-mcp
`;
}

function zshScript(commands: readonly Entry[]): string {
  const names = commands.map(
    ({ name, summary }) => `    ${singleQuoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`,
  );
  const cases = commands.map(
    ({ names: patterns, flags, choices }) =>
      `    ${patterns.join("|")}) compadd -- ${[...choices, ...flags].join(" ")} ;;`,
  );
  return `#compdef tract tract-mcp
# Completion of tract for zsh: source <(tract completion zsh)
_tract() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "$words[2]" in
${cases.join("\n")}
  esac
  _files
}
compdef _tract tract tract-mcp
`;
}

function fishScript(commands: readonly Entry[]): string {
  const lines = ["tract", "tract-mcp"].flatMap((program) =>
    commands.flatMap(({ name, names, summary, flags, choices }) => {
      const ofCommand = `complete -c ${program} -n '__fish_seen_subcommand_from ${names.join(" ")}'`;
      return [
        `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${singleQuoted(summary)}`,
        ...flags.map((flag) => `${ofCommand} -l ${flag.slice(2)}`),
        ...choices.map((choice) => `${ofCommand} -a ${choice}`),
      ];
    }),
  );
  return `# Completion of tract for fish: tract completion fish | source\n${lines.join("\n")}\n`;
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
