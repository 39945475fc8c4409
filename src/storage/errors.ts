/** Failures that a store can meet, by kind; the engine turns them into errors with hints. */
import type { Hash, RefValue } from "./records.ts";

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
  /** What moved: a ref, the annotation log, the ledger, the tract's existence, a commit or content, a plan, or an idempotency key already used. */
  readonly moved:
    | {
        readonly what: "ref";
        readonly kind: string;
        readonly name: string;
        readonly expected: RefValue | null;
        readonly actual: RefValue | null;
      }
    | { readonly what: "ledger"; readonly expected: number; readonly actual: number }
    | { readonly what: "annotations"; readonly expected: number; readonly actual: number }
    | { readonly what: "tract"; readonly exists: boolean }
    /** Removed by gc meanwhile. */
    | { readonly what: "commit" | "content"; readonly hash: Hash }
    /** Applied or rejected meanwhile. */
    | { readonly what: "plan"; readonly id: string }
    | { readonly what: "idempotency-key"; readonly operationId: string };
  constructor(moved: StoreConflict["moved"]) {
    super(`expected state has moved: ${moved.what}`);
    this.name = "StoreConflict";
    this.moved = moved;
  }
}
