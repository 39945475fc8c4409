/** A store whose k-th call fails, for showing that every operation is all or nothing (spec 7.3). */
import { StoreError } from "../../src/storage/errors.ts";
import type { Store } from "../../src/storage/store.ts";

export interface FailingStore {
  readonly store: Store;
  /** Calls so far. */
  readonly calls: () => number;
  /** False: the store has not been called often enough yet. */
  readonly hasFailed: () => boolean;
}

/** The same store; call number `failAt` (from 1) fails before it does anything, all others go through. */
export function failingStore(store: Store, failAt: number): FailingStore {
  let calls = 0;
  const proxy = new Proxy(store, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function") return member;
      return (...args: readonly unknown[]): unknown => {
        calls += 1;
        if (calls === failAt) return Promise.reject(new StoreError("store-busy", "made to fail by a test"));
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { store: proxy, calls: () => calls, hasFailed: () => calls >= failAt };
}
