/** verify holds the entries of sessions against one another. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commit } from "../../../src/engine/history/commit.ts";
import { type LedgerEvent, ledgerEntry } from "../../../src/engine/ledger/entry.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { emptyChange } from "../../../src/storage/change-set.ts";
import type { JsonObject } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  await commit(test.engine, { items: [{ content: "x" }] });
});
afterEach(async () => await test.close());

async function write(
  eventType: LedgerEvent,
  decision: string,
  submissionId: string,
  metadata: JsonObject = {},
): Promise<void> {
  const { engine } = test;
  const event = { eventType, decision, submissionId, reason: decision, metadata };
  const entry = ledgerEntry(engine, new Date(engine.clock()).toISOString(), event);
  await engine.store.publish({ ...emptyChange("test"), ledger: [entry] });
}

const problems = async () => (await verify(test.engine)).problems;

describe("verify", () => {
  it("finds sessions sound that begin, end, resume and end again", async () => {
    await write("SESSION_START", "STARTED", "SES-A");
    await write("SESSION_START", "STARTED", "SES-B");
    await write("TURN_RECORDED", "RECORDED", "SES-A", { turn_number: 1 });
    await write("TURN_RECORDED", "RECORDED", "SES-B", { turn_number: 1 });
    await write("SESSION_END", "ENDED", "SES-A");
    await write("SESSION_END", "ABANDONED", "SES-B");
    await write("SESSION_START", "RESUMED", "SES-A");
    await write("TURN_RECORDED", "RECORDED", "SES-A", { turn_number: 2 });
    await write("SESSION_END", "ENDED", "SES-A");
    expect(await problems()).toEqual([]);
  });

  it("names an end without a beginning, and a second end", async () => {
    await write("SESSION_END", "ENDED", "SES-A");
    await write("SESSION_START", "STARTED", "SES-B");
    await write("SESSION_END", "ENDED", "SES-B");
    await write("SESSION_END", "ENDED", "SES-B");
    expect(await problems()).toMatchObject([
      { kind: "ledger", what: "unlinked", field: "submission_id", sequence: 3 },
      { kind: "ledger", what: "unlinked", field: "submission_id", sequence: 6 },
    ]);
  });

  it("names turns that are not in order", async () => {
    await write("TURN_RECORDED", "RECORDED", "SES-A", { turn_number: 1 });
    await write("TURN_RECORDED", "RECORDED", "SES-A", { turn_number: 3 });
    await write("TURN_RECORDED", "RECORDED", "SES-A", { turn_number: 4 });
    await write("TURN_RECORDED", "RECORDED", "SES-A", { turn_number: 4 });
    expect(await problems()).toMatchObject([
      { kind: "ledger", what: "disordered", field: "turn_number", sequence: 4 },
      { kind: "ledger", what: "disordered", field: "turn_number", sequence: 6 },
    ]);
  });
});
