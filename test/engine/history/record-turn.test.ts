/** record_turn: both messages and their entry in one operation, or the texts for the ledger alone. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withScope } from "../../../src/engine/engine.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { log } from "../../../src/engine/history/log.ts";
import { type RecordTurnRequest, recordTurn } from "../../../src/engine/history/record-turn.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { GONE_TEXT } from "../../../src/engine/ledger/shown-texts.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { openTestEngine, TEST_SCOPE, type TestEngine } from "../../support/engine.ts";

const SESSION = "SES-00000000000000000000000001";
const said = { userMessage: "What is 2 + 2?", response: "Four." };

describe.each(["sqlite", "memory"] as const)("record_turn on %s", (store) => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine({
      store,
      scope: { provenance: { ...TEST_SCOPE.provenance, session_id: SESSION } },
    });
  });
  afterEach(async () => await test.close());

  const turn = (request: Partial<RecordTurnRequest> = {}) => recordTurn(test.engine, { ...said, ...request });

  it("commits both messages and records the turn in one operation, which one undo takes back", async () => {
    const result = await turn({
      generationConfig: { model: "m-1", temperature: 0 },
      promptsUsed: ["math@2"],
    });
    expect(result).toMatchObject({
      turnNumber: 1,
      sessionId: SESSION,
      branch: "main",
      commits: [
        { role: "user", message: "dialogue: What is 2 + 2?" },
        { role: "assistant", generationConfig: { model: "m-1", temperature: 0 } },
      ],
    });
    expect(result.head).toBe(result.commits[1]?.hash);
    expect(await test.engine.store.readOperations("test", { limit: 9 })).toMatchObject([
      { id: result.operationId, type: "commit", results: result.commits.map(({ hash }) => hash) },
    ]);
    const { entries } = await queryLedger(test.engine, { eventType: "TURN_RECORDED", metadata: "full" });
    expect(entries).toMatchObject([
      {
        id: result.ledgerId,
        submissionId: SESSION,
        reason: "Turn 1 recorded",
        promptsUsed: ["math@2"],
        metadata: {
          turn_number: 1,
          user_message: said.userMessage,
          response: said.response,
          model_id: "m-1",
        },
      },
    ]);
    await undo(test.engine);
    expect((await log(test.engine)).entries).toEqual([]);
    expect((await turn()).turnNumber).toBe(2);
    expect((await verify(test.engine)).problems).toEqual([]);
  });

  it("holds hashes in the ledger, never the texts", async () => {
    await turn();
    await turn({ commit: false, userMessage: "only kept", response: "likewise" });
    const stored = JSON.stringify(await test.engine.store.readLedger("test", { order: "asc", limit: 99 }));
    for (const text of ["What is", "Four", "only kept", "likewise"]) expect(stored).not.toContain(text);
  });

  it("keeps texts without commits when asked to, on an unborn tract too", async () => {
    const result = await turn({ commit: false, generationConfig: { model: "m" } });
    expect(result).toMatchObject({ operationId: null, head: null, commits: [], turnNumber: 1, warnings: [] });
    const { entries } = await queryLedger(test.engine, { metadata: "full", order: "asc" });
    expect(entries).toMatchObject([
      { eventType: "GENESIS" },
      {
        eventType: "TURN_RECORDED",
        metadata: { user_message: said.userMessage, commits: [], generation_config: { model: "m" } },
      },
    ]);
    expect((await verify(test.engine)).problems).toEqual([]);
    await commit(test.engine, { items: [{ content: "then a commit" }] });
    expect((await turn()).turnNumber).toBe(2);
    expect((await verify(test.engine)).problems).toEqual([]);
  });

  it("numbers the turns of a session without gaps however many are recorded at once", async () => {
    await commit(test.engine, { items: [{ content: "root" }] });
    const made = await Promise.all(Array.from({ length: 8 }, (_, i) => turn({ commit: i % 2 === 0 })));
    expect(made.map(({ turnNumber }) => turnNumber).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await verify(test.engine)).problems).toEqual([]);
  });

  it.each([
    ["an empty message", { userMessage: "" }, "invalid-content"],
    ["an empty response", { response: " \n" }, "invalid-content"],
    ["usage without numbers", { usage: { input_tokens: -1, output_tokens: 2 } }, "invalid-argument"],
    ["an empty prompt id", { promptsUsed: [""] }, "invalid-argument"],
    ["an unknown branch", { branch: "nope" }, "not-found"],
    ["an unknown session", { session: "SES-1" }, "not-found"],
    ["a lone surrogate", { response: "\ud800" }, "invalid-content"],
    ["a wrong config", { generationConfig: { temperature: "hot" } }, "invalid-argument"],
  ] as const)("refuses %s and stores nothing", async (_, wrong, code) => {
    for (const isCommitted of [true, false]) {
      await expect(turn({ ...wrong, commit: isCommitted })).rejects.toMatchObject({ code });
      expect(await test.engine.store.findTract("test")).toBeNull();
    }
  });

  it("says which text is gone", async () => {
    await turn({ commit: false });
    const { engine } = test;
    const emptied = new Proxy(engine.store, {
      get: (store, name) => {
        if (name === "readContents") return async () => [];
        const member: unknown = Reflect.get(store, name);
        return typeof member === "function" ? member.bind(store) : member;
      },
    });
    const forgetful = { ...engine, store: emptied };
    const { entries } = await queryLedger(forgetful, { eventType: "TURN_RECORDED" });
    expect(entries[0]?.metadata).toMatchObject({ user_message: GONE_TEXT, response: GONE_TEXT });
  });

  it("needs a session", async () => {
    const nobody = withScope(test.engine, { provenance: TEST_SCOPE.provenance });
    await expect(recordTurn(nobody, said)).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
