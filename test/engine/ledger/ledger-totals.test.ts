/** Sums over the ledger by event type, model, operation, session and day. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withScope } from "../../../src/engine/engine.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { recordTurn } from "../../../src/engine/history/record-turn.ts";
import { ledgerEntry } from "../../../src/engine/ledger/entry.ts";
import { type QueryLedgerRequest, queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { emptyChange } from "../../../src/storage/change-set.ts";
import type { JsonObject } from "../../../src/storage/records.ts";
import { openTestEngine, TEST_SCOPE, type TestEngine } from "../../support/engine.ts";

const DAY_MS = 86_400_000;

describe.each(["sqlite", "memory"] as const)("totals of the ledger on %s", (store) => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine({ store });
    await commit(test.engine, { items: [{ content: "x" }] });
    await called("SES-A", { operation: "chat", model_id: "small", ...used(10, 5, 100) });
    await called("SES-A", { operation: "compress", model_id: "large", ...used(1_000, 50, 900), cost: 0.5 });
    test.advance(DAY_MS);
    await called("SES-B", { operation: "chat", model_id: "small", ...used(20, 7, 50), cost: 0.25 });
    const on = inSession("SES-B");
    const said = { userMessage: "hi", response: "ho", generationConfig: { model: "own" } };
    await recordTurn(on, { ...said, usage: { input_tokens: 3, output_tokens: 4 } });
    await recordTurn(on, said);
  });
  afterEach(async () => await test.close());

  const inSession = (session_id: string) =>
    withScope(test.engine, { provenance: { ...TEST_SCOPE.provenance, session_id } });

  const used = (input_tokens: number, output_tokens: number, latency_ms: number): JsonObject => ({
    input_tokens,
    output_tokens,
    latency_ms,
  });

  async function called(session: string, metadata: JsonObject): Promise<void> {
    const on = inSession(session);
    const entry = ledgerEntry(on, new Date(on.clock()).toISOString(), {
      eventType: "LLM_CALL",
      submissionId: session,
      decision: "OK",
      reason: "Asked",
      metadata,
    });
    await on.store.publish({ ...emptyChange("test"), ledger: [entry] });
  }

  async function totals(request: QueryLedgerRequest) {
    const page = await queryLedger(test.engine, request);
    expect([page.entries, page.nextCursor]).toEqual([[], null]);
    return page.totals;
  }

  it("by model: calls and turns with their usage, the dearest first", async () => {
    expect(await totals({ aggregate: "model" })).toEqual({
      groups: [
        {
          group: "large",
          entries: 1,
          calls: 1,
          inputTokens: 1_000,
          outputTokens: 50,
          totalTokens: 1_050,
          latencyMs: 900,
          cost: 0.5,
        },
        {
          group: "small",
          entries: 2,
          calls: 2,
          inputTokens: 30,
          outputTokens: 12,
          totalTokens: 42,
          latencyMs: 150,
          cost: 0.25,
        },
        {
          group: "own",
          entries: 2,
          calls: 1,
          inputTokens: 3,
          outputTokens: 4,
          totalTokens: 7,
          latencyMs: 0,
          cost: null,
        },
      ],
      groupsOmitted: 0,
      all: {
        entries: 5,
        calls: 4,
        inputTokens: 1_033,
        outputTokens: 66,
        totalTokens: 1_099,
        latencyMs: 1_050,
        cost: 0.75,
      },
    });
  });

  it("by operation: of the call, or what was done", async () => {
    const groups = (await totals({ aggregate: "operation" }))?.groups;
    expect(groups?.map(({ group, entries, totalTokens }) => [group, entries, totalTokens])).toEqual([
      ["compress", 1, 1_050],
      ["chat", 2, 42],
      ["commit", 3, 0],
    ]);
  });

  it("by session, by day and by event type, with any filter", async () => {
    const groupsOf = async (request: QueryLedgerRequest) =>
      (await totals(request))?.groups.map(({ group, entries, totalTokens }) => [group, entries, totalTokens]);
    expect(await groupsOf({ aggregate: "session" })).toEqual([
      ["SES-A", 2, 1_065],
      ["SES-B", 5, 34],
    ]);
    expect(await groupsOf({ aggregate: "day" })).toEqual([
      ["2026-01-02", 5, 34],
      ["2026-01-01", 4, 1_065],
    ]);
    expect(await groupsOf({ aggregate: "event_type", session: "SES-B" })).toEqual([
      ["LLM_CALL", 1, 27],
      ["TURN_RECORDED", 2, 7],
      ["OPERATION", 2, 0],
    ]);
    expect(await groupsOf({ aggregate: "day", model: "small" })).toEqual([
      ["2026-01-02", 1, 27],
      ["2026-01-01", 1, 15],
    ]);
    expect(await groupsOf({ aggregate: "model", eventType: "TURN_RECORDED" })).toEqual([["own", 2, 7]]);
    expect(await groupsOf({ aggregate: "model", model: "none" })).toEqual([]);
  });

  it("says how many groups it leaves out, and adds them up all the same", async () => {
    expect(await totals({ aggregate: "model", limit: 1 })).toMatchObject({
      groups: [{ group: "large" }],
      groupsOmitted: 2,
      all: { totalTokens: 1_099 },
    });
  });

  it("can be cancelled", async () => {
    const request = { aggregate: "day", signal: AbortSignal.abort() } as const;
    await expect(queryLedger(test.engine, request)).rejects.toMatchObject({ code: "cancelled" });
  });

  it("filters entries by model", async () => {
    const { entries, count } = await queryLedger(test.engine, { model: "own" });
    expect([count, entries.map(({ eventType }) => eventType)]).toEqual([
      2,
      ["TURN_RECORDED", "TURN_RECORDED"],
    ]);
  });
});
