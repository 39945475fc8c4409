/** Keeps Node's note that its SQLite is experimental off stderr: Node 22 and 24 would begin every command with it. */

/** For programs, not for the library: the process has to be ours. Every other warning is shown as before. */
export function silenceSqliteNotice(): void {
  const emitWarning = process.emitWarning.bind(process) as (...given: readonly unknown[]) => void; // Its overloads take these.
  process.emitWarning = (warning: string | Error, ...rest: readonly unknown[]): void => {
    if (!String(warning).startsWith("SQLite is an experimental feature")) emitWarning(warning, ...rest);
  };
}
