/** chat and generate: what is sent, what is committed, what the ledger says. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import { chat } from "../../../src/engine/conversation/chat.ts";
import { generate } from "../../../src/engine/conversation/generate.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { log } from "../../../src/engine/history/log.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { type Conversation, openConversation, SOON } from "../../support/conversing.ts";
import { say } from "../../support/history.ts";

let on: Conversation;
beforeEach(async () => {
  on = await openConversation();
});
afterEach(async () => await on.close());

async function messagesOf(): Promise<readonly unknown[]> {
  return (await compile(on.engine, {})).messages;
}

describe("chat", () => {
  test("commits what was said and what was answered", async () => {
    on.llm.script({
      text: "Two files.",
      model: "test-model-2026",
      usage: { prompt_tokens: 9, completion_tokens: 3 },
    });
    const reply = await chat(on.engine, {
      text: "What changed?",
      name: "Ada",
      temperature: 0,
      maxTokens: 50,
    });
    expect(reply).toMatchObject({
      text: "Two files.",
      usage: { inputTokens: 9, outputTokens: 3 },
      generationConfig: { model: "test-model-2026", temperature: 0, max_tokens: 50 },
      toolCalls: [],
      branch: "main",
      warnings: [],
    });
    expect(reply.head).toBe(reply.commit);
    expect(await messagesOf()).toEqual([
      { role: "user", content: "What changed?", name: "Ada" },
      { role: "assistant", content: "Two files." },
    ]);
    const [made] = await on.engine.store.readCommits("test", [reply.commit]);
    expect(made?.generationConfig).toEqual(reply.generationConfig);
    expect(on.llm.requests[0]?.body).toEqual({
      model: "test-model",
      messages: [{ role: "user", content: "What changed?", name: "Ada" }],
      stream: false,
      temperature: 0,
      max_tokens: 50,
    });
  });

  test("gives message and metadata to the user's commit, generate gives them to the reply", async () => {
    on.llm.script("one", "two");
    await chat(on.engine, { text: "hello", message: "first", metadata: { n: 1 } });
    await generate(on.engine, { message: "second", metadata: { n: 2 } });
    const { entries } = await log(on.engine, {});
    expect(entries.map(({ message, metadata }) => [message, metadata])).toEqual([
      ["second", { n: 2 }],
      ["dialogue: one", null],
      ["first", { n: 1 }],
    ]);
  });

  test("keeps tool calls as calls of one message, which compile as they came", async () => {
    on.llm.script(
      {
        text: "I look.",
        toolCalls: [
          { id: "c1", name: "read", arguments: '{"path":  "a"}' },
          { id: "c2", name: "list", arguments: "{}" },
        ],
      },
      "Done.",
    );
    const reply = await chat(on.engine, { text: "Look." });
    expect(reply.toolCalls.map(({ id, name, arguments: given }) => [id, name, given])).toEqual([
      ["c1", "read", '{"path":  "a"}'],
      ["c2", "list", "{}"],
    ]);
    const calls = await on.engine.store.readCommits("test", [
      reply.commit,
      ...reply.toolCalls.map((call) => call.commit),
    ]);
    expect(calls.map(({ contentType, generationConfig }) => [contentType, generationConfig])).toEqual([
      ["dialogue", { model: "test-model" }],
      ["tool_io", { model: "test-model" }],
      ["tool_io", { model: "test-model" }],
    ]);
    expect(reply.head).toBe(reply.toolCalls[1]?.commit);
    for (const call_id of ["c1", "c2"])
      await say(on.engine, "", {
        content: { content_type: "tool_io", tool_name: "t", direction: "result", payload: "ok", call_id },
      });
    await generate(on.engine, {});
    expect(on.llm.requests[1]?.body.messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: "I look.",
        tool_calls: [
          { id: "c1", type: "function", function: { name: "read", arguments: '{"path":  "a"}' } },
          { id: "c2", type: "function", function: { name: "list", arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "ok" },
      { role: "tool", tool_call_id: "c2", content: "ok" },
    ]);
  });

  test("keeps a reply of tool calls alone, and half of a surrogate pair as something that can be kept", async () => {
    on.llm.script({ text: null, toolCalls: [{ name: "wait", arguments: "{}" }] }, "half \ud83d");
    const reply = await chat(on.engine, { text: "Go." });
    expect(reply).toMatchObject({ text: "", commit: reply.toolCalls[0]?.commit });
    expect((await generate(on.engine, {})).text).toBe("half \ufffd");
  });

  test("streams, and commits the whole", async () => {
    on.llm.script("one two three");
    const pieces: string[] = [];
    const reply = await chat(on.engine, { text: "Count.", onDelta: (piece) => pieces.push(piece) });
    expect(pieces.join("|")).toBe("one |two |three");
    expect(reply).toMatchObject({ text: "one two three", usage: { inputTokens: 11 } });
  });

  test("goes to the branch that is named, and moves no HEAD", async () => {
    await say(on.engine, "common");
    await createBranch(on.engine, { name: "side" });
    on.llm.script("there");
    const reply = await chat(on.engine, { text: "aside", branch: "side" });
    expect(reply.branch).toBe("side");
    expect(await messagesOf()).toHaveLength(1);
  });

  test("can be undone in two steps", async () => {
    on.llm.script("answer");
    await chat(on.engine, { text: "question" });
    await undo(on.engine, {});
    expect(await messagesOf()).toEqual([{ role: "user", content: "question" }]);
    await undo(on.engine, {});
    expect(await messagesOf()).toEqual([]);
  });
});

describe("the ledger", () => {
  test("has each call with its config, cost and record, in the transaction of the reply", async () => {
    on.llm.script(SOON, { text: "answer", model: "m-1", usage: { prompt_tokens: 5, completion_tokens: 2 } });
    const reply = await chat(on.engine, { text: "a private question", temperature: 0 });
    const [entry] = await on.entries("LLM_CALL");
    expect(entry).toMatchObject({
      submissionId: reply.operationId,
      decision: "OK",
      promptsUsed: ["compile@1"],
    });
    expect(entry?.metadata).toMatchObject({
      operation: "chat",
      model_id: "m-1",
      config: { model: "m-1", temperature: 0 },
      input_tokens: 5,
      output_tokens: 2,
      attempts: 2,
      finish_reason: "stop",
      compile_record: reply.recordId,
    });
    expect(entry?.metadata.latency_ms).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(await on.entries())).not.toContain("private question");
    expect((await verify(on.engine, {})).problems).toEqual([]);
  });

  test("has the turn with the messages that it answers", async () => {
    await say(on.engine, "first");
    await say(on.engine, "second");
    on.llm.script("answer", "more", "again");
    const reply = await generate(on.engine, {});
    await generate(on.engine, {}); // Nothing is unanswered: no turn.
    const other = await chat(on.engine, { text: "third" });
    const turns = await on.entries("TURN_RECORDED");
    const { entries } = await log(on.engine, { role: "user" });
    const [third, second, first] = entries.map(({ hash }) => hash);
    expect(turns.map(({ metadata }) => [metadata.turn_number, metadata.commits])).toEqual([
      [1, [first, second, reply.commit]],
      [2, [third, other.commit]],
    ]);
    expect((await verify(on.engine, {})).ok).toBe(true);
  });

  test("names the prompts: the caller's own, else named instructions as they read now, else the compiler", async () => {
    on.llm.script("a", "b", "c");
    await chat(on.engine, { text: "one" });
    const tone = await say(on.engine, "Be brief.", { role: "system", name: "tone" });
    await say(on.engine, "Be kind.", { editTarget: tone });
    await say(on.engine, "Nameless.", { role: "system" });
    await chat(on.engine, { text: "two" });
    await chat(on.engine, { text: "three", promptsUsed: ["support@3"] });
    const [first, second, third] = (await on.entries("LLM_CALL")).map(({ promptsUsed }) => promptsUsed);
    const [edit] = (await log(on.engine, { operation: "edit" })).entries;
    expect(first).toEqual(["compile@1"]);
    expect(second).toEqual([`instruction:tone@${edit?.contentHash?.slice(0, 8)}`]);
    expect(third).toEqual(["support@3"]);
  });

  test("leads to the exact messages of every call, with an equal digest, whatever came later", async () => {
    on.llm.script("one", "two", { text: null, toolCalls: [{ id: "c", name: "t", arguments: "{}" }] });
    const tone = await say(on.engine, "Be brief.", { role: "system", name: "tone" });
    for (const text of ["a", "b", "c"]) await chat(on.engine, { text });
    await say(on.engine, "Be long.", { editTarget: tone });
    const [user] = (await log(on.engine, { role: "user" })).entries;
    await annotate(on.engine, { refs: [user?.hash ?? ""], priority: "skip" });
    const calls = await on.entries("LLM_CALL");
    expect(calls).toHaveLength(3);
    for (const [index, { metadata }] of calls.entries()) {
      const rebuilt = await compile(on.engine, { recordId: String(metadata.compile_record) });
      expect(rebuilt.messages).toEqual(on.llm.requests[index]?.body.messages);
      expect(rebuilt.digest).toBe(metadata.digest);
    }
  });

  test("adds up to what the server reported", async () => {
    on.llm.script(
      "one",
      { text: "two", usage: { prompt_tokens: 100, completion_tokens: 1 } },
      { text: "three", usage: null },
    );
    for (const text of ["a", "b", "c"]) await chat(on.engine, { text });
    const sums = (await on.entries("LLM_CALL")).map(({ metadata }) => [
      metadata.input_tokens,
      metadata.output_tokens,
    ]);
    expect(sums).toEqual([
      [11, 7],
      [100, 1],
      [null, null],
    ]);
    expect(on.llm.reported()).toEqual({ prompt: 111, completion: 8 });
  });
});
