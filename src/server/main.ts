/** Starts Tract: MCP over stdio for hosts, commands for people. */
import { expectedFailure, INTERNAL_FAILURE } from "../tools/failure.ts";
import { readArguments } from "./config.ts";
import { silenceSqliteNotice } from "./quiet-warnings.ts";
import { parseServeArguments } from "./serve-arguments.ts";

silenceSqliteNotice();
const argv = readArguments();
const serveFlags = parseServeArguments(argv, { isTerminal: process.stdin.isTTY === true });
try {
  if (serveFlags === null) {
    const { runProcess } = await import("./cli/run-process.ts");
    process.exitCode = await runProcess(argv);
  } else {
    const { serveStdio } = await import("./serve.ts");
    await serveStdio(serveFlags);
  }
} catch (error) {
  const failure = expectedFailure(error) ?? INTERNAL_FAILURE;
  process.stderr.write(`error: ${failure.message}\nhint: ${failure.hint}\n`);
  process.exitCode = failure.code === "invalid-argument" ? 2 : 1;
}
