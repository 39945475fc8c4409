/** Runs the CLI in this process: its terminal, its signals, its settings. */
import { createServices } from "../compose.ts";
import { readProcessInputs, resolveConfig } from "../config.ts";
import { reportBug } from "../log.ts";
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
    return await runCli(argv, {
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
  } finally {
    process.off("SIGINT", interrupt);
  }
}
