/** The shape of a view: what a person sees of a tool's result. */
import type { ToolResult } from "../../../tools/tool.ts";
import type { Terminal } from "../terminal.ts";

/** What was asked for on the command line that changes how a result is shown. */
export interface ViewOptions {
  readonly graph: boolean;
  /** Commits beside the first parents were asked for. */
  readonly merged: boolean;
  /** The `--format` of compile. */
  readonly format: string | null;
  /** The day in UTC, as `2026-03-01`: times of today are shown shorter. */
  readonly today: string;
}

/** Gives the text for stdout, ending in a line break; empty when there is nothing to show. */
export type View = (result: ToolResult, terminal: Terminal, options: ViewOptions) => string;
