/** Runs command lines of the CLI in this process, on a store of their own, and makes what they print comparable. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../src/server/cli/run-cli.ts";
import { createServices } from "../../src/server/compose.ts";
import { resolveConfig } from "../../src/server/config.ts";
import { reportBug } from "../../src/server/log.ts";
import { type FakeTerminalOptions, fakeTerminal } from "./fake-terminal.ts";

export interface CliRun {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions extends FakeTerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
}

export interface Cli {
  /** The working directory of every command, a project of its own. */
  readonly folder: string;
  readonly run: (argv: readonly string[], options?: CliOptions) => Promise<CliRun>;
  /** Runs, and gives what `--json` prints. */
  readonly json: (argv: readonly string[], options?: CliOptions) => Promise<unknown>;
  readonly remove: () => void;
}

export function createCli(): Cli {
  const home = mkdtempSync(join(tmpdir(), "tract-cli-"));
  const folder = join(home, "project");
  mkdirSync(join(folder, ".git"), { recursive: true });
  const run: Cli["run"] = async (argv, options = {}) => {
    const terminal = fakeTerminal(options);
    const exitCode = await runCli(argv, {
      terminal,
      signal: new AbortController().signal,
      clock: () => performance.now(),
      resolveConfig: (flags) =>
        resolveConfig({
          flags,
          env: { TRACT_TRACT: "notes", ...options.env },
          cwd: folder,
          homedir: home,
          platform: "linux",
          exists: existsSync,
          readFile: (path) => (existsSync(path) ? readFileSync(path, "utf8") : null),
        }),
      createServices: (config) =>
        createServices(config, { authorKind: "user", writeLog: terminal.err, files: "any" }),
      reportBug: (error, where, log) => reportBug(error, where, log),
      serve: () => Promise.reject(new Error("not in this test")),
    });
    return { exitCode, out: terminal.outText(), err: terminal.errText() };
  };
  return {
    folder,
    run,
    json: async (argv, options) => JSON.parse((await run([...argv, "--json"], options)).out),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** Replaces what differs from run to run by names of the same length, the same for the same value. */
export function comparable(text: string): string {
  const names = new Map<string, string>();
  const named = (found: string, kind: string): string => {
    const key = kind === "hash" ? found.slice(0, 8) : found;
    const of = [...names.values()].filter((name) => name.startsWith(kind)).length;
    const name = names.get(key) ?? `${kind}${of + 1}`;
    names.set(key, name);
    return name.padEnd(found.length, "·").slice(0, found.length);
  };
  return text
    .replace(/\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g, (found) => named(found, "id"))
    .replace(/\b(?=[a-f]*\d)[0-9a-f]{8,64}\b/g, (found) => named(found, "hash"))
    .replace(/\b\d{4}-\d\d-\d\d(?:T[\d:.]+Z| \d\d:\d\d)?/g, (found) => "time".padEnd(found.length, "·"));
}
