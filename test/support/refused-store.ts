/** Opening a store that is to be refused. */
import { expect } from "vitest";
import { StoreError } from "../../src/storage/errors.ts";
import { type OpenStoreOptions, openStore } from "../../src/storage/open-store.ts";

/** What opening is refused with; no message holds a path of `folder` or advises to throw anything away. */
export async function refusedStore(
  folder: string,
  location: string,
  options: OpenStoreOptions = {},
): Promise<StoreError> {
  const outcome = await openStore(location, { deadlineMs: 0, ...options }).catch((error: unknown) => error);
  if (!(outcome instanceof StoreError)) throw new Error("the store was opened");
  expect(outcome.message).not.toContain(folder);
  expect(outcome.message).not.toMatch(/delete|remove|erase|reset|drop|wipe/i);
  return outcome;
}
