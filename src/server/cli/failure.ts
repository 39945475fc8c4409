/** What a person sees when a command fails: the message, what to do next, and an exit code (spec 6.4). */
import type { ErrorCode } from "../../engine/errors.ts";
import type { ToolFailure } from "../../tools/failure.ts";
import { printableJson } from "./printable-json.ts";
import { wrapped } from "./table.ts";
import { harmless, type Terminal } from "./terminal.ts";
import { hintForCommandLine, messageForCommandLine } from "./words-of-hints.ts";

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
    const width = terminal.isErrTerminal ? terminal.width : Number.POSITIVE_INFINITY;
    const line = (text: string): string => `${wrapped(harmless(text), width)}\n`;
    const message = line(`error: ${messageForCommandLine(failure.message)} [${failure.code}]`);
    terminal.err(message.replace(/^error:/, red("error:")).replace(/\[[a-z-]+\]\n$/, dim));
    terminal.err(line(`hint: ${hintForCommandLine(failure.hint)}`).replace(/^hint:/, dim("hint:")));
  }
  return USAGE_CODES.includes(failure.code) ? EXIT_USAGE : EXIT_FAILED;
}

/** What was typed cannot be right, whatever the store holds. */
const USAGE_CODES: readonly ErrorCode[] = ["invalid-argument", "invalid-content", "invalid-name"];
