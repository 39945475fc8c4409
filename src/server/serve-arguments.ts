/** Recognises a command line that starts a server, without loading the CLI: hosts start many servers. */
import { parseArgs } from "node:util";
import { FLAG_SETTINGS, flagOf, type SettingName } from "./settings.ts";

/**
 * Values of the settings' flags when the command line asks for MCP over stdio: `serve --stdio`, `serve`, or no command where stdin is no
 * terminal. null when it asks for anything else, or has a mistake, which the CLI explains.
 */
export function parseServeArguments(
  argv: readonly string[],
  stdin: { readonly isTerminal: boolean },
): { readonly [N in SettingName]?: string } | null {
  const parsed = parse(argv);
  if (parsed === null) return null;
  const { values, positionals } = parsed;
  const asksForServer = positionals.length === 1 && positionals[0] === "serve";
  const isBare = positionals.length === 0 && !stdin.isTerminal && values.stdio === undefined;
  if (!asksForServer && !isBare) return null;
  const flags: { [N in SettingName]?: string } = {};
  for (const setting of FLAG_SETTINGS) {
    const value = values[flagOf(setting)];
    if (typeof value === "string") flags[setting] = value;
  }
  return flags;
}

function parse(
  argv: readonly string[],
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } | null {
  const settings = FLAG_SETTINGS.map((name) => [flagOf(name), { type: "string" }] as const);
  const options = { ...Object.fromEntries(settings), stdio: { type: "boolean" } } as const;
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch {
    return null; // The CLI says what is wrong with it.
  }
}
