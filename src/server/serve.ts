/** Serves MCP over stdio for the life of a process: until stdin closes or a signal asks to end (spec 6.1). */
import type { Services } from "./compose.ts";
import { type ConfigInputs, readProcessInputs, resolveConfig } from "./config.ts";
import { createLog } from "./log.ts";
import { serveMcpOnDemand } from "./mcp/stdio.ts";
import { closableStdout, closeStdout } from "./mcp/stdout.ts";
import { writeToStderr } from "./stderr.ts";

/** Resolves when the connection has ended and everything is closed; nothing keeps the process alive then. */
export async function serveStdio(flags: ConfigInputs["flags"]): Promise<void> {
  const config = resolveConfig(readProcessInputs(flags));
  const loaded: { services: Promise<Services> | null } = { services: null };
  const load = (): Promise<Services> => {
    loaded.services = import("./compose.ts").then(({ createServices }) =>
      createServices(config, { authorKind: "agent", writeLog: writeToStderr, files: "import_root" }),
    );
    return loaded.services;
  };
  const stdout = closableStdout(process.stdout);
  const log = createLog(config.settings.log_level, writeToStderr);
  const server = serveMcpOnDemand({ log, load }, { stdin: process.stdin, stdout });
  const end = (): void => void server.close();
  for (const signal of END_SIGNALS) process.once(signal, end);
  await server.closed;
  await (await loaded.services)?.close();
  await closeStdout(stdout);
  for (const signal of END_SIGNALS) process.off(signal, end);
}

const END_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
