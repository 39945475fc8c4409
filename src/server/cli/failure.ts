/** What a person sees when a command fails: the message, what to do next, and an exit code (spec 6.4). */
import type { ToolFailure } from "../../tools/failure.ts";
import { printableJson } from "./printable-json.ts";
import { harmless, type Terminal } from "./terminal.ts";

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
/** The command line itself was wrong; nothing was tried. */
export const EXIT_USAGE = 2;

/** Shows a failure, as JSON on stdout when that was asked for, and gives the exit code. */
export function showFailure(
  failure: ToolFailure,
  terminal: Terminal,
  options: { readonly json: boolean },
): number {
  if (options.json) terminal.out(printableJson({ error: failure }));
  else {
    const { red, dim } = terminal.errColors;
    terminal.err(`${red("error:")} ${harmless(failure.message)} ${dim(`[${failure.code}]`)}\n`);
    terminal.err(`${dim("hint:")} ${harmless(failure.hint)}\n`);
  }
  return failure.code === "invalid-argument" ? EXIT_USAGE : EXIT_FAILED;
}
