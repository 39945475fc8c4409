/** Stage 6: outlines are commit messages, and what is pinned or new stays whole (spec 2.1). */
import { describe, expect, it } from "vitest";
import { anthropicProblems } from "../../support/anthropic-rules.ts";
import { ChainBuilder, compileChain } from "../../support/chain-builder.ts";
import { openAiProblems } from "../../support/openai-rules.ts";

function working(): ChainBuilder {
  const history = new ChainBuilder();
  history.system("Be brief.");
  history.user("Where is the bug?");
  history.call("1", "grep", "bug");
  history.result("1", "grep", "in a.ts");
  history.assistant("In a.ts.");
  history.user("Fix it.", { message: "asked for a fix" });
  return history;
}

describe("outline", () => {
  it("shows each commit by its message", () => {
    expect(compileChain(working(), { strategy: "outline" }).messages).toEqual([
      { role: "system", content: "instruction: Be brief." },
      { role: "user", content: "dialogue: Where is the bug?" },
      { role: "tool", content: "tool_io: grep bug", call_id: "1", direction: "call" },
      { role: "tool", content: "tool_io: grep in a.ts", call_id: "1", direction: "result" },
      { role: "assistant", content: "dialogue: In a.ts." },
      { role: "user", content: "asked for a fix" },
    ]);
  });

  it("makes plain text of tool calls, which providers accept", () => {
    const context = compileChain(working(), { strategy: "outline" });
    expect(openAiProblems(context.toOpenAI())).toEqual([]);
    expect(anthropicProblems(context.toAnthropic())).toEqual([]);
    expect(context.toOpenAI()[2]).toEqual({ role: "assistant", content: "tool_io: grep bug" });
    expect(context.toOpenAI()[3]).toEqual({ role: "user", content: "tool_io: grep in a.ts" });
  });

  it("has no line for an empty message, and says so", () => {
    const history = new ChainBuilder();
    const silent = history.user("never mind", { message: "" });
    const context = compileChain(history, { strategy: "outline" });
    expect(context.messages).toEqual([]);
    expect(context.omitted).toMatchObject([{ from: silent, messages: 1, reason: "strategy" }]);
  });

  it("shows the message of the edit that speaks for a commit", () => {
    const history = new ChainBuilder();
    const said = history.user("teh cat");
    history.user("the cat", { edits: said });
    expect(compileChain(history, { strategy: "outline" }).messages).toEqual([
      { role: "user", content: "dialogue: the cat" },
    ]);
  });
});

describe("adaptive", () => {
  it("keeps the newest messages whole and pinned ones too", () => {
    const texts = compileChain(working(), { strategy: "adaptive", recent: 2 })
      .toDicts()
      .map(({ content }) => content);
    expect(texts).toEqual([
      "Be brief.",
      "dialogue: Where is the bug?",
      "tool_io: grep bug",
      "tool_io: grep in a.ts",
      "In a.ts.",
      "Fix it.",
    ]);
  });

  it("never splits a unit: an exchange that is partly new stays whole", () => {
    const context = compileChain(working(), { strategy: "adaptive", recent: 3 });
    expect(context.toOpenAI()[2]).toMatchObject({ role: "assistant", tool_calls: [{ id: "1" }] });
    expect(context.toDicts()[1]).toEqual({ role: "user", content: "dialogue: Where is the bug?" });
  });

  it("is the whole context when everything is new, and an outline but for pins when nothing is", () => {
    const history = working();
    expect(compileChain(history, { strategy: "adaptive", recent: 99 }).digest).toBe(
      compileChain(history).digest,
    );
    expect(compileChain(history, { strategy: "adaptive", recent: 0 }).toDicts()[5]?.content).toBe(
      "asked for a fix",
    );
  });
});
