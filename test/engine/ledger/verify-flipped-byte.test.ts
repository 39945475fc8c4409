/** A single bit of the file changed, wherever it is: found, refused with a code, or of no account (spec 4.6). */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VerifyResult } from "../../../src/engine/ledger/verify.ts";
import { StoreError } from "../../../src/storage/errors.ts";
import { type DamagedStores, makeDamagedStores } from "../../support/damaged-store.ts";

let stores: DamagedStores;
beforeAll(async () => {
  stores = await makeDamagedStores();
});
afterAll(() => stores.remove());

describe("verify of a file with a flipped byte", () => {
  it("finds it, refuses the file with a code, or the byte tells nothing of history", async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 7 }), async (at, bit) => {
        const outcome = await stores.verifyFlipped(at, bit).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(StoreError);
        else if (!(outcome as VerifyResult).ok) found++;
      }),
      { numRuns: 60 },
    );
    expect(found).toBeGreaterThan(0);
  });
});
