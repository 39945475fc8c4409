/** The command line as a program: every tool as a command, the commands of the CLI alone, help, and exit codes (spec 6.1, 6.4). */
import { Argument, Command, CommanderError, Option } from "commander";
import { TractError } from "../../engine/errors.ts";
import { expectedFailure } from "../../tools/failure.ts";
import { TOOLS } from "../../tools/registry.ts";
import type { Tool } from "../../tools/tool.ts";
import { VERSION } from "../../version.ts";
import type { Services } from "../compose.ts";
import type { Config, ConfigInputs } from "../config.ts";
import type { Log } from "../log.ts";
import { FLAG_SETTINGS, flagOf, SETTINGS, type SettingName } from "../settings.ts";
import { COMMAND_SHAPES } from "./command-shapes.ts";
import { backUpStore } from "./commands/backup.ts";
import { completionScript, SHELLS, type Shell } from "./commands/completion.ts";
import { listTracts } from "./commands/tracts.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, showFailure } from "./failure.ts";
import { printableJson } from "./printable-json.ts";
import type { Terminal } from "./terminal.ts";
import { describeToolCommand, runToolCommand } from "./tool-command.ts";

/** What a run of the CLI gets from its process. */
export interface CliHost {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Milliseconds, from any beginning. */
  readonly clock: () => number;
  readonly resolveConfig: (flags: ConfigInputs["flags"]) => Config;
  readonly createServices: (config: Config) => Services;
  readonly reportBug: (error: unknown, where: string, log: Log) => void;
  readonly serve: (flags: ConfigInputs["flags"], over: "stdio" | "http") => Promise<void>;
}

/** What every action gets. */
interface Invocation {
  readonly flags: ConfigInputs["flags"];
  readonly json: boolean;
}

/** Runs one command line and gives its exit code; shows what goes wrong. */
export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  const { terminal } = host;
  const json = argv.includes("--json");
  let exitCode = EXIT_OK;
  const program = createProgram({ ...host, json }, (code) => {
    exitCode = code;
  });
  try {
    if (argv.length === 0) terminal.out(program.helpInformation());
    else await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : wrongLine(error, host, json);
    const failure = expectedFailure(error);
    if (failure === null) throw error;
    return showFailure(failure, terminal, { json });
  }
}

/** The parser has told a person already what is wrong with the line. */
function wrongLine({ code, message }: CommanderError, { terminal }: CliHost, json: boolean): number {
  const words = code === "commander.help" ? "there is no command" : message.replace(/^error: /, "");
  const failure = new TractError("invalid-argument", words, { hint: "tract --help shows what there is." });
  if (json) terminal.out(printableJson({ error: expectedFailure(failure) }));
  return EXIT_USAGE;
}

function createProgram(
  host: CliHost & { readonly json: boolean },
  setExitCode: (code: number) => void,
): Command {
  const program = new Command("tract");
  configure(program, host);
  program
    .description(
      "Version control for the context of LLM agents. Without a command and without a terminal: an MCP server on stdio.",
    )
    .version(`tract ${VERSION}`, "-V, --version", "show the version")
    .helpOption("-h, --help", "show help")
    .option("--json", "print the result as JSON")
    .optionsGroup("Settings (each also in tract.config.json, and as TRACT_… in the environment):");
  for (const name of FLAG_SETTINGS)
    program.option(`--${flagOf(name)} <${SETTINGS[name].placeholder}>`, settingHelp(name));
  program.commandsGroup("Tools (every one also an MCP tool):");
  for (const tool of TOOLS) addToolCommand(program, tool, host, setExitCode);
  program.commandsGroup(OWN_COMMANDS);
  addOwnCommands(program, host, setExitCode);
  program.addHelpCommand(
    program
      .createCommand("help")
      .argument("[command]")
      .description("Show the flags of a command.")
      .helpGroup(OWN_COMMANDS),
  );
  return program;
}

const OWN_COMMANDS = "This program:";

/** Errors are thrown instead of ending the process, and shown in our own form. */
function configure(
  program: Command,
  { terminal, json }: { readonly terminal: Terminal; readonly json: boolean },
): void {
  const { red } = terminal.errColors;
  program.exitOverride().showHelpAfterError("(tract --help shows what there is)");
  // Long flags leave little room; text beside them is broken all the same.
  program.configureHelp({ minWidthToWrap: HELP_TEXT_MIN });
  program.configureOutput({
    writeOut: terminal.out,
    writeErr: json ? () => undefined : terminal.err,
    getOutHelpWidth: () => Math.min(terminal.width, HELP_WIDTH_MAX),
    getErrHelpWidth: () => Math.min(terminal.width, HELP_WIDTH_MAX),
    outputError: (text, write) => write(text.replace(/^error:/, red("error:"))),
  });
}

const HELP_WIDTH_MAX = 110;
const HELP_TEXT_MIN = 16;

function settingHelp(name: SettingName): string {
  const { description, defaultText } = SETTINGS[name];
  return defaultText === null ? description : `${description} (default: ${defaultText})`;
}

function addToolCommand(
  program: Command,
  tool: Tool,
  host: CliHost,
  setExitCode: (code: number) => void,
): void {
  const { aliases } = COMMAND_SHAPES[tool.name];
  const command = program.command(tool.name.replaceAll("_", "-"));
  command.aliases([...aliases, ...(tool.name.includes("_") ? [tool.name] : [])]);
  describeToolCommand(command, tool);
  command.action(async () => {
    const { flags, json } = readInvocation(program);
    await withServices(flags, host, async (services) => {
      const tools = {
        tools: TOOLS,
        // A person at a terminal may use every tool; the profile is for agents.
        profile: "full" as const,
        engineFor: services.engineFor,
        // What a person types wrongly is told to the person; an agent's calls are evidence.
        ...(services.notesReads ? { notes: { reads: true, openEngine: services.openEngine } } : {}),
        readTextFile: services.readTextFile,
        reportBug: (error: unknown, name: string): void =>
          host.reportBug(error, `tool ${name}`, services.log),
      };
      const { terminal, signal, clock } = host;
      const typed = { words: command.args, options: command.opts(), json };
      setExitCode(await runToolCommand(tool, typed, { terminal, tools, signal, clock }));
    });
  });
}

function addOwnCommands(program: Command, host: CliHost, setExitCode: (code: number) => void): void {
  const { terminal } = host;
  program
    .command("serve")
    .description("Serve MCP: over stdin and stdout until stdin closes, or over HTTP until a signal ends it.")
    .addOption(new Option("--stdio", "over stdin and stdout").conflicts("http"))
    .option("--http", "over Streamable HTTP at /mcp, and HTTP+SSE at /sse")
    .option("--host <HOST>", "with --http: as --http-host")
    .option("--port <PORT>", "with --http: as --http-port")
    .option("--token-file <FILE>", "with --http: as --http-token-file")
    .action(async ({ http, ...short }: ServeOptions, command: Command) => {
      const flags = { ...readInvocation(program).flags, ...httpFlags(short) };
      if (http !== true && Object.keys(short).some((name) => name !== "stdio"))
        command.error("error: --host, --port and --token-file belong to serve --http");
      await host.serve(flags, http === true ? "http" : "stdio");
    });
  program
    .command("doctor")
    .description(
      "Check this installation: versions, settings and their sources, the store, a call through the server.",
    )
    .action(async () => {
      const { flags, json } = readInvocation(program);
      // Brings the MCP server along, which no other command needs.
      const { runDoctor } = await import("./commands/doctor.ts");
      const isSound = await runDoctor({ ...host, config: host.resolveConfig(flags), json });
      setExitCode(isSound ? EXIT_OK : EXIT_FAILED);
    });
  program
    .command("tracts")
    .description("List the tracts of the store.")
    .action(async () => {
      const { flags, json } = readInvocation(program);
      await withServices(flags, host, async (services) => await listTracts(services, terminal, { json }));
    });
  program
    .command("backup")
    .description("Copy the store into a new file, while others go on working with it.")
    .argument("<file>", "must not be there yet")
    .action(async (file: string) => {
      const { flags, json } = readInvocation(program);
      await backUpStore(file, { config: host.resolveConfig(flags), terminal, json });
    });
  program
    .command("completion")
    .description("Print a completion script for a shell.")
    .addArgument(new Argument("<shell>", "the shell that you use").choices(SHELLS))
    .action((shell: Shell) => terminal.out(completionScript(shell, program)));
}

interface ServeOptions {
  readonly stdio?: true;
  readonly http?: true;
  readonly host?: string;
  readonly port?: string;
  readonly tokenFile?: string;
}

/** The short flags of serve, as the settings they are. */
function httpFlags({ host, port, tokenFile }: ServeOptions): ConfigInputs["flags"] {
  return {
    ...(host === undefined ? {} : { "http.host": host }),
    ...(port === undefined ? {} : { "http.port": port }),
    ...(tokenFile === undefined ? {} : { "http.token_file": tokenFile }),
  };
}

async function withServices(
  flags: ConfigInputs["flags"],
  host: CliHost,
  work: (services: Services) => Promise<void>,
): Promise<void> {
  const services = host.createServices(host.resolveConfig(flags));
  try {
    await work(services);
  } finally {
    await services.close();
  }
}

function readInvocation(program: Command): Invocation {
  const options = program.opts();
  const flags: { [N in SettingName]?: string } = {};
  for (const name of FLAG_SETTINGS) {
    const value: unknown = options[optionKey(name)];
    if (typeof value === "string") flags[name] = value;
  }
  return { flags, json: options.json === true };
}

/** As commander names the values of flags. */
function optionKey(name: SettingName): string {
  return flagOf(name).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
