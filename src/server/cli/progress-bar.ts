/** A progress bar on stderr for work that takes more than a second; nothing for shorter work or where no one watches. */
import type { Terminal } from "./terminal.ts";

export interface ProgressBar {
  readonly report: (done: number, total: number | null, message: string) => void;
  /** Takes the bar away. */
  readonly finish: () => void;
}

/** @param clock Milliseconds, from any beginning. */
export function createProgressBar(terminal: Terminal, clock: () => number): ProgressBar {
  const startedAt = clock();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isShown = false;
  return {
    report: (done, total, message) => {
      const now = clock();
      if (!terminal.isErrTerminal || now - startedAt < SILENT_MS || now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      isShown = true;
      terminal.err(`${ERASE_LINE}${barLine(done, total, message)}`);
    },
    finish: () => {
      if (isShown) terminal.err(ERASE_LINE);
    },
  };
}

function barLine(done: number, total: number | null, message: string): string {
  if (total === null || total <= 0) return `${message} ${done.toLocaleString("en")}`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR_COLUMNS);
  const bar = "█".repeat(filled) + "░".repeat(BAR_COLUMNS - filled);
  return `${message} ${bar} ${Math.floor(share * 100)} % of ${total.toLocaleString("en")}`;
}

const SILENT_MS = 1_000;
const REDRAW_MS = 80;
const BAR_COLUMNS = 24;
const ERASE_LINE = "\r\u001b[2K";
