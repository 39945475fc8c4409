/** Stages 2 and 4: what a place shows, and what annotations, filters and names leave out (spec 2.2; spec 1.6). */
import { describe, expect, it } from "vitest";
import type { CompileOptions, Selection } from "../../../src/engine/compile/options.ts";
import { ChainBuilder, compileChain, optionsOf } from "../../support/chain-builder.ts";

function textsOf(history: ChainBuilder, given: Partial<CompileOptions> = {}): readonly string[] {
  return compileChain(history, given)
    .toDicts()
    .map(({ content }) => content);
}

function selecting(given: Partial<Selection>): Partial<CompileOptions> {
  return { selection: { ...optionsOf().selection, ...given } };
}

describe("edits", () => {
  it("show the last edit in the place and under the hash of its target", () => {
    const history = new ChainBuilder();
    const first = history.user("teh cat");
    history.assistant("meow");
    history.user("the cat", { edits: first });
    history.user("the dog", { edits: first });
    const context = compileChain(history);
    expect(context.messages).toEqual([
      { role: "user", content: "the dog" },
      { role: "assistant", content: "meow" },
    ]);
    expect(context.commitHashes[0]).toEqual([first]);
  });

  it("take the generation config of the edit if it has one, else of the target", () => {
    const history = new ChainBuilder();
    const one = history.assistant("a", { generationConfig: { model: "m1" } });
    const two = history.assistant("b", { generationConfig: { model: "m1" } });
    history.assistant("A", { edits: one });
    history.assistant("B", { edits: two, generationConfig: { model: "m2" } });
    expect(compileChain(history).generationConfigs).toEqual([{ model: "m1" }, { model: "m2" }]);
  });

  it("of the last in linear order win, also when a merge brought them", () => {
    const history = new ChainBuilder();
    const base = history.user("base");
    const ours = history.user("ours", { edits: base });
    const theirs = history.user("theirs", { edits: base, parents: [base] });
    history.merge(ours, theirs);
    expect(textsOf(history)).toEqual(["theirs"]);
  });

  it("may turn a message into something that is never compiled", () => {
    const history = new ChainBuilder();
    const said = history.user("hello");
    history.commit({ content_type: "metadata", kind: "moved", data: {} }, { edits: said });
    expect(textsOf(history)).toEqual([]);
  });

  it("inherit the priority of their target unless annotated themselves", () => {
    const history = new ChainBuilder();
    const said = history.user("secret");
    const edit = history.user("still secret", { edits: said });
    history.annotate(said, "skip");
    expect(textsOf(history)).toEqual([]);
    history.annotate(edit, "normal");
    expect(textsOf(history)).toEqual(["still secret"]);
  });
});

describe("annotations", () => {
  it("of priority skip leave a commit out, and the newest annotation counts", () => {
    const history = new ChainBuilder();
    const said = history.user("noise");
    history.user("signal");
    history.annotate(said, "skip");
    expect(compileChain(history).omitted).toEqual([
      { from: said, to: said, messages: 1, tokens: 4, reason: "skip" },
    ]);
    history.annotate(said, "normal");
    expect(textsOf(history)).toEqual(["noise", "signal"]);
  });

  it("report runs of one reason as one, over commits that are never compiled", () => {
    const history = new ChainBuilder();
    const one = history.user("one");
    history.commit({ content_type: "config", settings: {} });
    const two = history.user("two");
    history.user("three");
    const four = history.user("four");
    for (const hash of [one, two, four]) history.annotate(hash, "skip");
    expect(compileChain(history).omitted.map(({ from, to, messages }) => [from, to, messages])).toEqual([
      [one, two, 2],
      [four, four, 1],
    ]);
  });
});

describe("filters", () => {
  it("leave reasoning out unless it is asked for", () => {
    const history = new ChainBuilder();
    history.user("why?");
    history.commit({ content_type: "reasoning", text: "because" });
    expect(textsOf(history)).toEqual(["why?"]);
    expect(compileChain(history).omitted).toMatchObject([{ reason: "type" }]);
    expect(textsOf(history, selecting({ includeReasoning: true }))).toEqual(["why?", "because"]);
    expect(textsOf(history, selecting({ include: new Set(["reasoning"]) }))).toEqual(["because"]);
  });

  it("go by type and by labels of commit time and of later", () => {
    const history = new ChainBuilder();
    history.system("rules");
    history.user("one", { labels: ["keep"] });
    const two = history.user("two");
    history.annotate(two, null, ["keep"]);
    history.user("three");
    expect(textsOf(history, selecting({ exclude: new Set(["instruction"]) }))).toEqual([
      "one",
      "two",
      "three",
    ]);
    expect(textsOf(history, selecting({ includeLabels: new Set(["keep"]) }))).toEqual(["one", "two"]);
    expect(textsOf(history, selecting({ excludeLabels: new Set(["keep"]) }))).toEqual(["rules", "three"]);
    expect(compileChain(history, selecting({ excludeLabels: new Set(["keep"]) })).omitted).toMatchObject([
      { messages: 2, reason: "label" },
    ]);
  });
});

describe("named instructions", () => {
  it("give way to the one of the same name nearest to the head", () => {
    const history = new ChainBuilder();
    const old = history.rule("style", "be long");
    history.rule("tone", "be kind");
    history.system("no name");
    history.rule("style", "be short");
    history.system("no name either");
    const context = compileChain(history);
    expect(textsOf(history)).toEqual(["be kind", "no name", "be short", "no name either"]);
    expect(context.omitted).toMatchObject([{ from: old, to: old, reason: "superseded" }]);
  });

  it("come back when the nearer one is skipped", () => {
    const history = new ChainBuilder();
    history.rule("style", "be long");
    const nearer = history.rule("style", "be short");
    history.annotate(nearer, "skip");
    expect(textsOf(history)).toEqual(["be long"]);
  });
});
