/** Completion scripts for shells, made from the commands and flags that the program has (spec 6.4). */
import type { Command, Option } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function isShell(name: string): name is Shell {
  return SHELLS.some((shell) => shell === name);
}

/** A script to be loaded by the shell: `source <(tract completion bash)`. */
export function completionScript(shell: Shell, program: Command): string {
  const commands = program.commands.map((command) => entryOf(command, program));
  switch (shell) {
    case "bash":
      return bashScript(commands);
    case "zsh":
      return zshScript(commands);
    case "fish":
      return fishScript(commands);
  }
}

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly string[];
}

function entryOf(command: Command, program: Command): Entry {
  const isShown = (option: Option): boolean => !option.hidden && option.long !== undefined;
  const flags = [...command.options, ...program.options].filter(isShown).map((option) => option.long ?? "");
  return {
    name: command.name(),
    summary: command.summary() || command.description(),
    flags: [...new Set(flags)].sort(),
  };
}

function bashScript(commands: readonly Entry[]): string {
  const cases = commands.map(
    ({ name, flags }) => `    ${name}) COMPREPLY=($(compgen -W "${flags.join(" ")}" -- "$current")) ;;`,
  );
  return `# Completion of tract for bash: source <(tract completion bash)
_tract() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
}
complete -o default -F _tract tract tract-mcp
`;
}

function zshScript(commands: readonly Entry[]): string {
  const names = commands.map(
    ({ name, summary }) => `    ${singleQuoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`,
  );
  const cases = commands.map(({ name, flags }) => `    ${name}) compadd -- ${flags.join(" ")} ;;`);
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
    commands.flatMap(({ name, summary, flags }) => [
      `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${singleQuoted(summary)}`,
      ...flags.map(
        (flag) => `complete -c ${program} -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}`,
      ),
    ]),
  );
  return `# Completion of tract for fish: tract completion fish | source\n${lines.join("\n")}\n`;
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
