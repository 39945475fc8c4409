/** The turn that a reply closes: what was asked and answered in it, whoever else writes meanwhile. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { chat } from "../../../src/engine/conversation/chat.ts";
import { generate } from "../../../src/engine/conversation/generate.ts";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { log } from "../../../src/engine/history/log.ts";
import { recordTurn } from "../../../src/engine/history/record-turn.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { sessionTotals } from "../../../src/engine/ledger/session-totals.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import type { LlmRequest } from "../../../src/engine/llm/llm-client.ts";
import { type Conversation, failed, openConversation } from "../../support/conversing.ts";
import { say } from "../../support/history.ts";

let on: Conversation;
beforeEach(async () => {
  on = await openConversation();
});
afterEach(async () => await on.close());

/** What each turn says was asked and answered, and of how many commits it is, oldest first. */
async function turns(): Promise<readonly unknown[]> {
  const query = { eventType: "TURN_RECORDED", metadata: "full", order: "asc" } as const;
  const { entries } = await queryLedger(on.engine, query);
  return entries.map(({ metadata = {} }) => {
    const { user_message, response, commits } = metadata;
    return [user_message, response, Array.isArray(commits) ? commits.length : null];
  });
}

function inSession(engine: Engine, id: string): Engine {
  const { author, provenance } = engine.scope;
  return withScope(engine, {
    author: { ...author, session_id: id },
    provenance: { ...provenance, session_id: id },
  });
}

/** Answers `re: <the newest message>` once as many have asked. */
function answersTogether(count: number): { chat: (request: LlmRequest) => Promise<{ text: string }> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  return {
    chat: async ({ messages }) => {
      asked += 1;
      if (asked === count) resolve();
      await promise;
      return { text: `re: ${String(messages.at(-1)?.content)}` };
    },
  };
}

test("conversations that meet on one branch have each its own turns", async () => {
  const llm = { client: answersTogether(2), model: "m", isOwn: false };
  const [one, two] = ["SES-ONE", "SES-TWO"].map((id) => inSession({ ...on.engine, llm }, id));
  if (one === undefined || two === undefined) throw new Error("two sessions");
  const first = chat(one, { text: "from one" });
  await Promise.all([first, chat(two, { text: "from two" })]);
  const all = (await turns()).map((turn) => JSON.stringify(turn)).sort();
  expect(all).toHaveLength(2);
  expect(all[0]).toContain('["from one","re: ');
  expect(all[1]).toContain('["from two","re: ');
  expect(all.every((turn) => turn.endsWith(",2]"))).toBe(true);
  expect((await verify(on.engine, {})).problems).toEqual([]);
});

test("turns of one session on two branches have each a number of its own", async () => {
  await say(on.engine, "to begin with");
  await createBranch(on.engine, { name: "idea" });
  const engine = { ...on.engine, llm: { client: answersTogether(2), model: "m", isOwn: false } };
  const here = chat(engine, { text: "here", branch: "main" });
  await Promise.all([here, chat(engine, { text: "there", branch: "idea" })]);
  const numbers = (await on.entries("TURN_RECORDED")).map(({ metadata }) => metadata.turn_number);
  expect(numbers).toEqual([1, 2]);
  expect((await verify(on.engine, {})).problems).toEqual([]);
});

test("what others say while the LLM thinks is answered by no reply of before", async () => {
  await say(on.engine, "asked before");
  const client = {
    chat: async () => {
      await say(withScope(on.engine, { worktree: "other" }), "asked meanwhile");
      return { text: "late" };
    },
  };
  await generate({ ...on.engine, llm: { client, model: "m", isOwn: false } }, {});
  expect(await turns()).toEqual([["asked before", "late", 2]]);
});

test("a message that was edited before it was answered stands there as the LLM saw it", async () => {
  on.llm.script({ kind: "status", status: 400 }, "Oslo.");
  await failed(chat(on.engine, { text: "Capital of Sweden?" }));
  const [asked] = (await log(on.engine, { role: "user" })).entries;
  await say(on.engine, "Capital of Norway?", { editTarget: asked?.hash ?? "" });
  await generate(on.engine, {});
  expect(await turns()).toEqual([["Capital of Norway?", "Oslo.", 2]]);
});

test("a turn ends with the answer, not with the calls of tools on the way to it", async () => {
  const call = (id: string): object => ({ id, name: "read", arguments: "{}" });
  const result = async (call_id: string): Promise<unknown> =>
    await say(on.engine, "", {
      content: { content_type: "tool_io", tool_name: "read", direction: "result", payload: "ok", call_id },
    });
  on.llm.script(
    { text: "I look.", toolCalls: [call("c1")] } as never,
    { text: null, toolCalls: [call("c2")] } as never,
    "It is well.",
    "Always.",
  );
  await chat(on.engine, { text: "How is it?" });
  await result("c1");
  await generate(on.engine, {});
  await result("c2");
  expect(await turns()).toEqual([]);
  await generate(on.engine, {});
  await chat(on.engine, { text: "Thanks." });
  expect(await turns()).toEqual([
    ["How is it?", "It is well.", 2],
    ["Thanks.", "Always.", 2],
  ]);
});

test("turns of chat and turns that were recorded are numbered in one row", async () => {
  on.llm.script("one", "three");
  await chat(on.engine, { text: "a" });
  await recordTurn(on.engine, { userMessage: "b", response: "two" });
  await chat(on.engine, { text: "c" });
  expect((await on.entries("TURN_RECORDED")).map(({ metadata }) => metadata.turn_number)).toEqual([1, 2, 3]);
});

test("one call of the tool chat counts once in the totals of its session", async () => {
  const engine = withScope(on.engine, { tool: { name: "chat", arguments: "text" } });
  on.llm.script("one");
  await chat(engine, { text: "a" });
  const id = on.engine.scope.provenance.session_id ?? "";
  const { turnCount, totalCost } = await sessionTotals(on.engine, id, new Date(0).toISOString());
  expect([turnCount, totalCost.tool_calls, totalCost.llm_calls]).toEqual([1, 1, 1]);
});
