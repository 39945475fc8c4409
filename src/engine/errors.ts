/** The one shape of an expected failure: a code to act on, what happened to what, and what to do next (spec 8). */

export type ErrorCode =
  | "not-found"
  | "ambiguous-ref"
  | "invalid-content"
  | "invalid-argument"
  | "content-too-large"
  | "invalid-name"
  | "exists"
  | "detached-head"
  | "branch-moved"
  | "edit-target"
  | "budget-exceeded"
  | "budget-too-small"
  | "nothing-to-do"
  | "conflicts"
  | "plan-stale"
  | "plan-not-found"
  | "summary-refused"
  | "unmerged"
  | "in-use"
  | "not-allowed"
  | "llm-not-configured"
  | "llm-auth"
  | "llm-rate-limited"
  | "llm-unavailable"
  | "llm-bad-response"
  | "record-not-reproducible"
  | "store-busy"
  | "store-full"
  | "store-readonly"
  | "store-corrupt"
  | "store-foreign"
  | "store-newer"
  | "cancelled"
  | "internal";

export interface ErrorDetail {
  /** What the caller can do next, in a sentence. Never advises deleting or resetting anything. */
  readonly hint: string;
  /** Facts to act on: names, hashes, numbers. Never stored content. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * A failure that the caller can do something about. Bugs are `invariant` failures instead.
 *
 * @example
 * try { await tract.checkout("mian"); } catch (error) {
 *   if (error instanceof TractError && error.code === "not-found") console.error(error.message, error.hint, error.data);
 * }
 */
export class TractError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "TractError";
    this.code = code;
    this.hint = detail.hint;
    this.data = detail.data ?? {};
  }

  toJSON(): { code: ErrorCode; message: string; hint: string; data: Readonly<Record<string, unknown>> } {
    return { code: this.code, message: this.message, hint: this.hint, data: this.data };
  }
}
