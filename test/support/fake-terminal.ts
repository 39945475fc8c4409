/** A terminal for tests: keeps what was written, colours only when asked for. */
import picocolors from "picocolors";
import type { Terminal } from "../../src/server/cli/terminal.ts";

export interface FakeTerminal extends Terminal {
  readonly outText: () => string;
  readonly errText: () => string;
}

export interface FakeTerminalOptions {
  readonly isOutTerminal?: boolean;
  readonly isErrTerminal?: boolean;
  readonly width?: number;
  readonly hasColors?: boolean;
  readonly stdin?: string;
}

export function fakeTerminal(options: FakeTerminalOptions = {}): FakeTerminal {
  let out = "";
  let err = "";
  const colors = picocolors.createColors(options.hasColors === true);
  return {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isOutTerminal: options.isOutTerminal === true,
    isErrTerminal: options.isErrTerminal === true,
    width: options.width ?? Number.POSITIVE_INFINITY,
    colors,
    errColors: colors,
    readStdin: async () => options.stdin ?? "",
    outText: () => out,
    errText: () => err,
  };
}
