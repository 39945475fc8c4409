/** Turns what a store could not do into an error that says what to do next. */
import { StoreConflict, StoreError, type StoreFailure } from "../storage/errors.ts";
import { type ErrorCode, TractError } from "./errors.ts";

const HINTS: { readonly [F in StoreFailure]: string } = {
  "store-busy":
    "Another process has been writing for a long time. Try again; nothing was stored by this call.",
  "store-full":
    "The disk or a quota is full. Free some space and try again; what was stored before is intact.",
  "store-readonly":
    "The store can be read but not written. Check the permissions of its file and folder, or open another store.",
  "store-corrupt":
    "Keep the file as it is. Run verify to see what is damaged, and restore a backup beside it if you have one.",
  "store-foreign":
    "This file belongs to another program and was left untouched. Name another file as the store.",
  "store-newer": "A newer version of Tract wrote this store. Update tract-mcp, or open another store.",
  "store-unusable": "Check the store's location; tract doctor says what is wrong.",
};

/** The error that callers get for a failure of the store; other errors are given back as they are. */
export function asTractError(error: unknown): unknown {
  if (error instanceof StoreConflict) {
    return new TractError(
      "branch-moved",
      "somebody else changed the same place at the same time; nothing was stored",
      { hint: "Try again.", cause: error },
    );
  }
  if (!(error instanceof StoreError)) return error;
  const code: ErrorCode = error.failure === "store-unusable" ? "invalid-argument" : error.failure;
  return new TractError(code, error.message, { hint: HINTS[error.failure], cause: error });
}

/** The same promise, with failures of the store as TractErrors. */
export async function withTractErrors<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw asTractError(error);
  }
}
