/** Runs the CLI in this process: its terminal, its signals, its settings. */
import { createServices } from "../compose.ts";
import { readProcessInputs, resolveConfig } from "../config.ts";
import { reportBug } from "../log.ts";
import { EXIT_FAILED } from "./failure.ts";
import { runCli } from "./run-cli.ts";
import { processTerminal } from "./terminal.ts";

/** Gives the exit code: 0 done, 1 failed, 2 the command line is wrong (spec 6.4). */
export async function runProcess(argv: readonly string[]): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const { env } = readProcessInputs({});
  const terminal = processTerminal({ stdin, stdout, stderr, env });
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.once("SIGINT", interrupt);
  try {
    const exitCode = await runCli(argv, {
      terminal,
      signal: interruption.signal,
      clock: () => performance.now(),
      resolveConfig: (flags) => resolveConfig(readProcessInputs(flags)),
      createServices: (config) =>
        createServices(config, { authorKind: "user", writeLog: terminal.err, files: "any" }),
      reportBug,
      serve: async (flags, over) => {
        if (over === "http") {
          const { serveHttp } = await import("../serve-http.ts");
          await serveHttp(flags);
        } else {
          const { serveStdio } = await import("../serve.ts");
          await serveStdio(flags);
        }
      },
    });
    const obstacle = await terminal.flushed();
    if (obstacle === null) return exitCode;
    terminal.err(`error: the output could not be written (${obstacle})\nhint: ${OUTPUT_HINT}\n`);
    return EXIT_FAILED;
  } finally {
    process.off("SIGINT", interrupt);
  }
}

const OUTPUT_HINT =
  "What the command did is done; only the answer is lost. Check the place that stdout leads to.";
