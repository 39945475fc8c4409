/** Failures that a store can meet, by kind; the engine turns them into errors with hints. */
import type { RefValue } from "./records.ts";

export type StoreFailure =
  | "store-busy"
  | "store-full"
  | "store-readonly"
  | "store-corrupt"
  | "store-foreign"
  | "store-newer"
  | "store-unusable";

/** The store cannot do what was asked. The message never holds a path, SQL or stored content. */
export class StoreError extends Error {
  readonly failure: StoreFailure;
  constructor(failure: StoreFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.failure = failure;
  }
}

/** What a ChangeSet expected was no longer so; nothing was written. */
export class StoreConflict extends Error {
  /** What moved: a ref, the annotation log, the tract's existence, or an idempotency key already used. */
  readonly moved:
    | {
        readonly what: "ref";
        readonly kind: string;
        readonly name: string;
        readonly expected: RefValue | null;
        readonly actual: RefValue | null;
      }
    | { readonly what: "annotations"; readonly expected: number; readonly actual: number }
    | { readonly what: "tract"; readonly exists: boolean }
    | { readonly what: "idempotency-key"; readonly operationId: string };
  constructor(moved: StoreConflict["moved"]) {
    super(`expected state has moved: ${moved.what}`);
    this.name = "StoreConflict";
    this.moved = moved;
  }
}
