/** A small logger to stderr: stdout belongs to the protocol, and stored content is never logged. */

/** From quiet to talkative; a level shows itself and those before it. */
export const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Facts beside the message: names, numbers, codes. Never content, keys or SQL. */
export type LogFacts = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  readonly error: (message: string, facts?: LogFacts) => void;
  readonly warn: (message: string, facts?: LogFacts) => void;
  readonly info: (message: string, facts?: LogFacts) => void;
  readonly debug: (message: string, facts?: LogFacts) => void;
}

/**
 * Makes a logger that writes one line per message: `tract warn: message key=value`.
 *
 * @param write Takes a whole line; a way in passes stderr's write.
 */
export function createLog(level: LogLevel, write: (line: string) => void): Log {
  const shown = LOG_LEVELS.indexOf(level);
  const at = (own: Exclude<LogLevel, "silent">): Log["error"] =>
    LOG_LEVELS.indexOf(own) > shown
      ? () => undefined
      : (message, facts) => write(formatLine(own, message, facts));
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

function formatLine(level: string, message: string, facts: LogFacts | undefined): string {
  const pairs = Object.entries(facts ?? {}).map(([key, value]) => ` ${key}=${formatFact(value)}`);
  return `tract ${level}: ${message}${pairs.join("")}\n`;
}

/** Quoted when it would break the line or run into the next fact. */
function formatFact(value: string | number | boolean | null): string {
  return typeof value === "string" && /[^\w./:@-]/.test(value) ? JSON.stringify(value) : String(value);
}

/** For the people who run Tract: where a bug of ours showed, never its message, which may quote what was stored. */
export function reportBug(error: unknown, where: string, log: Log): void {
  const stack =
    error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  log.error("an internal error", {
    where,
    error: error instanceof Error ? error.name : typeof error,
    stack: stack
      .slice(0, STACK_LINES)
      .map((line) => line.trim())
      .join(" | "),
  });
}

const STACK_LINES = 6;
