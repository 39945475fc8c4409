/** The one formatter of failed calls: code, message, hint and data, and never a stack, a path, SQL or stored content (spec 8). */
import { type ErrorCode, TractError } from "../engine/errors.ts";
import { asTractError } from "../engine/store-failure.ts";

export interface ToolFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a caller gets to know of any error; null when it is a bug of ours, which only the log gets to know. */
export function expectedFailure(error: unknown): ToolFailure | null {
  const known = asTractError(error);
  return known instanceof TractError ? known.toJSON() : null;
}

/** What is said of a bug. */
export const INTERNAL_FAILURE: ToolFailure = {
  code: "internal",
  message: "Tract met an error of its own",
  hint: "Look at status to see what was stored, then try again; the server's log on stderr has the details for a bug report.",
  data: {},
};

/** The failure as text: the same as its structure. */
export function failureText({ code, message, hint, data }: ToolFailure): string {
  const facts = Object.keys(data).length === 0 ? "" : `\ndata: ${JSON.stringify(data)}`;
  return `${code}: ${message}\n${hint}${facts}`;
}
