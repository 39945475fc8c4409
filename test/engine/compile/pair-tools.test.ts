/** Stage 5: calls and results find each other, parts of one message stay together, what has no other half is told (spec 2.5; spec 9, 13). */
import { describe, expect, it } from "vitest";
import { ChainBuilder, compileChain, draftOf } from "../../support/chain-builder.ts";

/** Units as lines: kind, and the texts of their commits in the order of the message list. */
function unitsOf(history: ChainBuilder): readonly string[] {
  return draftOf(history).units.map(({ kind, entries }) => {
    const names = entries.map(({ place }) => place.commit.message.replace(/^\w+: /, ""));
    return `${kind} ${names.join(" | ")}`;
  });
}

function toolMessages(history: ChainBuilder): readonly unknown[] {
  return compileChain(history)
    .toOpenAI()
    .map((message) =>
      message.role === "tool"
        ? message.tool_call_id
        : message.role === "assistant" && message.tool_calls
          ? message.tool_calls.map(({ id }) => id)
          : message.content,
    );
}

describe("calls and results", () => {
  it("become one unit", () => {
    const history = new ChainBuilder();
    history.user("find x");
    history.call("1", "find", "x");
    history.result("1", "find", "here");
    history.assistant("found");
    expect(unitsOf(history)).toEqual(["text find x", "exchange find x | find here", "text found"]);
  });

  it("made in parallel are one message, their results in the order they came", () => {
    const history = new ChainBuilder();
    history.call("1", "f", "x");
    history.call("2", "f", "y");
    history.result("2", "f", "Y");
    history.result("1", "f", "X");
    expect(toolMessages(history)).toEqual([["1", "2"], "2", "1"]);
  });

  it("are two messages when the second call was made after the first result", () => {
    const history = new ChainBuilder();
    history.call("1", "f", "x");
    history.result("1", "f", "X");
    history.call("2", "f", "y");
    history.result("2", "f", "Y");
    expect(toolMessages(history)).toEqual([["1"], "1", ["2"], "2"]);
  });

  it("with something between them: the late result moves up behind its call, and that is told", () => {
    const history = new ChainBuilder();
    history.call("1", "f", "x");
    history.user("are you there?");
    const late = history.result("1", "f", "X");
    expect(toolMessages(history)).toEqual([["1"], "1", "are you there?"]);
    expect(compileChain(history).repairs).toEqual([{ what: "result-moved-up", commits: [late] }]);
  });

  it("pair by the nearest open call when an id is repeated", () => {
    const history = new ChainBuilder();
    history.call("1", "f", "first");
    history.call("1", "f", "second");
    history.result("1", "f", "to the second");
    history.result("1", "f", "to the first");
    const [unit] = draftOf(history).units;
    expect(unit?.kind === "exchange" && unit.answers.map(({ call }) => call)).toEqual([1, 0]);
  });

  it("without an id never pair: null equals nothing", () => {
    const history = new ChainBuilder();
    history.call(null, "f", "x");
    history.result(null, "f", "X");
    expect(unitsOf(history)).toEqual(["orphan f x", "orphan f X"]);
  });

  it("that lack their other half are told, and shown as plain text of the assistant and of the user", () => {
    const history = new ChainBuilder();
    const call = history.call("1", "f", "x");
    const result = history.result("2", "f", "Y");
    const context = compileChain(history, { format: "openai" });
    expect(context.messages).toEqual([
      { role: "assistant", content: "[tool call without a result]\nf x" },
      { role: "user", content: "[tool result without its call]\nf Y" },
    ]);
    expect(context.repairs).toEqual([
      { what: "call-without-result", commits: [call] },
      { what: "result-without-call", commits: [result] },
    ]);
  });

  it("leave a call without result out of the message of those that have one", () => {
    const history = new ChainBuilder();
    history.call("1", "f", "x");
    history.call("2", "f", "y");
    history.call("3", "f", "z");
    history.result("1", "f", "X");
    history.result("3", "f", "Z");
    expect(unitsOf(history)).toEqual(["exchange f x | f z | f X | f Z", "orphan f y"]);
  });

  it("pair anew when the call in between is skipped", () => {
    const history = new ChainBuilder();
    history.call("1", "f", "x");
    const retry = history.call("1", "f", "again");
    history.result("1", "f", "X");
    history.annotate(retry, "skip");
    expect(unitsOf(history)).toEqual(["exchange f x | f X"]);
  });
});

describe("commits of one provider message", () => {
  it("are one unit: text and calls with the same message_id", () => {
    const history = new ChainBuilder();
    history.say("assistant", "let me look", "m1");
    history.call("1", "f", "x", "m1");
    history.call("2", "f", "y", "m1");
    history.result("1", "f", "X");
    history.result("2", "f", "Y");
    expect(unitsOf(history)).toEqual(["exchange let me look | f x | f y | f X | f Y"]);
  });

  it("stay apart without message_id, and with different ones", () => {
    const history = new ChainBuilder();
    history.assistant("let me look");
    history.call("1", "f", "x");
    history.call("2", "f", "y", "m2");
    history.result("1", "f", "X");
    history.result("2", "f", "Y");
    expect(unitsOf(history)).toEqual(["text let me look", "exchange f x | f X", "exchange f y | f Y"]);
  });

  it("must be adjacent after skipping", () => {
    const history = new ChainBuilder();
    history.say("assistant", "a", "m1");
    const between = history.user("between");
    history.say("assistant", "b", "m1");
    expect(unitsOf(history)).toEqual(["text a", "text between", "text b"]);
    history.annotate(between, "skip");
    expect(unitsOf(history)).toEqual(["text a | b"]);
  });

  it("are never of two roles", () => {
    const history = new ChainBuilder();
    history.say("user", "a", "m1");
    history.say("assistant", "b", "m1");
    expect(unitsOf(history)).toEqual(["text a", "text b"]);
  });
});

describe("ids where a provider needs them unique", () => {
  function anthropicIds(history: ChainBuilder): readonly string[] {
    return compileChain(history)
      .toAnthropic()
      .messages.flatMap(({ content }) =>
        typeof content === "string"
          ? []
          : content.flatMap((block) => (block.type === "tool_use" ? [block.id] : [])),
      );
  }

  function exchange(history: ChainBuilder, id: string): void {
    history.call(id, "f", {});
    history.result(id, "f", "ok");
  }

  it("get a suffix that history decides, and never one that is taken", () => {
    const history = new ChainBuilder();
    for (const id of ["a", "a-2", "a", "a", "a b", "a_b", ""]) exchange(history, id);
    expect(anthropicIds(history)).toEqual(["a", "a-2", "a-3", "a-4", "a_b", "a_b-2", "call"]);
  });

  it("stay as they are in openai, where a transcript that repeats one must come back equal", () => {
    const history = new ChainBuilder();
    for (const id of ["a", "a"]) exchange(history, id);
    expect(toolMessages(history)).toEqual([["a"], "a", ["a"], "a"]);
    expect(compileChain(history, { format: "openai" }).repairs).toEqual([]);
  });

  it("are told apart within one openai message, and cut to the length that is allowed", () => {
    const history = new ChainBuilder();
    const long = "x".repeat(50);
    const calls = ["a", "a", long].map((id) => history.call(id, "f", {}));
    const results = ["a", "a", long].map((id) => history.result(id, "f", "ok"));
    const [ids, ...answers] = toolMessages(history) as [string[], ...string[]];
    expect(ids.slice(0, 2)).toEqual(["a", "a-2"]);
    expect(ids[2]).toHaveLength(40);
    expect(answers).toEqual(["a-2", "a", ids[2]]);
    const { repairs } = compileChain(history, { format: "openai" });
    expect(repairs).toEqual([
      { what: "call-id-changed", commits: [calls[1], results[0]] },
      { what: "call-id-changed", commits: [calls[2], results[2]] },
    ]);
  });
});
