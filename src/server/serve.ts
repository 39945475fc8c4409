/** Serves MCP over stdio for the life of a process: until stdin closes or a signal asks to end (spec 6.1). */
import { createServices } from "./compose.ts";
import { type ConfigInputs, readProcessInputs, resolveConfig } from "./config.ts";
import { serveMcpOverStdio } from "./mcp/stdio.ts";
import { closableStdout, closeStdout } from "./mcp/stdout.ts";

/** Resolves when the connection has ended and everything is closed; nothing keeps the process alive then. */
export async function serveStdio(flags: ConfigInputs["flags"]): Promise<void> {
  const services = createServices(resolveConfig(readProcessInputs(flags)), {
    authorKind: "agent",
    writeLog: (line) => void process.stderr.write(line),
    confinesFiles: true,
  });
  const stdout = closableStdout(process.stdout);
  const server = serveMcpOverStdio(services, { stdin: process.stdin, stdout });
  const end = (): void => void server.close();
  for (const signal of END_SIGNALS) process.once(signal, end);
  await server.closed;
  await services.close();
  await closeStdout(stdout);
  for (const signal of END_SIGNALS) process.off(signal, end);
}

const END_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
