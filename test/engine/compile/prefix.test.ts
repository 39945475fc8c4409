/** What an append changes of the messages before it, so that a provider's prompt cache loses them (spec 2.6; spec 9, 11 and 13). */
import { describe, expect, it } from "vitest";
import type { CompiledContext } from "../../../src/engine/compile/context.ts";
import type { CompileOptions, Format } from "../../../src/engine/compile/options.ts";
import { ChainBuilder, compileChain } from "../../support/chain-builder.ts";

type Build = (history: ChainBuilder) => void;

/** How many of the messages there were are not at the beginning any more: in `messages`, `openai` and `anthropic`. */
function lost(before: Build, appended: Build, options: Partial<CompileOptions> = {}): readonly number[] {
  return (["messages", "openai", "anthropic"] as const).map((format) =>
    lostIn(format, before, appended, options),
  );
}

function lostIn(format: Format, before: Build, appended: Build, options: Partial<CompileOptions>): number {
  const history = new ChainBuilder();
  before(history);
  const earlier = compileChain(history, { ...options, format });
  appended(history);
  const later = compileChain(history, { ...options, format });
  const texts = ({ messages }: CompiledContext): readonly string[] =>
    messages.map((one) => JSON.stringify(one));
  const [old, now] = [texts(earlier), texts(later)];
  if (earlier.system !== later.system) return old.length;
  const same = old.findIndex((text, index) => text !== now[index]);
  return same === -1 ? 0 : old.length - same;
}

const talk: Build = (history) => {
  history.user("question");
  history.assistant("answer");
};
const exchange: Build = (history) => {
  talk(history);
  history.user("look");
  history.call("1", "read", "x");
  history.result("1", "read", "y");
};

describe("an append leaves all messages as they are", () => {
  it("where another role speaks, and after an exchange", () => {
    expect(lost(talk, (history) => history.user("more"))).toEqual([0, 0, 0]);
    expect(lost(exchange, (history) => history.assistant("done"))).toEqual([0, 0, 0]);
    expect(lost(exchange, (history) => history.call("2", "read", "z"))).toEqual([0, 0, 0]);
  });

  it("in formats that keep each message apart, whoever speaks", () => {
    const [messages, openai] = lost(talk, (history) => history.assistant("more"));
    expect([messages, openai]).toEqual([0, 0]);
  });

  it("for a result whose call is nowhere", () => {
    expect(lost(talk, (history) => history.result("9", "read", "y"))).toEqual([0, 0, 0]);
  });
});

describe("an append changes", () => {
  it("the last turn of anthropic, where the same role goes on", () => {
    expect(lost(talk, (history) => history.assistant("more"))).toEqual([0, 0, 1]);
    expect(lost(talk, (history) => history.call("1", "read", "x"))).toEqual([0, 0, 1]);
    expect(lost(exchange, (history) => history.user("thanks"))).toEqual([0, 0, 1]);
  });

  it("the text of a call, once its result is there", () => {
    const waiting: Build = (history) => {
      history.user("look");
      history.call("1", "read", "x");
    };
    expect(lost(waiting, (history) => history.result("1", "read", "y"))).toEqual([0, 1, 1]);
  });

  it("everything from a call on, whose result comes late and moves up behind it", () => {
    const goneOn: Build = (history) => {
      history.user("look");
      history.call("1", "read", "x");
      history.user("wait");
      history.assistant("sure");
    };
    expect(lost(goneOn, (history) => history.result("1", "read", "y"))).toEqual([2, 3, 3]);
  });

  it("everything from parallel calls on, until the last of their results is there", () => {
    const half: Build = (history) => {
      history.user("look");
      history.call("1", "read", "a");
      history.call("2", "read", "b");
      history.result("1", "read", "A");
    };
    expect(lost(half, (history) => history.result("2", "read", "B"))).toEqual([2, 3, 3]);
  });

  it("the message that a further part of the same provider message joins", () => {
    const begun: Build = (history) => {
      history.user("look");
      history.say("assistant", "part one", "m1");
    };
    expect(lost(begun, (history) => history.say("assistant", "part two", "m1"))).toEqual([0, 1, 1]);
  });

  it("the system text of anthropic, which stands before all messages", () => {
    expect(lost(talk, (history) => history.system("rule"))).toEqual([0, 0, 2]);
  });

  it("what follows a named instruction, when a later one of that name takes its place", () => {
    const ruled: Build = (history) => {
      history.rule("style", "be brief");
      talk(history);
    };
    expect(lost(ruled, (history) => history.rule("style", "be verbose"))).toEqual([3, 3, 2]);
  });

  it("the message that strategy adaptive turns into its outline", () => {
    const many: Build = (history) => {
      for (let i = 0; i < 4; i++) history.say(i % 2 === 0 ? "user" : "assistant", `message ${i}`);
    };
    const options = { strategy: "adaptive", recent: 2 } as const;
    expect(lost(many, (history) => history.user("new"), options)).toEqual([2, 2, 2]);
  });
});
