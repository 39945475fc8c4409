/** Where the CLI writes and reads: both output streams with their width and colours, and stdin on demand. */
import { setImmediate as nextRound } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import picocolors from "picocolors";
import { wantsColors } from "../config.ts";
import { decodeText } from "./text-input.ts";

export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Terminal {
  /** Writes to stdout. */
  readonly out: (text: string) => void;
  /** Writes to stderr. */
  readonly err: (text: string) => void;
  readonly isOutTerminal: boolean;
  readonly isErrTerminal: boolean;
  /** Columns of stdout; Infinity where nothing is cut, as in a pipe. */
  readonly width: number;
  /** Colours of stdout and of stderr; plain text when they are not wanted. */
  readonly colors: Colors;
  readonly errColors: Colors;
  /** All of stdin, as text; TractError `invalid-argument` when it is not UTF-8. */
  readonly readStdin: () => Promise<string>;
}

export interface ProcessTerminal extends Terminal {
  /** Resolves when all that was written has gone, with the system's code for why some of it could not (a full disk), else null. */
  readonly flushed: () => Promise<string | null>;
}

/** The terminal of a process. */
export function processTerminal(streams: {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}): ProcessTerminal {
  const { stdin, stdout, stderr, env } = streams;
  let obstacle: string | null = null;
  stdout.on("error", ({ code = "unknown" }: NodeJS.ErrnoException) => {
    // A reader that stops early, as in `tract log | head`, is no failure.
    if (code !== "EPIPE") obstacle ??= code;
  });
  // There is nowhere left to tell of it.
  stderr.on("error", () => undefined);
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isOutTerminal: stdout.isTTY === true,
    isErrTerminal: stderr.isTTY === true,
    width:
      stdout.isTTY === true
        ? Math.max(COLUMNS_MIN, stdout.columns || COLUMNS_USUAL)
        : Number.POSITIVE_INFINITY,
    colors: picocolors.createColors(wantsColors(env, stdout.isTTY === true)),
    errColors: picocolors.createColors(wantsColors(env, stderr.isTTY === true)),
    readStdin: async () => {
      const parts: Uint8Array[] = [];
      for await (const part of stdin) parts.push(Buffer.from(part));
      return decodeText(Buffer.concat(parts), "the text on stdin");
    },
    flushed: async () => {
      if (stdout.writable) await new Promise<void>((resolve) => stdout.write("", () => resolve()));
      // A stream tells of an error in a tick of its own, after the write.
      await nextRound();
      return obstacle;
    },
  };
}

/**
 * Stored text as a terminal may show it: control characters could move the cursor or change its settings, so they are made visible.
 * Line breaks and tabs stay.
 */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROLS, (control) =>
    control < "\u0080" ? String.fromCodePoint(0x2400 + (control.charCodeAt(0) % 0x7f)) : "\ufffd",
  );
}

const COLUMNS_MIN = 40;
const COLUMNS_USUAL = 80;
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for.
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
